#include "worker/server/rounds.h"

#include <fmt/format.h>

#include <utility>

#include "common/os/file.h"

namespace swarmlab::worker {
namespace {

// With less than this no agent repairs anything.
constexpr std::chrono::milliseconds kShortestRound{100};

std::string times(std::uint32_t reworks) {
  return fmt::format("{} rework{}", reworks, reworks == 1 ? "" : "s");
}

}  // namespace

Result<bool> Rounds::make_candidate() {
  SWARMLAB_CHECK(parts_.workshop.lay_out());
  std::optional<Rework> rework;
  for (;;) {
    SWARMLAB_TRY(has_candidate, work(rework));
    if (!has_candidate) return false;
    SWARMLAB_TRY(passed, guard());
    if (passed) return true;
    SWARMLAB_TRY(next, next_rework());
    if (!next) return false;
    rework = std::move(next);
    parts_.result.report.reworks = rework->round;
  }
}

Result<bool> Rounds::take_merged() {
  SWARMLAB_TRY(has_candidate, parts_.workshop.take_merged());
  return has_candidate ? guard() : Result<bool>(false);
}

// One round of the agent. When a repair fails, the guard's failure is what stands.
Result<bool> Rounds::work(const std::optional<Rework>& rework) {
  Report& report = parts_.result.report;
  const auto worked = std::chrono::floor<Milliseconds>(parts_.workshop.worked());
  SWARMLAB_TRY(failure,
               parts_.workshop.let_agent_work(parts_.settings.agent.timeout - worked, rework));
  if (failure && rework && failure->outcome != Outcome::returned) {
    return stay_with(*last_, fmt::format("rework {}: {}", rework->round, failure->reason));
  }
  if (failure) {
    report.outcome = failure->outcome;
    report.reason = std::move(failure->reason);
    return false;
  }
  SWARMLAB_TRY(has_candidate, parts_.workshop.collect_changes());
  if (!has_candidate) return false;
  const auto before = failed_.find(*report.tree);
  if (before == failed_.end()) return true;
  return stay_with({.reason = last_->reason, .tree = before->first, .commit = before->second},
                   fmt::format("rework {} made what had failed before", rework->round));
}

bool Rounds::stay_with(const Failure& failure, const std::string& why) {
  Report& report = parts_.result.report;
  report.tree = failure.tree;
  report.commit = failure.commit;
  report.outcome = Outcome::guard_failed;
  report.reason = fmt::format("{}\n{}", failure.reason, why);
  return false;
}

Result<bool> Rounds::guard() {
  Report& report = parts_.result.report;
  checkout_ = report.reworks == 0 ? "checkout" : fmt::format("checkout{}", report.reworks);
  SWARMLAB_CHECK(parts_.trials.check_out(*report.tree, checkout_));
  if (report.reworks > 0) {
    parts_.result.attachments.guard_log += fmt::format("=== rework {}\n", report.reworks);
  }
  return parts_.trials.guard(checkout_);
}

// None: the report has its outcome.
Result<std::optional<Rework>> Rounds::next_rework() {
  Report& report = parts_.result.report;
  const std::uint32_t most = parts_.settings.guard ? parts_.settings.guard->reworks : 0;
  if (report.outcome != Outcome::guard_failed || most == 0) return std::optional<Rework>();
  failed_.emplace(*report.tree, *report.commit);
  last_ = Failure{.reason = report.reason, .tree = *report.tree, .commit = *report.commit};
  if (report.reworks >= most) {
    report.reason = fmt::format("{}\nafter {}", report.reason, times(report.reworks));
    return std::optional<Rework>();
  }
  if (parts_.settings.agent.timeout - parts_.workshop.worked() < kShortestRound) {
    report.reason += "\nnone of the agent's time is left to repair it";
    return std::optional<Rework>();
  }
  parts_.bench.janitor.remove(parts_.folder + "/" + checkout_);
  Rework rework{.round = report.reworks + 1,
                .most = most,
                .reason = report.reason,
                .guard_log = parts_.agent_folder + "/guard.log"};
  SWARMLAB_CHECK(write_file(rework.guard_log, parts_.trials.last_guard_log()));
  return std::optional(std::move(rework));
}

}  // namespace swarmlab::worker
