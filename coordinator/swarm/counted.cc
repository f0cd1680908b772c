#include "coordinator/swarm/counted.h"

#include <algorithm>
#include <utility>

#include "coordinator/swarm/lease.h"
#include "coordinator/swarm/stop.h"

namespace swarmlab::swarm {

bool contains(const std::vector<FencingToken>& tokens, FencingToken token) {
  return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
}

Experiment experiment_of(const Task& task, const Report& report, Timestamp now) {
  Experiment experiment = record_of(task, now);
  if (!task.pending) {
    experiment.commit = report.commit;
    experiment.tree = report.tree;
    experiment.paths = report.paths;
    experiment.notes = task.candidate ? task.candidate->notes : report.notes;
    experiment.near_duplicate = report.near_duplicate;
    experiment.host_class = report.host_class;
    experiment.token = report.token;
    experiment.stages = report.stages;
    experiment.reworks = report.reworks;
    experiment.agent = report.agent;
  }
  experiment.measured_under.push_back(report.token);
  const auto add = [&](Measurement run) {
    run.worker = task.lease->worker;  // whoever it says that it is
    experiment.measurements.push_back(std::move(run));
  };
  if (report.measurement) add(*report.measurement);
  for (const Measurement& one : report.more) add(one);
  return experiment;
}

// What this report costs, added to the experiment. Another measurement is free, most of the time:
// it is not charged then, so that it does not count as an attempt of an agent.
Cost charge_report(Experiment& experiment, const Task& task, const Report& report) {
  if (contains(task.charged, report.token)) return {};
  if ((task.pending || !makes_experiment(task.kind)) && report.cost == Cost{}) return {};
  experiment.charged.push_back(report.token);
  experiment.cost.usd = plus(experiment.cost.usd, report.cost.usd);
  experiment.cost.input_tokens += report.cost.input_tokens;
  experiment.cost.output_tokens += report.cost.output_tokens;
  return report.cost;
}

}  // namespace swarmlab::swarm
