#include "worker/server/metered_sandbox.h"

#include <algorithm>

#include "common/os/stopwatch.h"

namespace swarmlab::worker {
namespace {

class Metered final : public sandbox::Sandbox {
 public:
  Metered(std::unique_ptr<sandbox::Sandbox> inner, WorkTally& tally)
      : inner_(std::move(inner)), tally_(tally) {}

  Result<sandbox::SandboxResult> run(const sandbox::SandboxRequest& request,
                                     const CancelToken& cancel) override {
    const Stopwatch running;
    auto result = inner_->run(request, cancel);
    if (result) {
      const std::chrono::duration<double> beside = running.seconds() - result->took;
      tally_.sandbox_worked(std::max(beside, std::chrono::duration<double>(0)));
    } else if (result.error().code == ErrorCode::unavailable) {
      tally_.sandbox_failed(result.error().message);
    }
    return result;
  }
  [[nodiscard]] std::string_view name() const override { return inner_->name(); }
  Result<bool> has_image(const sandbox::ImageWish& wish) override {
    return inner_->has_image(wish);
  }
  Result<void> build_image(const sandbox::ImageWish& wish, const CancelToken& cancel) override {
    return inner_->build_image(wish, cancel);
  }

 private:
  std::unique_ptr<sandbox::Sandbox> inner_;
  WorkTally& tally_;
};

}  // namespace

std::unique_ptr<sandbox::Sandbox> metered(std::unique_ptr<sandbox::Sandbox> sandbox,
                                          WorkTally& tally) {
  return std::make_unique<Metered>(std::move(sandbox), tally);
}

}  // namespace swarmlab::worker
