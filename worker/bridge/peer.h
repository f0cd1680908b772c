// The other side of a connection, who may be hostile: every wait for it has an end, and what it
// sends is bounded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/os/cancel.h"
#include "common/os/clock.h"
#include "common/os/unique_fd.h"
#include "common/result.h"

namespace swarmlab::worker {

/// For one thread. All that waits ends with `unavailable` at its deadline or when `stop` is
/// cancelled.
class Peer {
 public:
  Peer(UniqueFd socket, CancelToken stop) : socket_(std::move(socket)), stop_(std::move(stop)) {}

  /// The bytes up to and with `end`, which are taken. \return  invalid_input if there are more than
  /// `most` before it; empty if the peer hung up before it sent anything
  [[nodiscard]] Result<std::string> read_until(std::string_view end, std::size_t most,
                                               Deadline deadline);
  /// \return  unavailable if the peer hangs up before
  [[nodiscard]] Result<std::string> read_exactly(std::size_t size, Deadline deadline);
  /// What was read and not taken yet.
  [[nodiscard]] std::string take_rest() { return std::exchange(buffer_, {}); }

  Result<void> send(std::string_view bytes, Deadline deadline);
  /// Whether it has hung up; what it sends meanwhile is none of our business.
  [[nodiscard]] bool is_gone() const;
  /// No more comes from us.
  void finish() const;

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] const CancelToken& stop() const { return stop_; }

 private:
  [[nodiscard]] Result<void> wait(short events, Deadline deadline) const;
  Result<bool> fill(Deadline deadline);  // false: it hung up

  UniqueFd socket_;
  CancelToken stop_;
  std::string buffer_;
};

}  // namespace swarmlab::worker
