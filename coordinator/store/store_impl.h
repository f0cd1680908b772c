// What a Store is made of. For the .cc files of Store only.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "coordinator/store/acknowledged.h"
#include "coordinator/store/database.h"
#include "coordinator/store/process_lock.h"
#include "coordinator/store/staging.h"
#include "coordinator/store/store.h"

namespace swarmlab::store {

struct Store::Impl {
  Impl(std::filesystem::path folder, const StoreOptions& settings, std::optional<ProcessLock> held,
       Database opened)
      : path(std::move(folder)),
        options(settings),
        lock(std::move(held)),
        database(std::move(opened)) {}

  std::filesystem::path path;
  StoreOptions options;
  std::optional<ProcessLock> lock;  // before the database: given back after it is closed
  Database database;
  std::optional<Acknowledged> acknowledged;      // none: read-only
  bool failed = false;                           // a commit did: nothing more is written
  std::atomic<std::uint64_t> last_sequence = 0;  // queries of other threads read it

  [[nodiscard]] Result<DiskSpace> space() const;
  /// Unavailable while less than the reserve and `bytes` more is free.
  [[nodiscard]] Result<void> room_for(std::uint64_t bytes) const;
  [[nodiscard]] Result<void> room_to_end_turn(std::uint64_t bytes) const;
  /// The last sequence, once it is on disk.
  Result<Sequence> write(const Turn& turn);

  /// Says which store, before the message of an error.
  [[nodiscard]] tl::unexpected<Error> here(const Error& error) const {
    return within("store at " + path.string(), error);
  }
};

}  // namespace swarmlab::store
