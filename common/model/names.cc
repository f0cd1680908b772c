#include "common/model/names.h"

namespace swarmlab {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::keep:
      return "keep";
    case Verdict::discard:
      return "discard";
    case Verdict::crash:
      return "crash";
    case Verdict::timeout:
      return "timeout";
    case Verdict::guard_failed:
      return "guard_failed";
    case Verdict::out_of_scope:
      return "out_of_scope";
    case Verdict::duplicate:
      return "duplicate";
    case Verdict::no_change:
      return "no_change";
    case Verdict::invalid:
      return "invalid";
  }
  return "unknown";
}

std::string_view name_of(TaskKind kind) {
  switch (kind) {
    case TaskKind::baseline:
      return "baseline";
    case TaskKind::explore:
      return "explore";
    case TaskKind::measure:
      return "measure";
    case TaskKind::merge:
      return "merge";
    case TaskKind::promote:
      return "promote";
    case TaskKind::holdout:
      return "holdout";
    case TaskKind::inject:
      return "inject";
    case TaskKind::simplify:
      return "simplify";
  }
  return "unknown";
}

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::measured:
      return "measured";
    case Outcome::crash:
      return "crash";
    case Outcome::timeout:
      return "timeout";
    case Outcome::guard_failed:
      return "guard_failed";
    case Outcome::out_of_scope:
      return "out_of_scope";
    case Outcome::duplicate:
      return "duplicate";
    case Outcome::no_change:
      return "no_change";
    case Outcome::invalid:
      return "invalid";
    case Outcome::returned:
      return "returned";
  }
  return "unknown";
}

std::string_view name_of(Stage stage) {
  switch (stage) {
    case Stage::fetch:
      return "fetch";
    case Stage::checkout:
      return "checkout";
    case Stage::agent:
      return "agent";
    case Stage::collect:
      return "collect";
    case Stage::guard:
      return "guard";
    case Stage::evaluate:
      return "evaluate";
    case Stage::pack:
      return "pack";
    case Stage::total:
      return "total";
  }
  return "unknown";
}

std::string_view name_of(Direction direction) {
  return direction == Direction::minimize ? "minimize" : "maximize";
}

std::string_view name_of(PolicyKind policy) {
  switch (policy) {
    case PolicyKind::greedy:
      return "greedy";
    case PolicyKind::best_of_n:
      return "best-of-n";
    case PolicyKind::beam:
      return "beam";
    case PolicyKind::ucb:
      return "ucb";
    case PolicyKind::islands:
      return "islands";
  }
  return "unknown";
}

std::string_view name_of(AgentKind kind) {
  switch (kind) {
    case AgentKind::command:
      return "command";
    case AgentKind::claude:
      return "claude";
    case AgentKind::codex:
      return "codex";
    case AgentKind::pi:
      return "pi";
    case AgentKind::opencode:
      return "opencode";
  }
  return "unknown";
}

std::string_view name_of(AgentEnd end) {
  switch (end) {
    case AgentEnd::finished:
      return "finished";
    case AgentEnd::refused:
      return "refused";
    case AgentEnd::rate_limited:
      return "rate_limited";
    case AgentEnd::unavailable:
      return "unavailable";
    case AgentEnd::out_of_credit:
      return "out_of_credit";
    case AgentEnd::authentication_failed:
      return "authentication_failed";
    case AgentEnd::crashed:
      return "crashed";
    case AgentEnd::timed_out:
      return "timed_out";
  }
  return "unknown";
}

std::string_view name_of(CostSource source) {
  switch (source) {
    case CostSource::none:
      return "none";
    case CostSource::told:
      return "told";
    case CostSource::priced:
      return "priced";
    case CostSource::measured:
      return "measured";
  }
  return "unknown";
}

std::string_view name_of(StepKind kind) {
  switch (kind) {
    case StepKind::prompt:
      return "prompt";
    case StepKind::words:
      return "words";
    case StepKind::thinking:
      return "thinking";
    case StepKind::tool:
      return "tool";
  }
  return "unknown";
}

std::string_view name_of(NearDuplicates wish) {
  return wish == NearDuplicates::skip ? "skip" : "flag";
}

std::optional<Verdict> verdict_from(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(Verdict::invalid); ++i) {
    if (const auto verdict = static_cast<Verdict>(i); name_of(verdict) == text) return verdict;
  }
  return std::nullopt;
}

std::optional<PolicyKind> policy_from(std::string_view text) {
  for (const PolicyKind policy : kPolicies) {
    if (name_of(policy) == text) return policy;
  }
  return std::nullopt;
}

}  // namespace swarmlab
