// What a signal to the whole process group ends, together with the worker.
#include "worker/server/shared_fate.h"

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

namespace swarmlab::worker {
namespace {

using sandbox::HowEnded;
using sandbox::SandboxResult;

class Ends final : public sandbox::Sandbox {
 public:
  explicit Ends(SandboxResult how) : how_(std::move(how)) {}
  Result<SandboxResult> run(const sandbox::SandboxRequest& /*request*/,
                            const CancelToken& /*cancel*/) override {
    return how_;
  }
  [[nodiscard]] std::string_view name() const override { return "ends"; }

 private:
  SandboxResult how_;
};

SandboxResult signaled(int signal) {
  return {.how = HowEnded::signaled, .code = signal};
}

HowEnded run(const SandboxResult& how, const CancelToken& told,
             Milliseconds grace = Milliseconds(0)) {
  return sharing_fate(std::make_unique<Ends>(how), told, grace)->run({}, CancelToken())->how;
}

TEST(SharedFate, WhatIsToldToEndWithTheWorkerGoesBack) {
  const CancelSource told = *CancelSource::make();
  told.cancel();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
    EXPECT_EQ(run(signaled(signal), told.token()), HowEnded::cancelled) << signal;
  }
}

TEST(SharedFate, WhatEndsByItselfIsToldAsItWas) {
  const CancelSource told = *CancelSource::make();
  told.cancel();
  EXPECT_EQ(run(signaled(SIGSEGV), told.token()), HowEnded::signaled);
  EXPECT_EQ(run(signaled(SIGKILL), told.token()), HowEnded::signaled);
  EXPECT_EQ(run({.how = HowEnded::exited, .code = 1}, told.token()), HowEnded::exited);
  EXPECT_EQ(run({.how = HowEnded::exited}, told.token()), HowEnded::exited);
}

TEST(SharedFate, AWorkerThatStaysTellsTheSignal) {
  const CancelSource told = *CancelSource::make();
  EXPECT_EQ(run(signaled(SIGTERM), told.token()), HowEnded::signaled);
}

TEST(SharedFate, TheWorkerMayHearTheSignalLater) {
  const CancelSource told = *CancelSource::make();
  std::jthread later([&] {
    std::ignore = CancelToken().wait(Milliseconds(50));
    told.cancel();
  });
  EXPECT_EQ(run(signaled(SIGTERM), told.token(), std::chrono::seconds(60)), HowEnded::cancelled);
}

}  // namespace
}  // namespace swarmlab::worker
