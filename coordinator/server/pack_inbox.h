// Packs on their way in: chunks of one candidate's objects, until the report that needs them comes.
// Bounded: a peer that sends more than its share is refused, and what nobody claims is dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "common/result.h"
#include "common/strong_id.h"

namespace swarmlab::server {

// Whose pack it is: a task under one lease.
struct PackKey {
  TaskId task;
  FencingToken token;
  auto operator<=>(const PackKey&) const = default;
};

class PackInbox {
 public:
  struct Limits {
    std::uint64_t pack_bytes = 1ULL << 30U;
    std::uint64_t total_bytes = 2ULL << 30U;
    std::size_t packs = 10'000;
    Milliseconds unclaimed = std::chrono::minutes(10);
  };

  explicit PackInbox(Limits limits) : limits_(limits) {}

  /// Adds a chunk. A chunk that was received already is fine and changes nothing; a gap is refused,
  /// so that the sender starts again from what the answer tells.
  /// \return  the bytes that are here now, from 0 without a gap.
  Result<std::uint64_t> add(PackKey key, std::uint64_t offset, std::span<const std::byte> data,
                            Timestamp now);
  /// The bytes received for `key`; empty if none were. Valid until the inbox changes.
  [[nodiscard]] std::span<const std::byte> bytes(PackKey key) const;
  void drop(PackKey key);
  /// Drops what nobody claimed for longer than the limit.
  void sweep(Timestamp now);
  [[nodiscard]] std::uint64_t total_bytes() const { return total_; }

 private:
  struct Pack {
    std::vector<std::byte> bytes;
    Timestamp last;
  };
  Limits limits_;
  std::uint64_t total_ = 0;
  std::map<PackKey, Pack> packs_;
};

}  // namespace swarmlab::server
