// The workspace of an attempt: laid out once, worked in by the agent, once or in several rounds,
// and what the agent changed there collected into a candidate.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/git/merge.h"
#include "common/git/repository.h"
#include "common/lab/scope.h"
#include "common/model/report.h"
#include "common/os/cancel.h"
#include "common/result.h"
#include "worker/agent/agent.h"
#include "worker/sandbox/sandbox.h"
#include "worker/server/agent_session.h"
#include "worker/server/attempt.h"
#include "worker/server/outlets.h"
#include "worker/server/trials.h"

namespace swarmlab::worker {

class Workshop {
 public:
  // All outlive the workshop, and what they name is known when lay_out() is called.
  struct Parts {
    const Workbench& bench;
    const Assignment& assignment;
    git::Repository& repository;
    const std::string& folder;  // of the attempt
    const Briefing& briefing;
    const ObjectId& parent_tree;
    const DataFolders::InUse& data;       // large data, if there is any
    const std::string& data_in_checkout;  // where it is to be mounted; empty: nowhere
    const CancelToken& cancel;
    const Secrets& secrets;
    AgentSession* session;  // null: none is kept after this experiment
    RunSandbox run;
    std::function<void(sandbox::SandboxRequest&)> dress;  // as `run` does before it runs it
    SpooledReport& result;  // takes stages, log, notes, cost, and the outcome of what fails
  };
  explicit Workshop(Parts parts) : parts_(std::move(parts)) {}

  /// Combines both sides of a merge. \return  whether they conflict: then an agent starts from what
  /// has the parent's lines there, and is shown both. \pre  assignment.merge
  Result<bool> merge();
  /// Takes a change out of the parent. \return  whether it can be: where it conflicts with what
  /// came after it, there is no candidate, and the report says so. \pre  a task of kind simplify
  Result<bool> take_out();
  /// Makes what merge() or take_out() gave a candidate, as collect_changes() does.
  /// \pre  no conflicts
  Result<bool> take_merged();

  /// The tree to start from with the briefing, in the folder of the attempt.
  Result<void> lay_out();

  /// Runs the agent in the workspace as it is, for at most `time`. Cost and log add up over rounds.
  /// \param rework  the guard that it failed; none: the first round
  /// \return  how it failed; none: it ended well
  Result<std::optional<AgentFailure>> let_agent_work(Milliseconds time,
                                                     const std::optional<Rework>& rework);

  /// Makes what it changed a candidate: the report gets its tree and, if it is to be measured, its
  /// commit. \return  whether it is to be measured; if not, the report has its outcome
  Result<bool> collect_changes();

  /// Sketches the change to the report's tree, and asks the coordinator whether it knows it, or
  /// nearly; a merge and what a person made are measured whatever they are like.
  /// \return  true: it is not to be measured, and the report has its outcome
  Result<bool> is_known();

  /// Of the candidate's commit.
  [[nodiscard]] std::vector<ObjectId> parents() const;

  /// How long the agent worked so far, in all rounds.
  [[nodiscard]] std::chrono::microseconds worked() const { return worked_; }

 private:
  [[nodiscard]] bool shakes_hands() const {
    return swarmlab::worker::shakes_hands(parts_.assignment.settings.agent);
  }
  [[nodiscard]] std::string in_folder(const char* name) const {
    const bool stays = shakes_hands() && parts_.session != nullptr;
    return (stays ? parts_.session->desk() : parts_.folder) + "/" + name;
  }
  Result<void> lay_out_for_hands(const Scope& scope);
  Result<void> renew_for_hands(const Scope& scope);
  [[nodiscard]] std::vector<std::string> hands_in_workspace() const;
  Result<void> write_for_agent(const char* name, const std::string& text) const;
  Result<sandbox::SandboxResult> take_turn(sandbox::SandboxRequest request, Milliseconds time);
  Result<std::unique_ptr<LivingAgent>> living_for(const sandbox::SandboxRequest& request);
  Result<void> tell_verdict() const;
  void note_signal();
  [[nodiscard]] std::map<std::string, std::string> texts_in_workspace(const Scope& scope) const;
  void take_agents_words(const sandbox::SandboxResult& ended, const AgentEnded& said_end,
                         const std::optional<Rework>& rework, const Outlets::Went& went);
  void add_steps(const std::string& asked, const AgentEnded& said_end,
                 const sandbox::SandboxResult& ended);
  [[nodiscard]] AgentPaths agent_paths(std::vector<sandbox::Mount> workspace,
                                       const std::optional<Rework>& rework) const;
  Result<AgentEnded> run_agent(Milliseconds time, const std::optional<Rework>& rework);
  void count_round(AgentEnded& end);
  [[nodiscard]] bool lost_session(const AgentEnded& end) const;
  void settle_session(const AgentEnded& end);
  [[nodiscard]] MicroUsd left() const;
  Result<bool> take_tree(const ObjectId& tree);
  Result<bool> commit_candidate(const ObjectId& tree);
  [[nodiscard]] std::string name_of_parent() const;
  [[nodiscard]] std::string name_of_other() const;
  Result<bool> merge_trees();
  [[nodiscard]] LeaseKey lease() const { return {parts_.assignment.task, parts_.assignment.token}; }
  /// The parent's, or of a merge both sides.
  [[nodiscard]] const ObjectId& start_tree() const {
    return merged_ ? merged_->tree : parts_.parent_tree;
  }
  Result<void> lay_out_conflicts();
  bool end(Outcome outcome, std::string reason);

  Parts parts_;
  std::optional<git::Merged> merged_;
  std::chrono::microseconds worked_{0};
  std::string session_;           // of the agent, which a rework goes on with
  std::string news_;              // AgentPaths::news
  Cost told_;                     // of the session, before this round
  std::optional<Signal> signal_;  // of this round
};

}  // namespace swarmlab::worker
