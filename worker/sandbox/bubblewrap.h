// The bubblewrap driver, open for those who want to know how it does: `doctor` and the factory.
#pragma once

#include <memory>
#include <string>

#include "worker/sandbox/bubblewrap_args.h"
#include "worker/sandbox/cgroup.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::sandbox {

class Bubblewrap final : public Sandbox {
 public:
  struct Parts {
    std::string program = {};  // the path of bwrap
    SystemView system = {};
    std::string seccomp = {};  // the filter
    std::string devices = "/dev";
    CgroupAbilities cgroups = {};
    bool disable_user_namespaces = false;
  };
  explicit Bubblewrap(Parts parts) : parts_(std::move(parts)) {}

  [[nodiscard]] Result<SandboxResult> run(const SandboxRequest& request,
                                          const CancelToken& cancel) override;
  [[nodiscard]] std::string_view name() const override { return "bubblewrap"; }

 private:
  Parts parts_;
};

/// Where bwrap is: on our PATH or a usual place; empty if nowhere.
[[nodiscard]] std::string find_bubblewrap();

/// Finds the parts and proves that a sandbox starts, if need be without --disable-userns.
/// \return unavailable with the reason and, where it is known, what to do.
[[nodiscard]] Result<Bubblewrap::Parts> prepare_bubblewrap(const SandboxOptions& options);

}  // namespace swarmlab::sandbox
