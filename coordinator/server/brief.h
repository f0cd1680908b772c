// The brief: what a fresh agent is told before it changes anything. Pure text from state and
// history.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "common/model/experiment.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::server {

// What a brief is written from. Nothing here is what hidden data could leak through: no holdout, no
// logs of the evaluator.
struct BriefSource {
  const swarm::Lab& lab;
  const swarm::Task& task;
  std::vector<Experiment> lineage;        // from the parent up to the baseline
  const std::deque<Experiment>& recent;   // decided lately, oldest first
  std::vector<ExperimentNumber> running;  // experiments that others do now
};

/// brief.md, in Markdown. Text that agents wrote is quoted and stripped of line breaks: it is data.
[[nodiscard]] std::string write_brief(const BriefSource& source);

/// results.tsv of `experiments` in order, for agents: long notes are cut, and of a reason there is
/// the first line alone.
[[nodiscard]] std::string write_results(const std::deque<Experiment>& experiments);

}  // namespace swarmlab::server
