// GPUs are lent to attempts: never one to two of them.
#include "worker/server/gpu_pool.h"

#include <gtest/gtest.h>

#include "tests/worker/server/worker_under_test.h"
#include "worker/evaluator/shim.h"
#include "worker/server/attempt.h"

namespace swarmlab::worker {
namespace {

TEST(GpuPool, LendsEachDeviceOnceAndTakesItBack) {
  GpuPool pool({"0", "1", "2"});
  {
    const auto two = pool.borrow(2);
    ASSERT_TRUE(two);
    EXPECT_EQ(two->visible_devices(), "0,1");
    const auto one = pool.borrow(1);
    ASSERT_TRUE(one);
    EXPECT_EQ(one->visible_devices(), "2");
    EXPECT_EQ(pool.borrow(1).error().code, ErrorCode::unavailable);
    EXPECT_EQ(pool.borrow(0)->visible_devices(), "");
  }
  EXPECT_TRUE(pool.borrow(3));
}

class Gpus : public WithSandbox {
 protected:
  void SetUp() override {
    WithSandbox::SetUp();
    if (IsSkipped()) return;
    for (const char* name : {"work", "shim"}) {
      std::filesystem::create_directories(folder.path(name));
    }
    ASSERT_TRUE(write_shim(folder.path("shim")));
    objects = must(ObjectCache::open(folder.path("objects.git"), 1U << 30U));
    link = must(Link::connect(
        {.address = folder.address(), .name = "w", .host_class = "epyc", .version = "1"},
        holdings));
  }
  // Agent and evaluator say what they see.
  Result<SpooledReport> attempt_with(std::uint32_t gpus) {
    LabSettings settings = lab_settings();
    settings.agent.command =
        "echo \"agent sees ($CUDA_VISIBLE_DEVICES)\"; "
        "echo 'echo \"evaluator sees ($CUDA_VISIBLE_DEVICES)\"; echo METRIC score=1' "
        "> pipeline/solve.sh";
    Assignment assignment = task(2, settings);
    assignment.takes.gpus = gpus;
    assignment.briefing.brief = "do something";
    const Workbench bench{.link = *link,
                          .objects = *objects,
                          .data = data,
                          .gpus = pool,
                          .sandbox = *sandbox,
                          .clock = clock,
                          .janitor = janitor,
                          .work_folder = folder.path("work"),
                          .shim = folder.path("shim"),
                          .spool = folder.path("spool"),
                          .worker = WorkerName("w"),
                          .host_class = "epyc",
                          .environment = {"CUDA_VISIBLE_DEVICES=7"}};
    return attempt(bench, assignment, must(CancelSource::make()).token());
  }

  std::unique_ptr<ObjectCache> objects;
  Holdings holdings;
  std::unique_ptr<Link> link;
  DataFolders data{folder.path("data"), 1U << 30U};
  Janitor janitor;
  GpuPool pool{{"0", "GPU-7f"}};
};

TEST_F(Gpus, OfAnAttemptAreAllThatAgentAndEvaluatorSee) {
  const auto report = attempt_with(2);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_NE(report->attachments.agent_log.find("agent sees (0,GPU-7f)"), std::string::npos);
  EXPECT_NE(report->attachments.evaluator_log.find("evaluator sees (0,GPU-7f)"), std::string::npos);
  EXPECT_TRUE(pool.borrow(2));  // they came back
}

TEST_F(Gpus, AreHiddenFromAnAttemptThatTakesNone) {
  const auto report = attempt_with(0);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_NE(report->attachments.agent_log.find("agent sees ()"), std::string::npos);
  EXPECT_NE(report->attachments.evaluator_log.find("evaluator sees ()"), std::string::npos);
}

TEST_F(Gpus, ThatAreNotThereAreTheWorkersFailure) {
  EXPECT_EQ(attempt_with(3).error().message, "2 GPUs are free here, expected 3");
}

}  // namespace
}  // namespace swarmlab::worker
