#include "worker/server/comparing.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace swarmlab::worker {
namespace {

// It was measured before, and kept: this machine is what failed.
Result<void> reference_failed(Report& report) {
  if (report.outcome == Outcome::returned) return {};  // cancelled
  report.reason =
      fmt::format("what the candidate is compared with does not run here: {}", report.reason);
  report.outcome = Outcome::returned;
  report.own_failure = true;
  return {};
}

}  // namespace

Result<void> compare(Trials& trials, git::Repository& repository, const Comparison& comparison,
                     Report& report) {
  SWARMLAB_TRY(candidate, repository.tree_of(comparison.candidate));
  SWARMLAB_TRY(reference, repository.tree_of(comparison.reference));
  SWARMLAB_CHECK(trials.check_out(candidate, "candidate"));
  SWARMLAB_CHECK(trials.check_out(reference, "reference"));
  const std::uint32_t repeat = comparison.pair + 1;
  std::optional<Measurement> of_reference;
  const auto run_reference = [&]() -> Result<void> {
    SWARMLAB_TRY(run, trials.evaluate("reference", reference, repeat));
    of_reference = std::move(run);
    return {};
  };
  const bool reference_first = comparison.pair % 2 == 1;
  if (reference_first) SWARMLAB_CHECK(run_reference());
  if (reference_first && !of_reference) return reference_failed(report);
  SWARMLAB_TRY(of_candidate, trials.evaluate("candidate", candidate, repeat));
  if (!of_candidate) return {};
  if (!reference_first) SWARMLAB_CHECK(run_reference());
  if (!of_reference) return reference_failed(report);
  report.outcome = Outcome::measured;
  report.reason.clear();
  report.measurement = std::move(of_candidate);
  report.more.push_back(*std::move(of_reference));
  return {};
}

}  // namespace swarmlab::worker
