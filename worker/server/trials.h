// Runs of the guard and the evaluator on clean checkouts that no agent saw: the only place where
// scores come from.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/git/repository.h"
#include "common/model/report.h"
#include "common/result.h"
#include "worker/evaluator/evaluation.h"
#include "worker/sandbox/sandbox.h"
#include "worker/server/attempt.h"

namespace swarmlab::worker {

using RunSandbox = std::function<Result<sandbox::SandboxResult>(sandbox::SandboxRequest)>;

class Trials {
 public:
  // All outlive the trials.
  struct Parts {
    const Workbench& bench;
    const Assignment& assignment;
    git::Repository& repository;
    std::string folder;                   // of the attempt
    const DataFolders::InUse& data;       // large data, if there is any
    const std::string& data_in_checkout;  // where it is to be mounted; empty: nowhere
    RunSandbox run;
    SpooledReport& result;  // takes stages, logs, samples, and the outcome of what fails
  };
  explicit Trials(Parts parts) : parts_(std::move(parts)) {}

  /// A clean checkout of a tree, in a folder of that name.
  Result<void> check_out(const ObjectId& tree, const std::string& name);
  /// Whether the guard passes, or there is none. If not, the report has its outcome.
  Result<bool> guard(const std::string& checkout);
  /// What the guard wrote last, and how it ended.
  [[nodiscard]] const std::string& last_guard_log() const { return last_guard_log_; }
  /// One run. None: it failed, and the report has the outcome.
  Result<std::optional<Measurement>> evaluate(const std::string& checkout, const ObjectId& tree,
                                              std::uint32_t repeat);

 private:
  Result<EvaluationPaths> paths_for(const std::string& checkout);
  void end(Outcome outcome, std::string reason);
  Measurement measurement_of(Scored scored, const ObjectId& tree, std::uint32_t repeat,
                             Milliseconds took);

  Parts parts_;
  std::uint32_t scratches_ = 0;
  std::string last_guard_log_;
};

}  // namespace swarmlab::worker
