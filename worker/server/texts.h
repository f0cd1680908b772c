// The texts that go with an attempt: tails of logs, the candidate's commit message, what is said of
// paths that left the scope. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/model/report.h"
#include "worker/agent/agent.h"
#include "worker/sandbox/sandbox.h"
#include "worker/server/link.h"
#include "worker/workspace/collect.h"

namespace swarmlab::worker {

/// Both streams of a sandbox, of each the last whole lines (32 KiB at most), and how it ended.
[[nodiscard]] std::string log_of(const sandbox::SandboxResult& result);

/// Subject, hypothesis, trailers.
[[nodiscard]] std::string candidate_message(const Assignment& assignment, const AgentNotes& notes);

/// Of a candidate that the coordinator knows, or nearly.
[[nodiscard]] std::string why_not_measured(const KnownTree& known);
/// The brief of a later round: how the guard failed, then the brief of the first.
[[nodiscard]] std::string rework_brief(const Rework& rework, const std::string& brief);

/// "3 paths left the scope: a (why), b (why), ...": the first few.
[[nodiscard]] std::string violations_text(const std::vector<Violation>& violations);

/// As many as a message may carry (1 MiB), in their order.
[[nodiscard]] std::vector<SampleScore> within_limit(std::vector<SampleScore> samples);

}  // namespace swarmlab::worker
