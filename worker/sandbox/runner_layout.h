// How a runner's command finds the paths of a sandbox, where nothing can be mounted: as a tree of
// links beside the runner's socket, and as rules for Landlock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/os/file.h"
#include "common/result.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::sandbox {

struct RunnerView {
  std::string folder;            // of the runner's socket
  std::uint32_t places = 0;      // as its Hello says
  std::string program;           // its own, which stands for ours
  std::string our_program = {};  // empty: not known
};

class RunnerLayout {
 public:
  /// Clears the links of an earlier run and lays out those of this one. What is frozen below a
  /// writable mount loses its write permission: rules cannot take back what they gave for a folder.
  /// \return invalid_input if a writable mount is not in the runner's folder
  [[nodiscard]] static Result<RunnerLayout> make(const SandboxRequest& request,
                                                 const RunnerView& view);

  /// The request as the command can have it: host paths for those that are not there inside.
  [[nodiscard]] const SandboxRequest& request() const { return request_; }
  /// The paths that it may read or write, as runner_words.h has them.
  [[nodiscard]] std::string paths() const;

 private:
  RunnerLayout(SandboxRequest request, TempFolder own)
      : request_(std::move(request)), own_(std::move(own)) {}

  [[nodiscard]] Result<void> add_own_folders();
  [[nodiscard]] Result<void> bring(const RunnerView& view);
  [[nodiscard]] Result<void> link(const RunnerView& view);
  [[nodiscard]] Result<void> freeze() const;
  void translate(const RunnerView& view);
  [[nodiscard]] std::string on_host(const std::string& text, const RunnerView& view) const;

  SandboxRequest request_;
  TempFolder own_;  // of this run: the home folder, empty folders
  std::string links_ = {};
};

}  // namespace swarmlab::sandbox
