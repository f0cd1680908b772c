#include "coordinator/server/flow.h"

#include <algorithm>
#include <random>

namespace swarmlab::server {
namespace {

constexpr unsigned kMostForgotten = 5;  // 32 times as late
constexpr int kRememberedFor = 64;      // times the limit: then a peer is as good as new

// Hard to guess: who has not read a chunk must not be able to say that it has.
std::uint64_t mixed(std::uint64_t number) {
  static const std::uint64_t secret = [] {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32U) | device();
  }();
  std::uint64_t value = number + secret;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return (value ^ (value >> 31U)) | 1U;
}

}  // namespace

Flow::Flow(Limits limits) : limits_(limits) {}

std::uint64_t Flow::credit() const {
  const std::uint64_t share = limits_.total_bytes / (busy_ + 1);
  return std::clamp(share, limits_.chunk_bytes, limits_.peer_bytes);
}

std::optional<std::uint64_t> Flow::take(const std::string& name, std::uint64_t bytes,
                                        Timestamp now) {
  const auto known = peers_.find(name);
  const bool idle = known == peers_.end() || known->second.tickets.empty();
  if (idle) {
    if (busy_ >= limits_.peers) return std::nullopt;
  } else if (known->second.bytes + bytes > credit() || total_ + bytes > limits_.total_bytes) {
    return std::nullopt;
  }
  Peer& peer = peers_[name];
  if (idle) {
    ++busy_;
    peer.last = now;
  }
  peer.tickets.push_back({mixed(++last_), bytes});
  peer.bytes += bytes;
  total_ += bytes;
  return peer.tickets.back().number;
}

void Flow::settle(Peer& peer, std::deque<Ticket>::iterator ticket) {
  peer.bytes -= ticket->bytes;
  total_ -= ticket->bytes;
  peer.tickets.erase(ticket);
  if (peer.tickets.empty()) --busy_;
}

void Flow::give_back(const std::string& name, std::uint64_t ticket, Timestamp now) {
  const auto known = peers_.find(name);
  if (known == peers_.end()) return;
  auto& tickets = known->second.tickets;
  const auto found = std::ranges::find(tickets, ticket, &Ticket::number);
  if (found == tickets.end()) return;
  known->second.last = now;
  const std::uint64_t number = found->number;
  for (bool last = false; !last;) {
    last = tickets.front().number == number;
    settle(known->second, tickets.begin());
  }
  if (tickets.empty() && known->second.forgotten == 0) peers_.erase(known);
}

void Flow::give_back_older(const std::string& name, std::size_t window, Timestamp now) {
  const auto known = peers_.find(name);
  if (known == peers_.end()) return;
  while (known->second.tickets.size() >= window) {
    known->second.last = now;
    settle(known->second, known->second.tickets.begin());
  }
}

void Flow::undo(const std::string& name, std::uint64_t ticket) {
  const auto known = peers_.find(name);
  if (known == peers_.end()) return;
  const auto found = std::ranges::find(known->second.tickets, ticket, &Ticket::number);
  if (found != known->second.tickets.end()) settle(known->second, found);
}

Milliseconds Flow::patience_with(const Peer& peer) const {
  return limits_.stuck * (1U << std::min(peer.forgotten, kMostForgotten));
}

std::size_t Flow::expire(Timestamp now) {
  std::size_t count = 0;
  for (auto it = peers_.begin(); it != peers_.end();) {
    Peer& peer = it->second;
    if (!peer.tickets.empty() && now - peer.last >= patience_with(peer)) {
      ++count;
      ++peer.forgotten;
      total_ -= peer.bytes;
      peer.bytes = 0;
      peer.tickets.clear();
      --busy_;
      peer.last = now;
    }
    const bool gone = peer.tickets.empty() && now - peer.last >= limits_.stuck * kRememberedFor;
    it = gone ? peers_.erase(it) : std::next(it);
  }
  return count;
}

}  // namespace swarmlab::server
