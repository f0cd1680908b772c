// A branch: a lab of its own that starts from the candidate of an experiment, with settings of its
// parent that a person changed. The same whether a coordinator runs or a command opens the store by
// itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/lab/lab.h"
#include "common/result.h"
#include "coordinator/store/object_store.h"
#include "coordinator/store/store.h"
#include "coordinator/swarm/command.h"

namespace swarmlab::server {

struct BranchWish {
  std::string lab;  // name of the parent
  ExperimentNumber experiment;
  std::string name;                         // below the parent's: "wide" becomes "LAB/wide"
  std::vector<std::string> set;             // "search.policy=best-of-n"
  std::optional<std::string> instructions;  // in place of the lab's own
  std::string who;
};

/// What opens the branch: the lab files of the candidate with what is set, checked like any lab's.
/// Writes a commit, if the instructions are others; decides nothing. The same wish gives the same
/// command.
/// \return  not_found if there is no such lab or experiment, invalid_input if it has no candidate
///          or was measured by an earlier evaluator, and with all that is wrong with what is set
[[nodiscard]] Result<swarm::OpenLab> plan_branch(const swarm::State& state,
                                                 const store::Store& store,
                                                 store::ObjectStore& objects,
                                                 const BranchWish& wish);

/// What opens a branch again, with the flags of this run. Its parent was opened before it.
/// \pre  the lab has an origin
[[nodiscard]] Result<swarm::OpenLab> plan_reopening(const swarm::State& state,
                                                    const store::ObjectStore& objects,
                                                    const swarm::Lab& branch,
                                                    const LabOverrides& overrides,
                                                    const std::string& who);

/// The branches of a lab, and theirs: each after its parent.
[[nodiscard]] std::vector<LabId> branches_of(const swarm::State& state, LabId lab);

}  // namespace swarmlab::server
