// RocksDB behind a few calls: column families, gets, bounded scans, one synced write. The only file
// pair that knows RocksDB; its exceptions, statuses and handles end here.
//
// Memory and disk are bounded here: write buffers, block cache, open files, write-ahead log, and
// what one compaction may write, which has to fit into the reserve that the store keeps free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace rocksdb {
class Env;
}

namespace swarmlab::store {

// What a key means in each: keys.h.
enum class Family : std::uint8_t {
  meta,  // RocksDB's default one, so that a schema version is found in any store
  labs,
  experiments,
  experiments_by_score,
  experiments_by_parent,
  tasks,
  workers,
  frontier,
  trees,
  events,
  blobs,
};
inline constexpr std::size_t kFamilies = 11;

[[nodiscard]] std::string_view name_of(Family family);

// What becomes durable together. Later entries win over earlier ones.
class Batch {
 public:
  Batch();
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch();

  void put(Family family, std::string_view key, std::string_view value);
  void remove(Family family, std::string_view key);
  void remove_prefix(Family family, std::string_view prefix);
  /// Of keys and values: about what the write adds to the write-ahead log.
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  friend class Database;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Keys from `from` up to, not including, `to` (empty: to the end).
struct KeyRange {
  std::string from;
  std::string to;
  bool backwards = false;

  [[nodiscard]] static KeyRange of_prefix(std::string_view prefix);
};

class Database {
 public:
  enum class Mode : std::uint8_t {
    only_meta,  // read-only, of the meta family alone: also of one whose creation was interrupted
    read_only,
    read_write,
  };

  /// Opens what is in `folder`; with read_write also creates it. A read-only one may be opened
  /// beside another process and is a snapshot of now.
  /// With `compacts` false nothing is compacted before start_compactions(): what a compaction
  /// writes may not fit on a disk that is nearly full.
  static Result<Database> open(const std::filesystem::path& folder, Mode mode,
                               rocksdb::Env* env = nullptr, bool compacts = true);
  /// Whether a database is in the folder. `corrupt` if only parts of one are.
  static Result<bool> exists(const std::filesystem::path& folder);

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  [[nodiscard]] Result<std::optional<std::string>> get(Family family, std::string_view key) const;

  /// Gives each key and value of the range to `visit`, which says whether to go on. The views are
  /// valid within the call only.
  using Visitor = std::function<Result<bool>(std::string_view key, std::string_view value)>;
  [[nodiscard]] Result<void> scan(Family family, const KeyRange& range, const Visitor& visit) const;

  /// One synced write. On an error it may or may not have happened, and all later ones are refused.
  Result<void> write(Batch batch);

  /// A consistent copy as of now in `folder`, which must not be there, beside the database: tables
  /// are linked, logs are copied. From any thread; writes go on meanwhile.
  Result<void> checkpoint(const std::filesystem::path& folder) const;

  /// Fine if they run already.
  Result<void> start_compactions();

  [[nodiscard]] bool is_read_only() const;

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::store
