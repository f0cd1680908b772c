#include "coordinator/store/migration.h"

#include <array>
#include <utility>

#include "common/os/fail_point.h"
#include "coordinator/store/codec.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/meta.h"
#include "coordinator/store/replay.h"
#include "coordinator/store/store.h"

namespace swarmlab::store {

namespace {

// Events are new (2: of restores, quarantine, trees and repeated measurements): what is stored
// reads as it is, but a release that does not know them must not touch the store.
Result<std::string> only_the_version(const Database& /*database*/, std::string_view /*done*/,
                                     Batch& /*batch*/) {
  return std::string();
}

// Labs, what they kept, and workers remember more than they did: what that would be follows from
// the events.
Result<std::string> labs_from_events(const Database& database, std::string_view /*done*/,
                                     Batch& batch) {
  SWARMLAB_TRY(state, replay_from(database));
  for (const auto& [id, lab] : state.labs) {
    batch.put(Family::labs, keys::of(id), to_bytes(lab));
    for (const auto& [number, entry] : lab.frontier) {
      batch.put(Family::frontier, keys::of(id, number), to_bytes(kept_of(lab, entry)));
    }
  }
  for (const auto& [name, worker] : state.workers) {
    batch.put(Family::workers, name.value(), to_bytes(worker));
  }
  return std::string();
}

const std::array kSteps = {
    MigrationStep{.to = 2, .what = "events of many machines", .part = only_the_version},
    MigrationStep{.to = 3, .what = "what labs expect", .part = labs_from_events},
    MigrationStep{.to = 4, .what = "workers that are forgotten", .part = only_the_version},
};

Result<void> run(Database& database, const MigrationStep& step, std::string done) {
  fail_point(FailPoint::migration_before);
  do {
    Batch batch;
    SWARMLAB_TRY(next, step.part(database, done, batch));
    done = next;
    batch.put(Family::meta, meta::kVersionKey, std::to_string(step.to));
    if (done.empty()) {
      batch.remove(Family::meta, meta::kUnfinishedKey);
    } else {
      batch.put(Family::meta, meta::kUnfinishedKey, done);
    }
    SWARMLAB_CHECK(database.write(std::move(batch)));
    fail_point(FailPoint::migration_between);
  } while (!done.empty());
  return {};
}

}  // namespace

std::span<const MigrationStep> migration_steps() {
  static_assert(kSteps.size() == kSchemaVersion - kOldestReadable);
  return kSteps;
}

Result<void> migrate(Database& database, std::span<const MigrationStep> steps) {
  const std::uint32_t newest = steps.empty() ? kOldestReadable : steps.back().to;
  SWARMLAB_TRY(version, meta::schema_version(database, newest));
  if (!version) {
    Batch batch;
    batch.put(Family::meta, meta::kVersionKey, std::to_string(newest));
    return database.write(std::move(batch));
  }
  SWARMLAB_TRY(unfinished, database.get(Family::meta, meta::kUnfinishedKey));
  bool changed = false;
  for (const MigrationStep& step : steps) {
    const bool goes_on = unfinished && step.to == *version;
    if (step.to <= *version && !goes_on) continue;
    const auto done = run(database, step, goes_on ? *unfinished : std::string());
    if (!done) {
      return within(fmt::format("migration to schema version {} ({})", step.to, step.what),
                    done.error());
    }
    changed = true;
  }
  if (changed) fail_point(FailPoint::migration_after);
  return {};
}

}  // namespace swarmlab::store
