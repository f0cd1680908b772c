// A slot on a machine where nothing works.
#include "worker/server/slot.h"

#include <gtest/gtest.h>

#include "tests/worker/server/worker_under_test.h"
#include "worker/evaluator/shim.h"
#include "worker/server/attempt.h"

namespace swarmlab::worker {
namespace {

using Kind = ScriptedCoordinator::Kind;

class SlotTest : public WithSandbox {
 protected:
  void SetUp() override {
    WithSandbox::SetUp();
    if (IsSkipped()) return;
    for (const char* name : {"work", "shim"})
      std::filesystem::create_directories(folder.path(name));
    ASSERT_TRUE(write_shim(folder.path("shim")));
    objects = must(ObjectCache::open(folder.path("objects.git"), 1U << 30U));
    spool.emplace(must(Spool::open(folder.path("spool"))));
    link = must(Link::connect(
        {.address = folder.address(), .name = "w", .host_class = "epyc", .version = "1"},
        holdings));
  }
  [[nodiscard]] Workbench bench() {
    return {.link = *link,
            .objects = *objects,
            .data = data,
            .gpus = gpus,
            .sandbox = *sandbox,
            .clock = clock,
            .janitor = janitor,
            .work_folder = folder.path("work"),
            .shim = folder.path("shim"),
            .spool = folder.path("spool"),
            .worker = WorkerName("w"),
            .host_class = "epyc",
            .environment = {}};
  }
  [[nodiscard]] Slot::Shared shared() {
    return {.link = *link,
            .spool = *spool,
            .holdings = holdings,
            .clock = system_steady_clock(),
            .do_task = [this](const Assignment& assignment, const CancelToken& cancel) {
              return attempt(bench(), assignment, cancel);
            }};
  }
  // This worker has other data than the lab was opened with.
  [[nodiscard]] Assignment impossible(std::uint64_t number) const {
    LabSettings settings = lab_settings();
    settings.evaluator.data = {.kind = DataSource::Kind::host_path, .path = folder.path("shim")};
    return task(number, settings);
  }
  Result<void> run() {
    const Slot::Shared mine = shared();
    Slot slot(0, mine);
    slot.set_first_pause(Milliseconds(1));
    return slot.run({}, drain.token());
  }

