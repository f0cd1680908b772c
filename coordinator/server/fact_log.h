// What the swarm decided, as lines of the log: leases that were granted, lost and returned,
// verdicts, reports that do not count. Each with lab, experiment, task, token, worker and session,
// so that the story of one experiment can be picked out. Written once it is on disk; never what
// agents said.
#pragma once

#include <string>
#include <vector>

#include "common/log/log.h"
#include "coordinator/swarm/command.h"
#include "coordinator/swarm/state.h"

namespace swarmlab::server {

class FactLog {
 public:
  /// \param before  the state that the change was not applied to yet
  void note(const swarm::State& before, const swarm::Change& change);
  void note(const swarm::Command& command, const swarm::Reply& reply);
  /// After the commit.
  void write();

 private:
  struct Line {
    log::Level level;
    std::string text;
    std::vector<log::Field> fields;
  };
  std::vector<Line> lines_;
};

/// Labs, workers and leases, a line each, at info: for a person who wants to know what a
/// coordinator does just now.
void log_summary(const swarm::State& state);

}  // namespace swarmlab::server
