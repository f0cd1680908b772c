// Addresses that a name has, and which of them are of the internet: not of this machine, nor of the
// networks around it.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/os/cancel.h"
#include "common/os/clock.h"
#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab::worker {

class Address {
 public:
  Address(const sockaddr* address, socklen_t size);
  /// \return invalid_input unless it is "192.0.2.1" or "2001:db8::1"
  [[nodiscard]] static Result<Address> parse(const std::string& text, std::uint16_t port);

  [[nodiscard]] const sockaddr* data() const {
    return reinterpret_cast<const sockaddr*>(&storage_);
  }
  [[nodiscard]] socklen_t size() const { return size_; }
  [[nodiscard]] int family() const { return storage_.ss_family; }
  /// Without the port; a v4 address in v6 clothes is that v4 address.
  [[nodiscard]] std::string text() const;
  /// Not loopback, link-local, private, shared, reserved or multicast, in no clothes.
  [[nodiscard]] bool is_public() const;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

/// Asks the system's resolver, for as long as that takes (some 10 s where nobody answers).
[[nodiscard]] Result<std::vector<Address>> resolve(const std::string& host, std::uint16_t port);

using Resolve =
    std::function<Result<std::vector<Address>>(const std::string& host, std::uint16_t port)>;

/// The same by a resolver that cannot be interrupted, but without waiting for it any longer than
/// until `stop`: then it ends behind us, on a thread of its own, and nobody hears what it found.
/// \param resolve  empty: the system's. It must not refer to what ends before it.
/// \return unavailable if there is no such name, or it was stopped
[[nodiscard]] Result<std::vector<Address>> resolve_until(const Resolve& resolve,
                                                         const std::string& host,
                                                         std::uint16_t port,
                                                         const CancelToken& stop);

/// What this machine is called by others: a service may listen there, too.
[[nodiscard]] std::vector<std::string> own_addresses();

/// \return unavailable if nobody is there, until the deadline or the cancel
[[nodiscard]] Result<UniqueFd> connect_to(const Address& address, Deadline deadline,
                                          const CancelToken& stop);

}  // namespace swarmlab::worker
