#include "worker/server/agent_session.h"

#include <fmt/format.h>

#include "common/model/names.h"

namespace swarmlab::worker {
namespace {

constexpr std::size_t kMostReason = 300;  // bytes; the brief has what others know of it
// Of an agent that is told that its session is over: its loop looks once a second.
constexpr Milliseconds kGrace{5000};

Told told_of(const Report& report, const ReportAnswer& answer, std::string reason) {
  Told told{.experiment = report.experiment,
            .is_decided = answer.decided,
            .is_kept = answer.decided && answer.verdict == Verdict::keep,
            .verdict = std::string(name_of(answer.verdict)),
            .score = {},
            .metrics = {},
            .reason = std::move(reason)};
  if (report.measurement) {
    told.score = report.measurement->score;
    told.metrics = report.measurement->metrics;
  }
  return told;
}

}  // namespace

bool AgentSession::is_wanted(const LabSettings& settings, std::string_view sandbox) {
  return settings.agent.experiments_per_session > 1 && sandbox != "none" && sandbox != "runner";
}

AgentSession::Of AgentSession::of(const Assignment& assignment) {
  return {.lab = assignment.lab,
          .lab_commit = assignment.lab_commit,
          .agent = assignment.settings.agent,
          .sandbox = assignment.settings.sandbox};
}

void AgentSession::make_way(const Assignment& assignment) {
  if (of_ && of(assignment) != *of_) end();
}

Result<void> AgentSession::begin(const Assignment& assignment) {
  make_way(assignment);
  const bool is_full = experiments_ >= assignment.settings.agent.experiments_per_session;
  if (is_full || id_.empty()) end();
  if (!home_) {
    SWARMLAB_TRY(home, TempFolder::create(work_folder_, "session"));
    home_.emplace(std::move(home));
    of_ = of(assignment);
    most_ = assignment.settings.agent.experiments_per_session;
    if (swarmlab::worker::shakes_hands(assignment.settings.agent)) {
      SWARMLAB_TRY(desk, TempFolder::create(work_folder_, "desk"));
      desk_.emplace(std::move(desk));
    }
  }
  ++experiments_;
  last_ = assignment.experiment;
  return {};
}

void AgentSession::begin_anew() {
  id_.clear();
  news_.clear();
  told_ = {};
  experiments_ = 1;
}

void AgentSession::went(const std::string& id, const Cost& told) {
  id_ = id;
  told_ = told;
}

void AgentSession::keep_living(std::unique_ptr<LivingAgent> agent, const ObjectId& tree) {
  living_ = std::move(agent);
  laid_out_ = tree;
  verdict_.reset();
}

// Who knows what became of its last experiment is told that there is no other one.
void AgentSession::end() {
  if (living_ && verdict_) living_->part(told_text(*verdict_, std::nullopt), kGrace);
  living_.reset();
  verdict_.reset();
  if (desk_) janitor_.remove(desk_->release());
  desk_.reset();
  if (home_) janitor_.remove(home_->release());
  home_.reset();
  of_.reset();
  id_.clear();
  news_.clear();
  told_ = {};
  experiments_ = 0;
}

void AgentSession::judged(const Report& report, const ReportAnswer& answer) {
  if (!of_ || report.lab != of_->lab || report.experiment != last_) return;
  if (answer.kind != ReportAnswer::Kind::counted) return end();
  const std::string why = answer.reason.substr(0, answer.reason.find('\n')).substr(0, kMostReason);
  news_ = answer.decided ? fmt::format("{}: {}", name_of(answer.verdict), why)
                         : std::string("not decided yet, it is measured again");
  verdict_ = told_of(report, answer, why);
  if (living_ && experiments_ >= most_) end();
}

}  // namespace swarmlab::worker
