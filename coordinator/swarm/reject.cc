// A person takes a kept candidate out of the search. What its measurements gave stands in its
// record; but it is no parent any more and not the best. What runs from it goes on: it is shown as
// what descends from a rejected one.
#include <algorithm>

#include "common/result.h"
#include "coordinator/policy/candidates.h"
#include "coordinator/swarm/draft.h"
#include "coordinator/swarm/find.h"
#include "coordinator/swarm/handlers.h"
#include "coordinator/swarm/rejected.h"

namespace swarmlab::swarm {
namespace {

constexpr std::size_t kMostBytes = 2000;

// Of the frontier, those that contain the change of `above`; by number.
std::vector<ExperimentNumber> descendants_of(const Lab& lab, ExperimentNumber above) {
  std::set<ExperimentNumber> within{above};
  std::vector<ExperimentNumber> found;
  // Children have higher numbers than their parents.
  std::map<ExperimentNumber, std::optional<ExperimentNumber>> kept;
  for (const auto& [number, entry] : lab.rejected) kept.emplace(number, entry.parent);
  for (const auto& [number, entry] : lab.frontier) kept.emplace(number, entry.parent);
  for (const auto& [number, parent] : kept) {
    if (!parent || !within.contains(*parent)) continue;
    within.insert(number);
    if (lab.frontier.contains(number)) found.push_back(number);
  }
  return found;
}

// The best of what stays; of equal ones the oldest. The baseline always stays.
const FrontierEntry& best_without(const Lab& lab, const std::set<ExperimentNumber>& gone) {
  const FrontierEntry* best = nullptr;
  double least = 0.0;
  for (const auto& [number, entry] : lab.frontier) {
    if (gone.contains(number)) continue;
    const double cost = policy::cost_of(lab.settings.metric.direction, entry.score);
    if (best != nullptr && cost >= least) continue;
    best = &entry;
    least = cost;
  }
  SWARMLAB_ASSERT(best != nullptr);
  return *best;
}

// Nobody worked on these yet, and nobody shall.
void drop_waiting(Draft& draft, const State& state, const Lab& lab,
                  const std::set<ExperimentNumber>& gone) {
  for (const TaskId id : state.index.labs.at(lab.id).waiting) {
    const Task& task = task_of(state, id);
    if (!task.parent || task.pending || task.candidate) continue;
    const bool merges = task.merge && gone.contains(task.merge->other);
    if (!merges && !gone.contains(*task.parent)) continue;
    const ExperimentNumber number = merges ? task.merge->other : *task.parent;
    draft.drop(task,
               fmt::format("experiment {}, which it starts from, was rejected", number.value()));
  }
}

std::optional<Error> against(const Lab& lab, const RejectExperiment& command) {
  const std::uint64_t number = command.experiment.value();
  const std::string& name = lab.settings.name;
  if (command.why.empty() || command.why.size() > kMostBytes) {
    return Error{ErrorCode::invalid_input,
                 fmt::format("why has {} bytes, expected 1 to {}", command.why.size(), kMostBytes)};
  }
  if (command.experiment == lab.segment.baseline) {
    return Error{
        ErrorCode::conflict,
        fmt::format("experiment {} of {} is the baseline: it cannot be rejected", number, name)};
  }
  if (find_kept(lab, command.experiment) == nullptr) {
    return Error{ErrorCode::conflict,
                 fmt::format("experiment {} is not in the frontier of {}: only what was kept, "
                             "since the lab last changed, can be rejected",
                             number, name)};
  }
  return std::nullopt;
}

// What is being measured at a larger scale would become a champion when its measurement ends.
std::optional<Error> against_climbing(const Lab& lab, ExperimentNumber number) {
  for (std::size_t i = 0; i < lab.rungs.size(); ++i) {
    const auto climb = lab.rungs[i].climbs.find(number);
    if (climb == lab.rungs[i].climbs.end() || climb->second.standing != ladder::Standing::running) {
      continue;
    }
    return Error{
        ErrorCode::conflict,
        fmt::format("experiment {} of {} is being measured at scale {}: reject it when "
                    "that is done",
                    number.value(), lab.settings.name, lab.settings.scales.at(i + 1).name)};
  }
  return std::nullopt;
}

}  // namespace

Decision on(const State& state, const Rules& /*rules*/, const RejectExperiment& command,
            Timestamp now) {
  const Lab* lab = find_lab(state, command.lab);
  if (lab == nullptr) return {.changes = {}, .reply = unknown_lab(state, command.lab)};
  if (auto error = against(*lab, command)) return {.changes = {}, .reply = *std::move(error)};
  std::vector<ExperimentNumber> below = descendants_of(*lab, command.experiment);
  Rejected reply{.lab = lab->id, .now = {}, .best = {}, .descendants = {}};
  if (lab->frontier.contains(command.experiment)) reply.now.push_back(command.experiment);
  auto& rest = command.descendants ? reply.now : reply.descendants;
  rest.insert(rest.end(), below.begin(), below.end());
  for (const ExperimentNumber number : reply.now) {
    if (auto error = against_climbing(*lab, number)) return {.changes = {}, .reply = *error};
  }
  const std::set<ExperimentNumber> gone(reply.now.begin(), reply.now.end());
  const FrontierEntry& best =
      lab->best && !gone.contains(lab->best->number) ? *lab->best : best_without(*lab, gone);
  reply.best = best.number;
  Draft draft(state, now);
  drop_waiting(draft, state, *lab, gone);
  for (const ExperimentNumber number : reply.now) {
    draft.add(ExperimentRejected{.lab = lab->id,
                                 .experiment = number,
                                 .rejection = {.who = command.who, .why = command.why, .at = now},
                                 .best = best.number});
  }
  Standing& standing = draft.standing(lab->id);
  standing.best = best.level;
  standing.best_number = best.number;
  draft.settle();
  return std::move(draft).with(std::move(reply));
}

}  // namespace swarmlab::swarm
