#include "worker/server/shared_fate.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

namespace swarmlab::worker {
namespace {

// Those that mean "end", not "you did wrong": what crashes by itself is told as it was.
bool asks_to_end(const sandbox::SandboxResult& result) {
  constexpr std::array kSignals{SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
  return result.how == sandbox::HowEnded::signaled &&
         std::ranges::find(kSignals, result.code) != kSignals.end();
}

class SharedFate final : public sandbox::Sandbox {
 public:
  SharedFate(std::unique_ptr<sandbox::Sandbox> inner, CancelToken told, Milliseconds grace)
      : inner_(std::move(inner)), told_(std::move(told)), grace_(grace) {}

  Result<sandbox::SandboxResult> run(const sandbox::SandboxRequest& request,
                                     const CancelToken& cancel) override {
    auto result = inner_->run(request, cancel);
    if (result && asks_to_end(*result) && told_.wait(grace_)) {
      result->how = sandbox::HowEnded::cancelled;
      result->code = 0;
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
  CancelToken told_;
  Milliseconds grace_;
};

}  // namespace

std::unique_ptr<sandbox::Sandbox> sharing_fate(std::unique_ptr<sandbox::Sandbox> sandbox,
                                               CancelToken told, Milliseconds grace) {
  return std::make_unique<SharedFate>(std::move(sandbox), std::move(told), grace);
}

}  // namespace swarmlab::worker
