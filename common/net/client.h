// Requests and their replies over one Dealer, from any thread: a reply belongs to the request whose
// id it repeats. One thread of the client's own does all the sending and receiving.
//
// A request whose reply does not come in time ends with `unavailable`; whether it arrived is
// unknown. To send it again, as often as wanted, is the caller's matter: the peer answers the same.
// A late reply to a request that ended is dropped.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/net/channel.h"
#include "common/net/gate.h"
#include "common/net/socket_options.h"
#include "common/result.h"

namespace swarmlab::net {

struct ClientOptions {
  SocketOptions socket;
  std::optional<Credentials> credentials = std::nullopt;  // as Dealer::connect
  /// Reads the id of the request off a reply; nothing or 0: nobody asked for it. Called by the
  /// client's thread. wire::request_id_of is one.
  std::function<std::optional<std::uint64_t>(std::string_view)> id_of;
  /// Gets what nobody asked for. Called by the client's thread: must not wait. May be empty.
  std::function<void(std::string)> on_unsolicited;
};

/// Thread-safe.
class Client final : public Channel {
 public:
  static Result<Client> connect(const std::string& address, ClientOptions options);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() override;  // requests that wait end with `unavailable`

  [[nodiscard]] std::uint64_t next_id() override;
  [[nodiscard]] std::future<Result<std::string>> request(std::uint64_t id, std::string bytes,
                                                         Milliseconds timeout) override;

  /// request(), and waits for it.
  [[nodiscard]] Result<std::string> call(std::uint64_t id, std::string bytes, Milliseconds timeout);

  /// Sends what needs no reply. Dropped if the peer does not keep up.
  void post(std::string bytes);

  void close() override;

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::net
