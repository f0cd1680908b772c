#include "coordinator/server/pack_inbox.h"

namespace swarmlab::server {

Result<std::uint64_t> PackInbox::add(PackKey key, std::uint64_t offset,
                                     std::span<const std::byte> data, Timestamp now) {
  const auto known = packs_.find(key);
  const std::uint64_t have = known == packs_.end() ? 0 : known->second.bytes.size();
  if (known != packs_.end()) known->second.last = now;
  if (offset > have) {
    return fail(ErrorCode::conflict, "pack of task {}: chunk at {}, expected {} or less",
                key.task.value(), offset, have);
  }
  if (offset + data.size() <= have) return have;  // sent again
  const auto fresh = data.subspan(have - offset);
  if (known == packs_.end() && packs_.size() >= limits_.packs) {
    return fail(ErrorCode::unavailable, "{} packs wait already, expected {} at most", packs_.size(),
                limits_.packs);
  }
  if (have + fresh.size() > limits_.pack_bytes) {
    drop(key);
    return fail(ErrorCode::invalid_input, "pack of task {}: more than {} bytes", key.task.value(),
                limits_.pack_bytes);
  }
  if (total_ + fresh.size() > limits_.total_bytes) {
    return fail(ErrorCode::unavailable, "{} bytes of packs wait already, expected {} at most",
                total_, limits_.total_bytes);
  }
  Pack& pack = packs_[key];
  pack.last = now;
  pack.bytes.insert(pack.bytes.end(), fresh.begin(), fresh.end());
  total_ += fresh.size();
  return pack.bytes.size();
}

std::span<const std::byte> PackInbox::bytes(PackKey key) const {
  const auto found = packs_.find(key);
  return found == packs_.end() ? std::span<const std::byte>{} : found->second.bytes;
}

void PackInbox::drop(PackKey key) {
  const auto found = packs_.find(key);
  if (found == packs_.end()) return;
  total_ -= found->second.bytes.size();
  packs_.erase(found);
}

void PackInbox::sweep(Timestamp now) {
  for (auto it = packs_.begin(); it != packs_.end();) {
    if (now - it->second.last < limits_.unclaimed) {
      ++it;
      continue;
    }
    total_ -= it->second.bytes.size();
    it = packs_.erase(it);
  }
}

}  // namespace swarmlab::server
