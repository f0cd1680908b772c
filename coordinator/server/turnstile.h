// Who is heard in a turn: each peer its share. A peer that sends more than others waits for its
// next turn, and what it sends beyond what may wait is dropped: it asks again, as for anything that
// gets lost. Thus no peer can starve another, or make a turn long.
//
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "common/net/router.h"
#include "coordinator/server/refusals.h"

namespace swarmlab::server {

class Turnstile {
 public:
  struct Limits {
    std::size_t requests = 256;                       // of a peer in a turn
    std::size_t waiting = 1000;                       // of a peer, for its next turn
    std::uint64_t peer_bytes = 8U << 20U;             // of what waits, of a peer
    std::uint64_t total_bytes = 64U << 20U;           // of what waits, in all
    std::size_t peers = 20'000;                       // known at a time; more are not heard
    Milliseconds silence = std::chrono::seconds(60);  // after it a peer is no longer known
  };

  Turnstile() : Turnstile(Limits{}) {}
  explicit Turnstile(const Limits& limits) : limits_(limits) {}

  /// What is to be served now: what waited, then the burst, each peer's in its order. What is
  /// dropped is counted.
  [[nodiscard]] std::vector<net::Letter> admit(std::vector<net::Letter> burst, Timestamp now,
                                               Refusals& refusals);
  /// Whether somebody waits for the next turn: it should come at once.
  [[nodiscard]] bool has_waiting() const { return waiting_bytes_ > 0; }
  [[nodiscard]] std::size_t peers() const { return peers_.size(); }

 private:
  struct Peer {
    std::deque<net::Letter> waiting;
    std::uint64_t bytes = 0;  // of them
    std::size_t served = 0;   // in this turn
    Timestamp last;
  };
  [[nodiscard]] Peer* known(const net::PeerId& id, Timestamp now);
  [[nodiscard]] bool may_wait(const Peer& peer, const net::Letter& letter) const;
  void forget_silent(Timestamp now);

  Limits limits_;
  std::map<net::PeerId, Peer> peers_;
  std::uint64_t waiting_bytes_ = 0;  // an empty letter counts as one
  std::optional<Timestamp> forgot_at_;
};

}  // namespace swarmlab::server
