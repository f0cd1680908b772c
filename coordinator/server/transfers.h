// Packs on their way out: each made once, however many want it, and read in chunks by all of them.
//
// A small one is made at once and kept in memory; a larger one is made by the background thread,
// into a file that outlives the process: who had a part of it goes on where it was. A pack's number
// follows from its hash, so it is the same after a restart. The least recently read ones go when
// there are too many; who read one asks for it again.
//
// Threads: the coordinator's own thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/git/pack_file.h"
#include "common/os/unique_fd.h"
#include "common/result.h"
#include "coordinator/server/background.h"
#include "coordinator/store/object_store.h"

namespace swarmlab::server {

class Transfers {
 public:
  struct Limits {
    std::uint64_t small_bytes = 1U << 20U;
    std::uint64_t memory_bytes = 32U << 20U;
    std::uint64_t disk_bytes = 16ULL << 30U;
  };
  struct Offer {
    std::uint64_t transfer = 0;  // its number, 1 or more
    git::PackInfo pack;
    bool operator==(const Offer&) const = default;
  };

  /// Takes the packs that an earlier process left in `folder`. `background` must outlive it.
  Transfers(std::string folder, Limits limits, Background& background);

  /// The pack of `wanted` without what `had` brings. `unavailable` while it is being made.
  Result<Offer> offer(const store::ObjectStore& objects, const std::vector<ObjectId>& wanted,
                      const std::vector<ObjectId>& had);

  /// At most `most` bytes from `offset`; empty at the end. `conflict`: the pack is gone.
  Result<std::string> chunk(std::uint64_t transfer, std::uint64_t offset, std::size_t most);

 private:
  struct Pack {
    ObjectId key;
    git::PackInfo info;
    std::string bytes;  // of a small one
    std::string path;   // of a file
    UniqueFd file;
    std::uint64_t used = 0;  // when, counted in uses
  };
  static ObjectId key_of(const std::vector<ObjectId>& wanted, const std::vector<ObjectId>& had);
  void load();
  Offer add(Pack pack);
  void evict();
  Result<void> start(const store::ObjectStore& objects, const ObjectId& key,
                     const std::vector<ObjectId>& wanted, const std::vector<ObjectId>& had);
  Result<void> finish(const ObjectId& key);
  [[nodiscard]] std::string path_of(const ObjectId& key, const ObjectId& hash) const;

  std::string folder_;
  Limits limits_;
  Background& background_;
  std::uint64_t uses_ = 0;
  std::map<std::uint64_t, Pack> packs_;        // by number
  std::map<ObjectId, std::uint64_t> numbers_;  // by what was asked for
  std::map<ObjectId, std::future<Result<git::PackInfo>>> making_;
};

}  // namespace swarmlab::server
