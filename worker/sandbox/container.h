// Sandboxes that are containers of an engine: what docker and podman share.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "common/os/file.h"
#include "worker/sandbox/engine.h"
#include "worker/sandbox/sandbox.h"
#include "worker/sandbox/system_view.h"

namespace swarmlab::sandbox {

class Container final : public Sandbox {
 public:
  /// Takes the folder for its own, removes what an earlier process left there, and proves that a
  /// container starts. \return unavailable with the reason
  [[nodiscard]] static Result<std::unique_ptr<Sandbox>> make(Engine engine,
                                                             const SandboxOptions& options);

  [[nodiscard]] Result<SandboxResult> run(const SandboxRequest& request,
                                          const CancelToken& cancel) override;
  [[nodiscard]] std::string_view name() const override { return engine_.name; }
  [[nodiscard]] Result<bool> has_image(const ImageWish& wish) override;
  [[nodiscard]] Result<void> build_image(const ImageWish& wish, const CancelToken& cancel) override;

 private:
  Container(Engine engine, SystemView system, TempFolder folder, std::string owner)
      : engine_(std::move(engine)),
        system_(std::move(system)),
        folder_(std::move(folder)),
        owner_(std::move(owner)) {}

  [[nodiscard]] Result<void> write_files() const;
  [[nodiscard]] Result<void> prepare_host_image();
  [[nodiscard]] Result<void> try_out();

  Engine engine_;
  SystemView system_;
  std::string devices_ = {};  // the folder of device files
  TempFolder folder_;         // a folder of each run, and what all runs share
  std::string owner_;
  std::string host_image_ = {};
  std::string filter_ = {};  // of system calls
  std::atomic<unsigned> runs_{0};
};

/// Gives a folder and all in it to another user; never follows a link. \return unavailable if that
/// is not possible
[[nodiscard]] Result<void> give_away(const std::string& path, unsigned user, unsigned group);

}  // namespace swarmlab::sandbox
