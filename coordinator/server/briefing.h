// Gathers what a brief is written from: the lineage of the parent with what each kept step changed,
// what runs, what was decided lately.
#pragma once

#include <deque>
#include <string>

#include "common/result.h"
#include "coordinator/store/object_store.h"
#include "coordinator/store/store.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::server {

struct BriefingSource {
  const swarm::State& state;
  const store::Store& store;
  const store::ObjectStore* objects = nullptr;  // null: no diffs
  const std::deque<Experiment>& recent;         // of the lab, decided lately, the oldest first
};

/// brief.md of a task that is leased, or would be.
[[nodiscard]] Result<std::string> brief_for(const BriefingSource& source, const swarm::Task& task);

}  // namespace swarmlab::server
