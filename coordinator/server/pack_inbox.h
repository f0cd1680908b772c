// Packs on their way in: chunks of one candidate's objects, until the report that needs them comes.
// Bounded: a peer that sends more than its share is refused, and what nobody claims is dropped.
//
// Small ones are in memory. Larger ones are files in a folder, and those of which the sender said
// what they will be (size and hash) outlive the process: it goes on where they end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/git/pack_file.h"
#include "common/os/unique_fd.h"
#include "common/result.h"
#include "common/strong_id.h"

namespace swarmlab::server {

// Whose pack it is: a task under one lease. Task 0: the command line's, under a number of its own.
struct PackKey {
  TaskId task;
  FencingToken token;
  auto operator<=>(const PackKey&) const = default;
};

class PackInbox {
 public:
  struct Limits {
    std::uint64_t pack_bytes = 64ULL << 30U;
    std::uint64_t total_bytes = 128ULL << 30U;
    std::uint64_t small_bytes = 4U << 20U;    // larger ones are files
    std::uint64_t memory_bytes = 64U << 20U;  // of small ones together; then they are files too
    std::size_t packs = 10'000;
    Milliseconds unclaimed = std::chrono::minutes(60);
  };
  struct Chunk {
    std::uint64_t offset = 0;
    std::span<const std::byte> data;
    std::optional<git::PackInfo> pack = std::nullopt;  // what it will be, if the sender said so
  };

  /// Without a folder, all are in memory.
  explicit PackInbox(Limits limits, std::string folder = {});

  /// Adds a chunk. A chunk that was received already is fine and changes nothing; so is an empty
  /// one, which asks how far it is. A gap is refused, so that the sender starts again from what the
  /// answer tells. What is of another pack than before takes its place.
  /// \return  the bytes that are here now, from 0 without a gap.
  Result<std::uint64_t> add(PackKey key, const Chunk& chunk, Timestamp now);
  /// How many bytes of it are here.
  [[nodiscard]] std::uint64_t received(PackKey key) const;
  /// The bytes received for `key`, if they are in memory. Valid until the inbox changes.
  [[nodiscard]] std::span<const std::byte> bytes(PackKey key) const;
  /// The file that they are in; empty if they are in memory.
  [[nodiscard]] std::string path(PackKey key) const;
  void drop(PackKey key);
  /// Drops what nobody claimed for longer than the limit.
  void sweep(Timestamp now);
  [[nodiscard]] std::uint64_t total_bytes() const { return total_; }

 private:
  struct Pack {
    std::optional<git::PackInfo> what;
    std::uint64_t received = 0;
    std::vector<std::byte> bytes;
    std::string path;
    UniqueFd file;
    std::optional<Timestamp> last;  // nothing: it was here when we came
  };
  void load();
  Result<void> append(PackKey key, Pack& pack, std::span<const std::byte> data);
  Result<void> move_to_file(PackKey key, Pack& pack);
  void forget(std::map<PackKey, Pack>::iterator pack);

  Limits limits_;
  std::string folder_;
  std::uint64_t total_ = 0;
  std::uint64_t in_memory_ = 0;
  std::map<PackKey, Pack> packs_;
};

}  // namespace swarmlab::server
