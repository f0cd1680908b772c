// One function a command; decide() chooses among them. Each file keeps one concept.
#pragma once

#include <string>
#include <utility>

#include "coordinator/swarm/command.h"

namespace swarmlab::swarm {

/// Nothing changes, and this is why.
[[nodiscard]] inline Decision refuse(Error error) {
  return {.changes = {}, .reply = std::move(error)};
}
[[nodiscard]] inline Decision refuse(ErrorCode code, std::string message) {
  return refuse(Error{code, std::move(message)});
}

// lab.cc
[[nodiscard]] Decision on(const State& state, const Rules& rules, const OpenLab& command,
                          Timestamp now);
// steer.cc
[[nodiscard]] Decision on(const State& state, const Rules& rules, const SetLabStatus& command,
                          Timestamp now);
// hint.cc
[[nodiscard]] Decision on(const State& state, const Rules& rules, const GiveHint& command,
                          Timestamp now);
[[nodiscard]] Decision on(const State& state, const Rules& rules, const WithdrawHint& command,
                          Timestamp now);
// inject.cc
[[nodiscard]] Decision on(const State& state, const Rules& rules, const InjectCandidate& command,
                          Timestamp now);
// reject.cc
[[nodiscard]] Decision on(const State& state, const Rules& rules, const RejectExperiment& command,
                          Timestamp now);
// worker.cc
[[nodiscard]] Decision on(const State& state, const Rules& rules, const WorkerArrived& command,
                          Timestamp now);
[[nodiscard]] Decision on(const State& state, const Rules& rules, const WorkerLeft& command,
                          Timestamp now);
[[nodiscard]] Decision on(const State& state, const Rules& rules, const Heartbeat& command,
                          Timestamp now);
// ask.cc
[[nodiscard]] Decision on(const State& state, const Rules& rules, const WorkAsked& command,
                          Timestamp now);
// promote.cc
[[nodiscard]] Decision on(const State& state, const Rules& rules, const SteerCandidate& command,
                          Timestamp now);
// report.cc
[[nodiscard]] Decision on(const State& state, const Rules& rules, const ReportArrived& command,
                          Timestamp now);
// expiry.cc
[[nodiscard]] Decision on(const State& state, const Rules& rules, const ReleaseWorker& command,
                          Timestamp now);
[[nodiscard]] Decision on(const State& state, const Rules& rules, const TimePassed& command,
                          Timestamp now);
[[nodiscard]] Decision on(const State& state, const Rules& rules, const Restarted& command,
                          Timestamp now);

}  // namespace swarmlab::swarm
