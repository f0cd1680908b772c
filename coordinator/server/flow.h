// How many bytes of packs are on their way to each peer. ZeroMQ queues what a peer does not read,
// and does not tell: so each chunk goes out with a ticket, and counts until the peer gives the
// ticket back, which it can do only after it has read the chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "common/strong_id.h"

namespace swarmlab::server {

class Flow {
 public:
  struct Limits {
    std::uint64_t chunk_bytes = 256U << 10U;  // one may always be on its way
    std::uint64_t peer_bytes = 4U << 20U;
    std::uint64_t total_bytes = 64U << 20U;
    std::size_t peers = 100;  // more wait for their turn
    Milliseconds stuck = std::chrono::seconds(60);
  };
  explicit Flow(Limits limits);

  /// A ticket for `bytes` to `peer`; nothing: too much is on its way.
  std::optional<std::uint64_t> take(const std::string& peer, std::uint64_t bytes, Timestamp now);
  /// The peer has read it, so all that went to it before as well: a connection keeps the order. One
  /// that was never given, or not to this peer, is of no effect.
  void give_back(const std::string& peer, std::uint64_t ticket, Timestamp now);
  /// For peers of protocol 1, which have no tickets: they ask in order, `window` chunks ahead, so
  /// what is older has come.
  void give_back_older(const std::string& peer, std::size_t window, Timestamp now);
  /// It was not sent after all.
  void undo(const std::string& peer, std::uint64_t ticket);

  /// Forgets peers that gave nothing back for the limit; twice as late each time that one comes
  /// again and does not read. \return  how many
  std::size_t expire(Timestamp now);

  /// What one peer may have on its way, as of now.
  [[nodiscard]] std::uint64_t credit() const;
  [[nodiscard]] std::uint64_t total_bytes() const { return total_; }

 private:
  struct Ticket {
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;
  };
  struct Peer {
    std::deque<Ticket> tickets;
    std::uint64_t bytes = 0;
    Timestamp last;          // something came back, or it began
    unsigned forgotten = 0;  // times
  };
  void settle(Peer& peer, std::deque<Ticket>::iterator ticket);
  [[nodiscard]] Milliseconds patience_with(const Peer& peer) const;

  Limits limits_;
  std::uint64_t total_ = 0;
  std::size_t busy_ = 0;  // peers with something on its way
  std::uint64_t last_ = 0;
  std::map<std::string, Peer> peers_;
};

}  // namespace swarmlab::server
