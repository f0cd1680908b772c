#include "coordinator/swarm/simplicity.h"

#include <algorithm>
#include <set>

#include "common/result.h"
#include "coordinator/judge/judge.h"
#include "coordinator/judge/metrics.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/front.h"
#include "coordinator/swarm/rejected.h"

namespace swarmlab::swarm {
namespace {

bool counts(const Lab& lab) {
  return lab.settings.search.simplicity.counts && !has_several_metrics(lab.settings);
}

std::string unit_of(const Simplicity& simplicity) {
  return simplicity.metric.empty() ? "lines" : simplicity.metric;
}

// Without it the best may be smaller.
bool made_larger(const Lab& lab, const FrontierEntry& step) {
  if (!step.parent || !step.size) return false;
  const auto parent = lab.frontier.find(*step.parent);
  return parent != lab.frontier.end() && parent->second.size && *step.size > *parent->second.size;
}

}  // namespace

std::optional<double> size_of(const Simplicity& simplicity, const ReportArrived& command) {
  if (!simplicity.counts || !command.report.measurement) return std::nullopt;
  if (!simplicity.metric.empty()) {
    return judge::value_of(*command.report.measurement, simplicity.metric);
  }
  if (!command.lines) return std::nullopt;
  return static_cast<double>(*command.lines);
}

const FrontierEntry& anchor_of(const Lab& lab) {
  SWARMLAB_ASSERT(lab.best.has_value());
  if (!lab.best->conceded_from) return *lab.best;
  const auto anchor = lab.frontier.find(*lab.best->conceded_from);
  return anchor == lab.frontier.end() ? *lab.best : anchor->second;  // a person rejected it
}

bool is_smaller(const Lab& lab, const Experiment& candidate) {
  SWARMLAB_ASSERT(lab.best.has_value());
  return counts(lab) && candidate.size && lab.best->size && *candidate.size < *lab.best->size;
}

std::optional<double> allowed_loss(const Lab& lab, const Experiment& candidate,
                                   ExperimentNumber reference) {
  if (!is_smaller(lab, candidate)) return std::nullopt;
  const FrontierEntry& anchor = anchor_of(lab);
  if (reference != anchor.number) return std::nullopt;
  return judge::loss_that_is_allowed(lab.settings.metric, anchor.level, lab.learned);
}

std::string smaller_text(const Lab& lab, const Experiment& candidate) {
  return fmt::format("smaller than #{}: {:.6g} {} instead of {:.6g}", lab.best->number.value(),
                     candidate.size.value(), unit_of(lab.settings.search.simplicity),
                     lab.best->size.value());
}

std::optional<ExperimentNumber> conceded_from(const Lab& lab, const Experiment& kept,
                                              bool becomes_best) {
  if (!becomes_best || !lab.best || kept.kind == TaskKind::baseline) return std::nullopt;
  const FrontierEntry& anchor = anchor_of(lab);
  if (kept.simpler) return anchor.number;
  const bool is_new_anchor = anchor.number == lab.best->number ||
                             judge::is_better(lab.settings.metric.direction,
                                              kept.score().value_or(anchor.level), anchor.level);
  return is_new_anchor ? std::nullopt : std::optional(anchor.number);
}

std::optional<ExperimentNumber> next_to_undo(const Lab& lab) {
  if (!counts(lab) || !lab.best || !lab.best->size) return std::nullopt;
  const bool goes_on = lab.simplifying && lab.simplifying->champion == lab.best->number;
  // Without the best's own change it is its parent, which it beat.
  const ExperimentNumber end = goes_on ? lab.simplifying->step : lab.best->number;
  std::set<ExperimentNumber> undone;
  const FrontierEntry* step = &*lab.best;
  while (step != nullptr) {
    if (step->undoes) undone.insert(*step->undoes);
    const bool is_left = step->number < end && !undone.contains(step->number);
    if (is_left && lab.frontier.contains(step->number) && made_larger(lab, *step)) {
      return step->number;
    }
    step = step->parent ? find_kept(lab, *step->parent) : nullptr;
  }
  return std::nullopt;
}

std::optional<TaskCreated> simplification(const State& state, const Lab& lab,
                                          const Worker& worker) {
  const Index::OfLab& open = state.index.labs.at(lab.id);
  const std::uint64_t after = lab.settings.search.simplicity.after;
  if (!open.to_undo || open.simplifies || !worker.simplifies) return std::nullopt;
  if (after == 0 || lab.counters.without_keep < after) return std::nullopt;
  const FrontierEntry& step = lab.frontier.at(*open.to_undo);
  const FrontierEntry& before = lab.frontier.at(step.parent.value());
  return TaskCreated{
      .task = state.next_task,
      .lab = lab.id,
      .kind = TaskKind::simplify,
      .experiment = lab.next_experiment,
      .segment = lab.segment.number,
      .parent = lab.best->number,
      .parent_commit = lab.best->commit,
      .picked_because = fmt::format("#{}, the best, without the {:.6g} {} that #{} added",
                                    lab.best->number.value(), *step.size - *before.size,
                                    unit_of(lab.settings.search.simplicity), step.number.value()),
      .merge = MergeWith{.other = step.number, .commit = before.commit, .base = step.commit}};
}

void note_best(State& state, Lab& lab) {
  state.index.labs[lab.id].to_undo = next_to_undo(lab);
}

void note_task(State& state, Lab& lab, const Task& task) {
  SWARMLAB_ASSERT(task.kind == TaskKind::simplify && task.parent && task.merge);
  lab.simplifying = Simplifying{.champion = *task.parent, .step = task.merge->other};
  state.index.labs[lab.id].simplifies = task.id;
  note_best(state, lab);
}

void note_simplified(Lab& lab, const FrontierEntry& kept) {
  if (kept.undoes && lab.simplifying && lab.simplifying->champion == kept.parent) {
    lab.simplifying->champion = kept.number;
  }
}

}  // namespace swarmlab::swarm
