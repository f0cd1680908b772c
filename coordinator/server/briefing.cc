#include "coordinator/server/briefing.h"

#include "coordinator/server/brief.h"

namespace swarmlab::server {
namespace {

constexpr std::size_t kLineage = 12;  // ancestors that a brief names
constexpr std::size_t kDiffs = 4;     // of them, those whose change is shown
constexpr std::size_t kAncestorDiffBytes = 4000;

Result<std::vector<Ancestor>> lineage_of(const BriefingSource& source, const swarm::Task& task) {
  std::vector<Ancestor> lineage;
  for (auto number = task.parent; number && lineage.size() < kLineage;) {
    SWARMLAB_TRY(found, source.store.experiment(task.lab, *number));
    if (!found) break;
    Ancestor ancestor{.experiment = *std::move(found), .diff = {}};
    const Experiment& one = ancestor.experiment;
    number = one.parent;
    if (source.objects != nullptr && one.parent && one.commit && lineage.size() < kDiffs) {
      auto diff = source.objects->diff_text(one.parent_commit, *one.commit, kAncestorDiffBytes);
      if (diff) ancestor.diff = *std::move(diff);  // without it, the rest is still worth telling
    }
    lineage.push_back(std::move(ancestor));
  }
  return lineage;
}

Running running_of(const swarm::State& state, const swarm::Task& task) {
  Running running{.number = task.experiment, .said = {}};
  const auto said = state.presence.announced.find(task.id);
  if (said != state.presence.announced.end()) {
    running.said = said->second;
  } else if (task.pending || task.candidate) {
    const AgentNotes& notes = task.pending ? task.pending->experiment.notes : task.candidate->notes;
    running.said = {.hypothesis = notes.hypothesis, .mechanism = notes.mechanism};
  }
  return running;
}

}  // namespace

Result<std::string> brief_for(const BriefingSource& source, const swarm::Task& task) {
  SWARMLAB_TRY(lineage, lineage_of(source, task));
  std::vector<Running> running;
  for (const TaskId other : source.state.index.labs.at(task.lab).leased) {
    const swarm::Task& one = source.state.tasks.at(other);
    if (other == task.id || !makes_experiment(one.kind)) continue;  // no agent does a check
    running.push_back(running_of(source.state, one));
  }
  return write_brief({.lab = source.state.labs.at(task.lab),
                      .task = task,
                      .lineage = std::move(lineage),
                      .recent = source.recent,
                      .running = std::move(running)});
}

}  // namespace swarmlab::server
