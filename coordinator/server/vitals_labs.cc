// Metrics of labs, at most so many of them.
#include <algorithm>
#include <array>

#include "common/model/names.h"
#include "coordinator/server/vitals.h"
#include "coordinator/swarm/climb.h"
#include "coordinator/swarm/stop.h"

namespace swarmlab::server {
namespace {

constexpr std::array kVerdicts{Verdict::keep,      Verdict::discard,      Verdict::crash,
                               Verdict::timeout,   Verdict::guard_failed, Verdict::out_of_scope,
                               Verdict::duplicate, Verdict::no_change,    Verdict::invalid};

constexpr std::array<std::pair<swarm::LabStatus, const char*>, 4> kStates{
    {{swarm::LabStatus::running, "running"},
     {swarm::LabStatus::paused, "paused"},
     {swarm::LabStatus::stopping, "stopping"},
     {swarm::LabStatus::stopped, "stopped"}}};

double dollars(MicroUsd amount) {
  return static_cast<double>(amount.value()) / 1e6;
}

// Those that are open, then the newest.
std::vector<const swarm::Lab*> told(const swarm::State& state) {
  std::vector<const swarm::Lab*> labs;
  for (const auto& [id, lab] : state.labs) labs.push_back(&lab);
  const auto before = [](const swarm::Lab* a, const swarm::Lab* b) {
    const bool a_stopped = a->status == swarm::LabStatus::stopped;
    const bool b_stopped = b->status == swarm::LabStatus::stopped;
    return a_stopped != b_stopped ? b_stopped : a->id > b->id;
  };
  const std::size_t most = std::min(labs.size(), kMostLabsTold);
  std::partial_sort(labs.begin(), labs.begin() + static_cast<std::ptrdiff_t>(most), labs.end(),
                    before);
  labs.resize(most);
  return labs;
}

const std::string& scale_name(const swarm::Lab& lab, std::uint32_t scale) {
  return scale < lab.settings.scales.size() ? lab.settings.scales[scale].name : lab.settings.scale;
}

void tell_state(metrics::Page& page, const swarm::Lab& lab, const std::string& name) {
  for (const auto& [status, word] : kStates) {
    page.gauge("swarmlab_lab_state", "1: the lab is in this state", lab.status == status ? 1 : 0,
               {{"lab", name}, {"state", word}});
  }
}

void tell_experiments(metrics::Page& page, const VitalsSource& source, const swarm::Lab& lab,
                      const std::string& name) {
  for (const Verdict verdict : kVerdicts) {
    const auto found = lab.counters.by_verdict.find(verdict);
    page.counter("swarmlab_experiments_total", "Experiments that were decided",
                 number(found == lab.counters.by_verdict.end() ? 0 : found->second),
                 {{"lab", name}, {"verdict", std::string(name_of(verdict))}});
  }
  page.gauge("swarmlab_frontier_size", "Kept candidates of the current segment",
             number(lab.frontier.size()), {{"lab", name}});
  const swarm::Index::OfLab& open = source.state.index.labs.at(lab.id);
  std::uint64_t waiting = open.waiting.size();
  for (const auto& [scale, tasks] : open.checks) waiting += tasks.size();
  for (const auto& [state, count] : {std::pair<const char*, std::uint64_t>{"waiting", waiting},
                                     {"leased", open.leased.size()},
                                     {"orphaned", open.orphaned.size()}}) {
    page.gauge("swarmlab_tasks", "Open tasks", number(count), {{"lab", name}, {"state", state}});
  }
}

void tell_scores(metrics::Page& page, const swarm::Lab& lab, const std::string& name) {
  constexpr const char* kName = "swarmlab_best_score";
  constexpr const char* kHelp = "Of the best candidate, or of the champion of a larger scale";
  if (lab.best) {
    page.gauge(kName, kHelp, lab.best->level, {{"lab", name}, {"scale", scale_name(lab, 0)}});
  }
  for (std::uint32_t scale = 1; scale <= lab.rungs.size(); ++scale) {
    const auto& champion = lab.rungs[scale - 1].champion;
    if (!champion) continue;
    if (const auto score = swarm::score_at(lab, *champion, scale)) {
      page.gauge(kName, kHelp, *score, {{"lab", name}, {"scale", scale_name(lab, scale)}});
    }
  }
}

// Only limits that there are.
void tell_budget(metrics::Page& page, const VitalsSource& source, const swarm::Lab& lab,
                 const std::string& name) {
  const StopLimits& limits = lab.settings.stop;
  const auto tell = [&](const char* kind, double spent, double most) {
    if (most <= 0.0) return;
    page.gauge("swarmlab_budget_remaining_ratio", "Of a limit of the lab: what is left, 0 to 1",
               std::clamp(1.0 - spent / most, 0.0, 1.0), {{"lab", name}, {"kind", kind}});
  };
  const swarm::Standing standing = swarm::standing_of(source.state, lab);
  tell("cost", dollars(lab.budget.spent), dollars(limits.max_cost));
  tell("experiments", number(lab.counters.iterations), number(limits.max_iterations));
  tell("time", static_cast<double>(swarm::running_time(standing, source.now).count()),
       static_cast<double>(limits.max_time.count()));
  page.counter("swarmlab_agent_cost_dollars_total", "What agents cost", dollars(lab.budget.spent),
               {{"lab", name}});
}

// What is counted since the coordinator began.
void tell_tally(metrics::Page& page, const VitalsSource& source, const swarm::Lab& lab,
                const std::string& name) {
  for (const auto* kind : {"input", "output"}) {
    const auto found = source.tally.tokens.find({lab.id, kind});
    page.counter("swarmlab_agent_tokens_total", "Tokens of agents",
                 number(found == source.tally.tokens.end() ? 0 : found->second),
                 {{"lab", name}, {"kind", kind}});
  }
  for (auto at = source.tally.tasks.lower_bound({lab.id, ""});
       at != source.tally.tasks.end() && at->first.first == lab.id; ++at) {
    page.counter("swarmlab_tasks_total", "Tasks that ended; checked: on the ladder or the holdout",
                 number(at->second), {{"lab", name}, {"verdict", at->first.second}});
  }
  for (std::uint32_t scale = 1; scale <= lab.rungs.size(); ++scale) {
    const auto found = source.tally.promotions.find({lab.id, scale});
    page.counter("swarmlab_promotions_total", "Candidates that climbed to a scale",
                 number(found == source.tally.promotions.end() ? 0 : found->second),
                 {{"lab", name}, {"scale", scale_name(lab, scale)}});
  }
}

void tell_provider(metrics::Page& page, const VitalsSource& source, const swarm::Lab& lab,
                   const std::string& name) {
  const Milliseconds left = lab.backoff ? lab.backoff->until - source.now : Milliseconds(0);
  page.gauge("swarmlab_provider_backoff_seconds",
             "Until the lab asks its agents' provider again; 0: it answers, or is asked now",
             std::max(0.0, static_cast<double>(left.count()) / 1000.0), {{"lab", name}});
  page.gauge("swarmlab_provider_failures_in_row", "Of the lab's agents' provider",
             lab.backoff ? lab.backoff->failures : 0, {{"lab", name}});
}

}  // namespace

void tell_labs(metrics::Page& page, const VitalsSource& source) {
  for (const swarm::Lab* lab : told(source.state)) {
    const std::string& name = lab->settings.name;
    tell_state(page, *lab, name);
    tell_experiments(page, source, *lab, name);
    tell_scores(page, *lab, name);
    tell_budget(page, source, *lab, name);
    tell_tally(page, source, *lab, name);
    tell_provider(page, source, *lab, name);
  }
  const std::size_t all = source.state.labs.size();
  page.gauge("swarmlab_hidden_series", "Labs and pools that are too many to be told",
             number(all - std::min(all, kMostLabsTold)), {{"kind", "labs"}});
}

}  // namespace swarmlab::server
