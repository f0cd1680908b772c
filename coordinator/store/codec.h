// Domain values <-> the bytes of their records (schemas/state.capnp, record.capnp). Reading never
// trusts: what no build of ours could have written is `corrupt`, and says what was expected.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/report.h"
#include "common/result.h"
#include "coordinator/store/store.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::store {

// The numbers that are given out next, as meta has them.
struct SwarmNumbers {
  LabId next_lab{1};
  TaskId next_task{1};
  FencingToken next_token{1};
  bool operator==(const SwarmNumbers&) const = default;
};

[[nodiscard]] std::string to_bytes(const SwarmNumbers& numbers);
[[nodiscard]] Result<SwarmNumbers> numbers_from(std::string_view bytes);

/// Without its frontier and its trees: they have records of their own.
[[nodiscard]] std::string to_bytes(const swarm::Lab& lab);
[[nodiscard]] Result<swarm::Lab> lab_from(std::string_view bytes);

[[nodiscard]] std::string to_bytes(const swarm::Task& task);
[[nodiscard]] Result<swarm::Task> task_from(std::string_view bytes);

[[nodiscard]] std::string to_bytes(const swarm::Worker& worker);
[[nodiscard]] Result<swarm::Worker> worker_from(std::string_view bytes);

// A kept candidate: its place in the frontier, and what became of it on larger scales (by their
// place on the ladder) and on the holdout (0).
struct KeptRecord {
  swarm::FrontierEntry entry;
  std::map<std::uint32_t, ladder::Climb> climbs;
  bool operator==(const KeptRecord&) const = default;
};

[[nodiscard]] KeptRecord kept_of(const swarm::Lab& lab, const swarm::FrontierEntry& entry);
/// Into the frontier; of what a person rejected, to the rejected. \pre  the lab has its rungs
Result<void> put_back(swarm::Lab& lab, KeptRecord kept);
Result<void> put_back_rejected(swarm::Lab& lab, KeptRecord kept);
[[nodiscard]] std::string to_bytes(const KeptRecord& kept);
[[nodiscard]] Result<KeptRecord> kept_from(std::string_view bytes);

[[nodiscard]] std::string to_bytes(const Experiment& experiment);
[[nodiscard]] Result<Experiment> experiment_from(std::string_view bytes);

[[nodiscard]] std::string to_bytes(const std::vector<SampleScore>& samples);
[[nodiscard]] Result<std::vector<SampleScore>> samples_from(std::string_view bytes);

/// \pre  the change is stored (swarm::is_stored).
[[nodiscard]] std::string to_bytes(Sequence sequence, Timestamp at, const swarm::Change& change);
[[nodiscard]] Result<StoredEvent> event_from(std::string_view bytes);

/// The value of an index: a number, 8 bytes.
[[nodiscard]] std::string to_bytes(ExperimentNumber number);
[[nodiscard]] Result<ExperimentNumber> number_from(std::string_view bytes);

}  // namespace swarmlab::store
