// What the coordinator refused, counted by why: for `status`, and for the log, where a peer that
// does it again and again gets a line now and then, not a line each time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/os/clock.h"

namespace swarmlab::server {

// Why. As text they are words that stay the same: scripts read them.
enum class Refusal : std::uint8_t {
  handshake,        // a connection that does not speak CURVE, or not with our key
  unknown_key,      // a connection with a key that is not allowed
  revoked_key,      // a message over a connection whose key is not allowed any more
  role,             // the sender's key may not ask that
  session,          // the session is another key's
  worker_name,      // a living worker of that name has another key
  lease,            // the worker holds no lease that would let it ask that
  transfer,         // the transfer or pack is another's
  malformed,        // no message of ours
  malformed_parts,  // of several parts: ours have one
  protocol,         // none in common
  flood,            // more than a peer's share, dropped
  peers,            // a peer more than can be served, not heard
  unread,           // an answer to a peer that does not read, dropped
};
inline constexpr std::size_t kRefusals = static_cast<std::size_t>(Refusal::unread) + 1;

/// "unknown_key" and so on.
[[nodiscard]] std::string_view name_of(Refusal reason);

/// One thread. Counts since the coordinator started; grows only.
class Refusals {
 public:
  /// `quiet`: how long the log says nothing more of a reason after a line about it.
  explicit Refusals(Milliseconds quiet = std::chrono::seconds(10)) : quiet_(quiet) {}

  /// `what` is for the log: who asked what; no secrets, and nothing long that a peer wrote.
  void count(Refusal reason, std::string_view what);
  /// Of what is counted elsewhere, and is `total` so far.
  void raise_to(Refusal reason, std::uint64_t total, std::string_view what);

  [[nodiscard]] std::uint64_t of(Refusal reason) const { return at(reason).count; }

 private:
  struct Counter {
    std::uint64_t count = 0;
    std::uint64_t logged = 0;  // of them, with the last line
    Deadline silent_until = Deadline::after(Milliseconds(0));
  };
  [[nodiscard]] const Counter& at(Refusal reason) const {
    return counters_.at(static_cast<std::size_t>(reason));
  }
  void tell(Counter& counter, Refusal reason, std::string_view what) const;

  Milliseconds quiet_;
  std::array<Counter, kRefusals> counters_{};
};

}  // namespace swarmlab::server
