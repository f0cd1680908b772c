#include "cli/follow.h"

#include <algorithm>
#include <deque>
#include <limits>

#include "cli/text.h"
#include "cli/views.h"
#include "coordinator/swarm/backoff.h"

namespace swarmlab::cli {

namespace {

constexpr std::uint32_t kFollowMs = 250;  // for events: how late a Ctrl-C may be noticed

}  // namespace

Result<void> Follower::begin(Swarm& swarm, std::vector<std::string> labs) {
  swarm_ = &swarm;
  labs_ = std::move(labs);
  SWARMLAB_TRY(reply, swarm_->ask([](schema::Query::Builder query) {
    query.initEvents().setAfter(std::numeric_limits<std::uint64_t>::max());
  }));
  if (!reply.body().isEvents()) return tl::unexpected(unexpected_reply("events"));
  last_event_ = static_cast<std::uint64_t>(reply.body().getEvents().getLast());
  return show_state();
}

Result<void> Follower::show_news() {
  SWARMLAB_TRY(reply, swarm_->ask([this](schema::Query::Builder query) {
    auto events = query.initEvents();
    events.setAfter(last_event_);
    events.setWaitMs(kFollowMs);
  }));
  if (!reply.body().isEvents()) return tl::unexpected(unexpected_reply("events"));
  const auto events = reply.body().getEvents();
  last_event_ = static_cast<std::uint64_t>(events.getLast());
  for (const auto event : events.getEvents()) {
    tell_why_handed_back(event);
    if (text_of(event.getKind()) == "lab_opened") SWARMLAB_CHECK(take_in_branches());
    const std::string lab = text_of(event.getLab());
    if (text_of(event.getKind()) != "experiment_finished" || !is_ours(lab)) continue;
    const auto number = count_of(event.getExperiment());
    if (!number) continue;
    SWARMLAB_CHECK(show_verdict(lab, *number));
    if (then_) SWARMLAB_CHECK(then_(lab, *number));
  }
  if (events.getEvents().size() > 0 || view_.live()) return show_state();
  return {};
}

// A worker that fails gives its work back and tries again, later and later: a person should not
// have to look into its log to know. What we interrupted ourselves is no news.
void Follower::tell_why_handed_back(schema::EventView::Reader event) {
  const std::string why = one_line(text_of(event.getWhy()));
  if (!hand_backs_are_news_ || why.empty() || !is_ours(text_of(event.getLab()))) return;
  const auto number = count_of(event.getExperiment());
  view_.erase();
  context_.note(fmt::format("{}goes back, its worker failed: {}",
                            number ? fmt::format("#{} ", *number) : "", why));
}

Result<void> Follower::show_verdict(const std::string& lab, std::uint32_t number) {
  SWARMLAB_TRY(reply, swarm_->ask([&](schema::Query::Builder query) {
    auto experiments = query.initExperiments();
    experiments.setLab(lab);
    experiments.setAfter(number - 1);
    experiments.setLimit(1);
  }));
  if (!reply.body().isExperiments()) return tl::unexpected(unexpected_reply("experiments"));
  for (const auto experiment : reply.body().getExperiments().getExperiments())
    view_.verdict(experiment, labs_.size() > 1);
  return {};
}

// A branch that a person makes of one of our labs runs on with them.
Result<void> Follower::take_in_branches() {
  SWARMLAB_TRY(labs, ask_labs(*swarm_));
  for (const auto lab : labs.body().getLabs().getLabs()) {
    const bool is_branch = count_of(lab.getBranchedFrom()).has_value();
    if (!is_branch || !is_ours(text_of(lab.getParent())) || is_ours(text_of(lab.getName()))) {
      continue;
    }
    labs_.push_back(text_of(lab.getName()));
  }
  return {};
}

bool Follower::is_ours(const std::string& lab) const {
  return std::ranges::find(labs_, lab) != labs_.end();
}

Result<void> Follower::show_state() {
  SWARMLAB_TRY(labs, ask_labs(*swarm_));
  std::deque<RunView::Now> now;
  all_stopped_ = true;
  for (const std::string& name : labs_) {
    const auto lab = find_lab_view(labs, name);
    if (!lab) return fail(ErrorCode::internal, "lab {} is gone", name);
    all_stopped_ = all_stopped_ && text_of(lab->getState()) == "stopped";
    if (!view_.live()) continue;
    SWARMLAB_TRY(running, load_experiments(*swarm_, name, {.verdict = "running", .last = 0}));
    now.push_back({.lab = *lab, .running = std::move(running)});
  }
  view_.draw(now);
  return {};
}

Result<void> Follower::summary() {
  SWARMLAB_TRY(labs, ask_labs(*swarm_));
  std::vector<schema::LabView::Reader> views;
  for (const std::string& name : labs_) {
    if (const auto lab = find_lab_view(labs, name)) views.push_back(*lab);
  }
  view_.summary(views, context_.lab);
  for (const auto& lab : views) {
    const std::string reason = one_line(text_of(lab.getStopReason()));
    if (text_of(lab.getState()) == "running" || !reason.starts_with(swarm::kStoppedByProvider)) {
      continue;
    }
    return fail(ErrorCode::unavailable, "{} stopped: {}", text_of(lab.getName()), reason);
  }
  return {};
}

}  // namespace swarmlab::cli
