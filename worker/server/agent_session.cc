#include "worker/server/agent_session.h"

#include <fmt/format.h>

#include "common/model/names.h"

namespace swarmlab::worker {
namespace {

constexpr std::size_t kMostReason = 300;  // bytes; the brief has what others know of it

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

void AgentSession::end() {
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
}

}  // namespace swarmlab::worker
