// The rounds of an attempt: the agent works and the guard looks at the candidate; while the guard
// fails, the agent gets the failure and may repair its change in the same workspace, as often as
// the lab says (`[guard] reworks`).
//
// The guard and frozen files are those of a clean checkout in every round, and each round's changes
// are collected anew. All rounds share the agent's time (`[agent] timeout`): a candidate never
// takes more of it than the lab says.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/model/report.h"
#include "common/result.h"
#include "worker/server/trials.h"
#include "worker/server/workshop.h"

namespace swarmlab::worker {

class Rounds {
 public:
  // All outlive the rounds.
  struct Parts {
    const Workbench& bench;
    const LabSettings& settings;
    const std::string& folder;        // of the attempt
    const std::string& agent_folder;  // likewise, what agents may see of it
    Workshop& workshop;
    Trials& trials;
    SpooledReport& result;  // takes the candidate, how many reworks it took, and the outcome
  };
  explicit Rounds(Parts parts) : parts_(parts) {}

  /// Lays the workspace out, and goes on until a candidate passes the guard.
  /// \return  whether one did; if not, the report has its outcome, and the candidate that failed
  Result<bool> make_candidate();
  /// The same of what trees were merged to without conflicts: no agent works on it, so none repairs
  /// it.
  Result<bool> take_merged();

  /// The folder of the candidate's clean checkout. \pre  one passed
  [[nodiscard]] const std::string& checkout() const { return checkout_; }

 private:
  struct Failure {
    std::string reason;  // of the guard, as the report has it
    ObjectId tree;
    ObjectId commit;
  };

  Result<bool> work(const std::optional<Rework>& rework);
  Result<bool> guard();
  Result<std::optional<Rework>> next_rework();
  bool stay_with(const Failure& failure, const std::string& why);

  Parts parts_;
  std::string checkout_;
  std::map<ObjectId, ObjectId> failed_;  // trees, and their commits
  std::optional<Failure> last_;
};

}  // namespace swarmlab::worker