  std::unique_ptr<ObjectCache> objects;
  std::optional<Spool> spool;
  Holdings holdings;
  std::unique_ptr<Link> link;
  DataFolders data{folder.path("data"), 1U << 30U};
  GpuPool gpus{{}};
  Janitor janitor;
  CancelSource drain = must(CancelSource::make());
};

TEST_F(SlotTest, HandsBackWhatItCannotDoAndEndsAfterFiveInARow) {
  for (std::uint64_t i = 2; i <= 8; ++i) coordinator.give(impossible(i));
  const auto end = run();
  ASSERT_FALSE(end);
  EXPECT_NE(end.error().message.find("5 attempts in a row failed here"), std::string::npos);
  EXPECT_NE(end.error().message.find("is not what the lab was opened with"), std::string::npos);
  const auto delivered = coordinator.delivered();
  ASSERT_EQ(delivered.size(), 5U);
  for (const auto& one : delivered) {
    EXPECT_EQ(one.report.outcome, Outcome::returned);
    EXPECT_NE(one.report.reason.find("the data at"), std::string::npos) << one.report.reason;
  }
  EXPECT_TRUE(holdings.all().empty());
  EXPECT_TRUE(must(spool->read_all()).reports.empty());
}

TEST_F(SlotTest, BeginsToCountAnewWhenSomethingWorked) {
  for (std::uint64_t i = 2; i <= 5; ++i) coordinator.give(impossible(i));
  coordinator.give(task(6, lab_settings()));
  for (std::uint64_t i = 7; i <= 10; ++i) coordinator.give(impossible(i));
  Result<void> end;
  std::thread slot([&] { end = run(); });
  EXPECT_TRUE(coordinator.wait_for_reports(9));
  drain.cancel();
  slot.join();
  EXPECT_TRUE(end) << end.error().message;
  EXPECT_EQ(coordinator.delivered()[4].report.outcome, Outcome::measured)
      << coordinator.delivered()[4].report.reason;
}

TEST_F(SlotTest, HandsATaskBackBeforeItWaits) {
  coordinator.give(impossible(2));
  const Slot::Shared mine = shared();
  Slot slot(0, mine);
  slot.set_first_pause(std::chrono::hours(1));
  std::thread runs([&] { EXPECT_TRUE(slot.run({}, drain.token())); });
  EXPECT_TRUE(coordinator.wait_for_reports(1));
  drain.cancel();
  runs.join();
}

// A disk that takes no file.
class FullDisk final : public Files {
 public:
  Result<void> make_folders(const std::string&) override { return {}; }
  Result<std::vector<std::string>> list(const std::string&) override {
    return std::vector<std::string>();
  }
  Result<std::string> read(const std::string& path, std::uint64_t) override {
    return fail(ErrorCode::not_found, "{}", path);
  }
  Result<void> write_durably(const std::string&, std::string_view) override {
    return fail(ErrorCode::unavailable, "no space left on device");
  }
  Result<void> rename(const std::string&, const std::string&) override { return {}; }
  Result<void> remove(const std::string&) override { return {}; }
};

TEST_F(SlotTest, DeliversWhatWasMeasuredThoughItsDiskIsTooFullForTheReport) {
  FullDisk full;
  spool.emplace(must(Spool::open(folder.path("spool"), full)));
  for (std::uint64_t i = 2; i <= 6; ++i) coordinator.give(task(i, lab_settings()));
  const Slot::Shared broke{.link = *link,
                           .spool = *spool,
                           .holdings = holdings,
                           .clock = system_steady_clock(),
                           .do_task = [](const Assignment& assignment, const CancelToken&) {
                             SpooledReport report = returned(assignment, "it crashed");
                             report.report.outcome = Outcome::crash;
                             report.report.cost.usd = MicroUsd(70'000);
                             return Result<SpooledReport>(report);
                           }};
  Slot slot(0, broke);
  slot.set_first_pause(Milliseconds(1));
  std::thread runs([&] { EXPECT_TRUE(slot.run({}, drain.token())); });
  EXPECT_TRUE(coordinator.wait_for_reports(5));
  drain.cancel();
  runs.join();
  const auto delivered = coordinator.delivered();
  ASSERT_EQ(delivered.size(), 5U);
  for (const auto& one : delivered) {
    EXPECT_EQ(one.report.outcome, Outcome::crash);
    EXPECT_EQ(one.report.cost.usd, MicroUsd(70'000));
  }
}

TEST_F(SlotTest, EndsAtOnceWhenItIsDrainedBeforeItBegan) {
  drain.cancel();
  EXPECT_TRUE(run());
  EXPECT_EQ(coordinator.count(Kind::WORK), 0);
}

TEST_F(SlotTest, EndsAfterOneThatWorkedIfThatIsAllItIsToDo) {
  coordinator.give(impossible(2));
  coordinator.give(task(3, lab_settings()));
  coordinator.give(task(4, lab_settings()));
  const Slot::Shared mine = shared();
  Slot slot(0, mine);
  slot.set_first_pause(Milliseconds(1));
  slot.do_one();
  EXPECT_TRUE(slot.run({}, drain.token()));
  const auto delivered = coordinator.delivered();
  ASSERT_EQ(delivered.size(), 2U) << "what this worker could not do is none";
  EXPECT_EQ(delivered[1].report.outcome, Outcome::measured) << delivered[1].report.reason;
  EXPECT_TRUE(holdings.all().empty());
}

TEST_F(SlotTest, HandsBackWithoutBeginningWhatItIsGivenWhenItLeaves) {
  coordinator.on(Kind::WORK, [this](auto asked, auto reply) {
    auto work = reply.initWorkReply();
    if (asked.getWork().hasReport()) work.getReport().setStale("handed back");
    if (!asked.getWork().getAsk()) return;
    drain.cancel();  // the coordinator has not heard of it
    wire::write(work.getTask().initAssignment(), task(2, lab_settings()));
  });
  EXPECT_TRUE(run());
  EXPECT_EQ(coordinator.count(Kind::WORK), 2) << "asked, then handed back";
  EXPECT_EQ(coordinator.count(Kind::FETCH), 0) << "not begun";
  EXPECT_TRUE(holdings.all().empty());
}

}  // namespace
}  // namespace swarmlab::worker
