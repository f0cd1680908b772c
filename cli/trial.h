// A lab's guard and evaluator, tried here as a worker runs them: in the real sandbox, on a clean
// checkout. For check, eval and diagnose; nothing of it is stored.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/locate.h"
#include "common/model/lab.h"
#include "common/model/object_id.h"
#include "common/os/cancel.h"
#include "common/os/file.h"
#include "common/result.h"
#include "worker/evaluator/evaluation.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::cli {

struct TrialWish {
  std::string data;                 // as `run --data` takes it; empty: the lab's own
  std::vector<std::string> expose;  // host paths that the sandbox shows, besides the system's
  // The working tree instead of HEAD: with what is not committed, without what git ignores.
  bool working_tree = false;
};

struct TrialRun {
  worker::Evaluation evaluation;
  std::chrono::microseconds took{0};
};

class Trial {
 public:
  /// Checks the lab against its files, checks them out into a folder of its own, and makes the
  /// sandbox. \return  all that is wrong with the lab, or why no sandbox starts.
  static Result<Trial> prepare(const Context& context, const LabPlace& place,
                               const TrialWish& wish);

  [[nodiscard]] const LabSettings& settings() const { return settings_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  [[nodiscard]] const ObjectId& commit() const { return commit_; }  // HEAD
  /// Editable paths of the checkout.
  [[nodiscard]] const std::vector<std::string>& editable() const { return editable_; }
  /// Files that are not as HEAD has them, in the lab's folder.
  [[nodiscard]] const std::vector<std::string>& uncommitted() const { return uncommitted_; }
  [[nodiscard]] std::string sandbox_name() const { return std::string(sandbox_->name()); }

  /// Nothing if the guard passed. \pre  settings().guard
  [[nodiscard]] Result<std::optional<worker::Failed>> guard(const CancelToken& cancel);
  /// \param samples  the only ones to score; empty: all
  [[nodiscard]] Result<TrialRun> measure(const std::vector<std::string>& samples,
                                         const CancelToken& cancel);

 private:
  explicit Trial(TempFolder folder) : folder_(std::move(folder)) {}
  Result<void> check_out(const LabPlace& place, bool working_tree);
  Result<void> read_settings(const LabPlace& place, const TrialWish& wish);
  Result<worker::EvaluationPaths> fresh_paths();
  Result<void> take_image(const LabPlace& place);
  Result<sandbox::SandboxResult> run(sandbox::SandboxRequest request, const CancelToken& cancel);

  TempFolder folder_;  // holds checkout/, shim/ and scratch-N/
  LabSettings settings_;
  std::vector<std::string> warnings_;
  ObjectId commit_;
  std::vector<std::string> editable_;
  std::vector<std::string> uncommitted_;
  std::vector<std::string> files_;  // of the checkout
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::string image_;  // of the lab's sandboxes; empty: it has none
  unsigned runs_ = 0;
};

}  // namespace swarmlab::cli
