#include "coordinator/server/turnstile.h"

#include <algorithm>
#include <utility>

namespace swarmlab::server {
namespace {

std::uint64_t weight_of(const net::Letter& letter) {
  return std::max<std::uint64_t>(1, letter.bytes.size());
}

}  // namespace

std::vector<net::Letter> Turnstile::admit(std::vector<net::Letter> burst, Timestamp now,
                                          Refusals& refusals) {
  std::vector<net::Letter> admitted;
  admitted.reserve(burst.size());
  for (auto& [id, peer] : peers_) {
    peer.served = 0;
    while (!peer.waiting.empty() && peer.served < limits_.requests) {
      const std::uint64_t weight = weight_of(peer.waiting.front());
      admitted.push_back(std::move(peer.waiting.front()));
      peer.waiting.pop_front();
      peer.bytes -= weight;
      waiting_bytes_ -= weight;
      ++peer.served;
    }
  }
  for (net::Letter& letter : burst) {
    Peer* peer = known(letter.peer, now);
    if (peer == nullptr) {
      refusals.count(Refusal::peers, "a peer more than can be served");
    } else if (peer->waiting.empty() && peer->served < limits_.requests) {
      ++peer->served;
      admitted.push_back(std::move(letter));
    } else if (may_wait(*peer, letter)) {
      const std::uint64_t weight = weight_of(letter);
      peer->bytes += weight;
      waiting_bytes_ += weight;
      peer->waiting.push_back(std::move(letter));
    } else {
      refusals.count(Refusal::flood, "a peer sends more than its share");
    }
  }
  return admitted;
}

Turnstile::Peer* Turnstile::known(const net::PeerId& id, Timestamp now) {
  auto found = peers_.find(id);
  if (found == peers_.end()) {
    if (peers_.size() >= limits_.peers) forget_silent(now);
    if (peers_.size() >= limits_.peers) return nullptr;
    found = peers_.emplace(id, Peer{}).first;
  }
  found->second.last = now;
  return &found->second;
}

bool Turnstile::may_wait(const Peer& peer, const net::Letter& letter) const {
  const std::uint64_t weight = weight_of(letter);
  return peer.waiting.size() < limits_.waiting && peer.bytes + weight <= limits_.peer_bytes &&
         waiting_bytes_ + weight <= limits_.total_bytes;
}

// At most once a second: it walks through all of them.
void Turnstile::forget_silent(Timestamp now) {
  if (forgot_at_ && now - *forgot_at_ < std::chrono::seconds(1)) return;
  forgot_at_ = now;
  std::erase_if(peers_, [&](const auto& entry) {
    return entry.second.waiting.empty() && now - entry.second.last >= limits_.silence;
  });
}

}  // namespace swarmlab::server
