#include "coordinator/server/context.h"

#include <algorithm>

#include "common/model/names.h"
#include "common/wire/json_codec.h"
#include "common/wire/lab_codec.h"
#include "coordinator/policy/policy.h"
#include "coordinator/server/briefing.h"
#include "coordinator/server/views.h"
#include "coordinator/swarm/search.h"

namespace swarmlab::server {
namespace {

constexpr std::size_t kHistory = 300;  // experiments that are looked at
constexpr std::size_t kShown = 20;
constexpr std::size_t kMostIdeas = 20;
constexpr std::size_t kFailures = 100;

unsigned size_of(std::size_t size) {
  return static_cast<unsigned>(size);
}

// The oldest first, as briefs are written from them.
Result<std::deque<Experiment>> recent_of(const Source& source, LabId lab) {
  SWARMLAB_TRY(newest, source.store.newest(lab, kHistory));
  return std::deque<Experiment>(std::make_move_iterator(newest.rbegin()),
                                std::make_move_iterator(newest.rend()));
}

void write_hints(capnp::List<schema::HintView>::Builder to, const swarm::Lab& lab) {
  unsigned i = 0;
  for (const auto& [number, hint] : lab.hints) write_view(to[i++], lab, number, hint);
}

// The experiment that an agent would do if it started now.
swarm::Task next_task(const swarm::State& state, const swarm::Lab& lab) {
  swarm::Task task;
  task.lab = lab.id;
  task.experiment = lab.next_experiment;
  task.segment = lab.segment.number;
  task.parent_commit = lab.segment.lab_commit;
  task.picked_because = "the baseline is not measured yet";
  if (!lab.segment.baseline_measured) return task;
  policy::Pick pick = policy::pick_parent(lab.settings.policy, swarm::view_of(state, lab));
  task.parent = pick.parent;
  task.parent_commit = lab.frontier.at(pick.parent).commit;
  task.picked_because = std::move(pick.because);
  return task;
}

std::vector<std::string> ideas_of(const std::deque<Experiment>& recent) {
  std::vector<std::string> ideas;
  for (auto at = recent.rbegin(); at != recent.rend(); ++at) {
    const Experiment& experiment = *at;
    for (const std::string& idea : experiment.notes.ideas) {
      if (ideas.size() == kMostIdeas) return ideas;
      ideas.push_back(idea);
    }
  }
  return ideas;
}

// What was tried, measured or not, and did not help. What was tried twice says nothing new.
bool is_failure(const Experiment& experiment) {
  return experiment.kind != TaskKind::baseline && experiment.verdict != Verdict::keep &&
         experiment.verdict != Verdict::duplicate && experiment.verdict != Verdict::no_change;
}

}  // namespace

Result<void> answer_hints(const Source& source, std::string_view name,
                          schema::HintList::Builder to) {
  SWARMLAB_TRY(lab, find_lab(source.state, name));
  write_hints(to.initHints(size_of(lab->hints.size())), *lab);
  return {};
}

Result<void> answer_context(const Source& source, std::string_view name,
                            schema::ContextView::Builder to) {
  SWARMLAB_TRY(lab, find_lab(source.state, name));
  SWARMLAB_TRY(recent, recent_of(source, lab->id));
  to.setLab(lab->settings.name.c_str());
  to.setExperiments(static_cast<std::uint32_t>(lab->counters.experiments));
  const std::size_t shown = std::min(recent.size(), kShown);
  auto history = to.initHistory(size_of(shown));
  for (unsigned i = 0; i < shown; ++i) {
    write_view(history[i], *lab, recent[recent.size() - shown + i]);
  }
  const auto tasks = runs_of(source.state, lab->id);
  auto running = to.initRunning(size_of(tasks.size()));
  for (unsigned i = 0; i < running.size(); ++i) write_view(running[i], source.state, *tasks[i]);
  write_hints(to.initHints(size_of(lab->hints.size())), *lab);
  const std::vector<std::string> ideas = ideas_of(recent);
  auto list = to.initIdeas(size_of(ideas.size()));
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, ideas[i].c_str());
  SWARMLAB_TRY(brief, brief_for({.state = source.state,
                                 .store = source.store,
                                 .objects = source.objects,
                                 .recent = recent},
                                next_task(source.state, *lab)));
  to.setBrief(brief.c_str());
  return {};
}

Result<void> answer_failures(const Source& source, std::string_view name,
                             schema::FailureList::Builder to) {
  SWARMLAB_TRY(lab, find_lab(source.state, name));
  SWARMLAB_TRY(newest, source.store.newest(lab->id, kHistory));
  std::erase_if(newest, [&lab](const Experiment& one) {
    return !is_failure(one) || one.segment != lab->segment.number;
  });
  if (newest.size() > kFailures) newest.resize(kFailures);
  auto failures = to.initFailures(size_of(newest.size()));
  for (unsigned i = 0; i < failures.size(); ++i) {
    const Experiment& one = newest[i];
    failures[i].setExperiment(static_cast<std::uint32_t>(one.number.value()));
    failures[i].setVerdict(std::string(swarmlab::name_of(one.verdict)).c_str());
    failures[i].setHypothesis(one.notes.hypothesis.c_str());
    failures[i].setMechanism(one.notes.mechanism.c_str());
    wire::write(failures[i].initMechanismConfirmed(), one.notes.mechanism_confirmed);
    failures[i].setReason(one.reason.c_str());
    wire::write(failures[i].initScore(), one.score());
  }
  return {};
}

}  // namespace swarmlab::server
