// The brief: what a fresh agent is told before it changes anything, and no more than fits. Pure
// text from state and history.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/report.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::server {

// A kept experiment that a candidate stands on.
struct Ancestor {
  Experiment experiment;
  std::string diff;  // of its change; empty: not to be shown
};

// An experiment that another does now.
struct Running {
  ExperimentNumber number;
  Announcement said;  // by its agent, so far
};

// What a brief is written from. Nothing here is what hidden data could leak through: no holdout, no
// logs of the evaluator.
struct BriefSource {
  const swarm::Lab& lab;
  const swarm::Task& task;
  std::vector<Ancestor> lineage;         // from the parent up to the baseline
  const std::deque<Experiment>& recent;  // decided lately, oldest first
  std::vector<Running> running;
};

/// brief.md, in Markdown, of about [agent] brief_tokens: goal and rules always, then as much as
/// fits of hints, lineage, what runs, what was tried, what the kept steps changed, and ideas. The
/// same source gives the same text. What agents wrote is quoted (quote.h): it is data.
[[nodiscard]] std::string write_brief(const BriefSource& source);

/// How many tokens a text has, about: a quarter of its bytes. Models count differently; this only
/// bounds it.
[[nodiscard]] constexpr std::size_t tokens_of(std::size_t bytes) {
  return (bytes + 3) / 4;
}

/// results.tsv of `experiments` in order, for agents: long notes are cut, and of a reason there is
/// the first line alone.
[[nodiscard]] std::string write_results(const std::deque<Experiment>& experiments);

}  // namespace swarmlab::server
