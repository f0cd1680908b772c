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

/// results.tsv as Autoresearch Lab writes it (CRLF, csv quoting), of `experiments` in order.
[[nodiscard]] std::string write_results(const std::deque<Experiment>& experiments);
/// One row of it, with its line end.
[[nodiscard]] std::string results_row(const Experiment& experiment);
/// The header row, with its line end.
[[nodiscard]] std::string results_header();

}  // namespace swarmlab::server
