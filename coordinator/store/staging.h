// What the changes of a turn make of the records: the fourth reader of a Change, beside memory,
// watchers and recovery. It decides nothing: it writes what the state after the turn holds.
#pragma once

#include <span>

#include "common/result.h"
#include "coordinator/store/database.h"
#include "coordinator/store/store.h"

namespace swarmlab::store {

struct Turn {
  std::span<const swarm::Change> changes;
  const swarm::State& after;
  Timestamp at;
  std::span<const AttachmentsOf> attachments;
  Sequence last;  // that is stored so far
};

struct Staged {
  Batch batch;
  Sequence last;  // once the batch is written
};

/// Reads the database only where a cost was spent on an experiment that was decided earlier.
[[nodiscard]] Result<Staged> stage(const Database& database, const Turn& turn);

}  // namespace swarmlab::store
