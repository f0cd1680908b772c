#include "worker/evaluator/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>
#include <utility>

#include "worker/evaluator/output.h"
#include "worker/sandbox/untrusted_text.h"

namespace swarmlab::worker {
namespace {

using sandbox::HowEnded;
using sandbox::SandboxResult;

Outcome outcome_of(HowEnded how) {
  if (how == HowEnded::timed_out) return Outcome::timeout;
  if (how == HowEnded::cancelled) return Outcome::returned;
  return Outcome::crash;
}

// "evaluator: " why, then the last lines of the log.
Failed invalid(std::string_view why, const SandboxResult& result) {
  std::string words = sandbox::last_lines(result.out);
  if (words.empty()) words = sandbox::last_lines(result.err);
  return {Outcome::invalid,
          fmt::format("evaluator: {}{}{}", why, words.empty() ? "" : "\n", words)};
}

Result<Scored> read_command(const LabSettings& settings, const CommandEvaluator& command,
                            const SandboxResult& result) {
  const std::string out = whole_lines(result.out, settings.limits.output_bytes);
  switch (command.parse) {
    case ParseKind::regex:
      return read_by_pattern(settings.metric.name, command.pattern, out);
    case ParseKind::json:
      return read_json_line(settings.metric.name, out);
    case ParseKind::metric_lines:
      return read_metric_lines(settings.metric.name, out);
  }
  return fail(ErrorCode::internal, "unknown way to parse");
}

// run_backend.py ends with 1 when it says why there is no score.
Evaluation read_python(const LabSettings& settings, const SandboxResult& result) {
  const bool ended_itself = result.how == HowEnded::exited && result.code <= 1;
  if (!ended_itself) {
    return Failed{outcome_of(result.how), sandbox::describe_failure("evaluator", result)};
  }
  if (result.result_truncated) {
    return invalid("the backend's result is too large", result);
  }
  if (result.result.empty()) {
    if (!result.succeeded()) {
      return Failed{Outcome::crash, sandbox::describe_failure("evaluator", result)};
    }
    return invalid("the backend ended the process before it gave a score", result);
  }
  Result<BackendSaid> said = read_backend(settings.metric.name, result.result);
  if (!said) return invalid(said.error().message, result);
  if (!said->error.empty()) {
    const std::string words = sandbox::last_lines(result.err);
    return Failed{Outcome::crash, fmt::format("evaluator: the backend raised {}{}{}", said->error,
                                              words.empty() ? "" : "\n", words)};
  }
  if (!said->invalid.empty()) return invalid(said->invalid, result);
  if (!result.succeeded()) {
    return Failed{Outcome::crash, sandbox::describe_failure("evaluator", result)};
  }
  tidy(settings.metric.name, *said->scored);
  return *std::move(said->scored);
}

}  // namespace

Evaluation read_evaluation(const LabSettings& settings, const SandboxResult& result) {
  const auto* command = std::get_if<CommandEvaluator>(&settings.evaluator.how);
  if (command == nullptr) return read_python(settings, result);
  if (!result.succeeded()) {
    return Failed{outcome_of(result.how), sandbox::describe_failure("evaluator", result)};
  }
  Result<Scored> scored = read_command(settings, *command, result);
  if (!scored) return invalid(scored.error().message, result);
  tidy(settings.metric.name, *scored);
  return *std::move(scored);
}

std::optional<Failed> read_guard(const SandboxResult& result) {
  if (result.succeeded()) return std::nullopt;
  const Outcome outcome =
      result.how == HowEnded::cancelled ? Outcome::returned : Outcome::guard_failed;
  return Failed{outcome, sandbox::describe_failure("guard", result)};
}

void sort_worst_first(std::vector<SampleScore>& samples, Direction direction) {
  // What has no number is worse than any.
  const auto rank = [=](const SampleScore& sample) {
    const bool unknown = std::isnan(sample.score);
    const double badness = direction == Direction::minimize ? -sample.score : sample.score;
    return std::tuple<bool, bool, double, std::string_view>(sample.error.empty(), !unknown,
                                                            unknown ? 0.0 : badness, sample.id);
  };
  std::ranges::stable_sort(samples,
                           [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

}  // namespace swarmlab::worker
