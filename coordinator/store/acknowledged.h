// How far the history was acknowledged, in a small file of its own: store/ACKNOWLEDGED. It is
// written after each synced batch, without a sync of its own, so it never says more than what is on
// disk. A store that opens with less has lost what was acknowledged: the last record of its newest
// log is damaged, which RocksDB takes for one that a crash tore, or the log was cut.
//
// The limit: the system writes the file back within half a minute. If the power fails and, besides,
// a record that was acknowledged in that time and is the last of its log is damaged, nobody knows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "common/result.h"
#include "common/strong_id.h"

namespace rocksdb {
class Env;
}

namespace swarmlab::store {

inline constexpr const char* kAcknowledgedFile = "ACKNOWLEDGED";

/// What the file in the store's folder says; 0 if there is none, or if it is damaged itself.
[[nodiscard]] Sequence acknowledged_in(const std::filesystem::path& folder, rocksdb::Env* env);

/// `corrupt` if the history ends before what was acknowledged.
[[nodiscard]] Result<void> check_acknowledged(const std::filesystem::path& folder,
                                              rocksdb::Env* env, Sequence last);

// Threads: one thread at a time.
class Acknowledged {
 public:
  /// Opens the file, or makes it; from now on it says `last`.
  static Result<Acknowledged> open(const std::filesystem::path& folder, rocksdb::Env* env,
                                   Sequence last);
  Acknowledged(Acknowledged&&) noexcept;
  Acknowledged& operator=(Acknowledged&&) noexcept;
  Acknowledged(const Acknowledged&) = delete;
  Acknowledged& operator=(const Acknowledged&) = delete;
  ~Acknowledged();

  /// All up to `last` is on disk. Costs one write into the page cache.
  Result<void> note(Sequence last);

 private:
  struct Impl;
  explicit Acknowledged(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::store
