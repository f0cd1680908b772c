// What happened since the coordinator began, counted for its metrics: facts, answers, messages, and
// how long turns took. Of the loop's thread, like all that it counts; nothing is decided by it.
// A restart counts anew, as Prometheus expects of counters.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "common/metrics/histogram.h"
#include "coordinator/swarm/command.h"

namespace swarmlab::server {

class Tally {
 public:
  /// \param before  the state that the change was not applied to yet
  void note(const swarm::State& before, const swarm::Change& change, Timestamp now);
  void note(const swarm::Command& command, const swarm::Reply& reply, bool changed);
  void note_message(std::string_view type, std::size_t bytes);
  void note_answer(std::string_view type, std::size_t bytes);

  using Counts = std::map<std::string, std::uint64_t, std::less<>>;
  using PerLab = std::map<std::pair<LabId, std::string>, std::uint64_t>;

  PerLab tasks;                                                         // that ended, by verdict
  PerLab tokens;                                                        // of agents, by kind
  std::map<std::pair<LabId, std::uint32_t>, std::uint64_t> promotions;  // by scale
  Counts lease_ends;    // without a report that counts, by why
  Counts workers_lost;  // with leases, by why
  Counts messages;      // by type
  std::map<std::pair<std::string_view, std::string>, std::uint64_t> bytes;  // by direction, type
  std::uint64_t stale_reports = 0;
  std::uint64_t duplicate_reports = 0;
  std::uint64_t quarantines = 0;
  std::uint64_t provider_failures = 0;
  std::uint64_t send_failures = 0;
  std::uint64_t store_errors = 0;
  metrics::Histogram queue{metrics::kLongSeconds};     // from waiting to a lease
  metrics::Histogram commits{metrics::kShortSeconds};  // of turns that had something to decide
  metrics::Histogram batches{metrics::kCounts};        // commands in them
  metrics::Histogram turns{metrics::kShortSeconds};    // from a burst to its answers
  metrics::Histogram ingests{metrics::kShortSeconds};  // of packs

 private:
  void note_finished(const Experiment& experiment);
  void note_lost(const swarm::State& before, const swarm::LeaseEnded& fact, Timestamp now);

  std::map<TaskId, Timestamp> waiting_;      // since when; bounded by open tasks
  std::map<WorkerName, Timestamp> lost_at_;  // so that a worker counts once for one silence
};

}  // namespace swarmlab::server
