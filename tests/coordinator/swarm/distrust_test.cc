// A worker that measures unlike others: its measurements stop counting, its agents do not.
#include <array>
#include <string>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

class Distrust : public testing::Test {
 protected:
  SwarmUnderTest swarm;

  void SetUp() override {
    LabSettings settings = settings_named("noisy");
    settings.metric.direction = Direction::maximize;
    settings.metric.confidence = 0.95;
    settings.metric.max_repeats = 5;
    settings.stop.max_iterations = 0;
    swarm.open(settings);
    for (const char* name : {"a", "b", "off"}) swarm.arrive(name);
    const Task baseline = swarm.work_for("a");
    Report report = swarm.scored(baseline, 10.0);
    for (const double score : {9.0, 11.0}) {
      report.more.push_back(swarm.run_of(baseline, *report.tree, score));
    }
    swarm.counted("a", report);
  }

  // A candidate that looks better, and its pairs, one on each worker in turn: what the others
  // measure varies by little, what "off" measures is wrong by a lot.
  void experiment(int i) {
    const Task task = swarm.work_for("a");
    Report first = swarm.scored(task, 30.0, 0, object(150, static_cast<std::uint8_t>(i)));
    first.commit = object(151, static_cast<std::uint8_t>(i));
    if (swarm.counted("a", first).decided) return;
    static constexpr std::array kNames = {"a", "off", "b"};
    for (int pair = 0; pair < 4; ++pair) {
      const std::string name = kNames.at(static_cast<std::size_t>(i + pair) % 3);
      const double error = name == "off" ? (i % 2 == 0 ? 20.0 : -20.0) : 0.3;
      const Task again = swarm.work_for(name);
      ASSERT_TRUE(again.pending);
      const double score = 10.0 + (name == "b" ? -error : error);
      if (swarm.counted(name, swarm.paired(again, score, again.pending->experiment, 0, 10.0))
              .decided) {
        return;
      }
    }
  }

  [[nodiscard]] const Worker& worker(const std::string& name) const {
    return swarm.state.workers.at(WorkerName(name));
  }

  void make_distrusted() {
    for (int i = 0; i < 200 && !worker("off").distrust; ++i) {
      experiment(i);
      swarm.tell(TimePassed{});
    }
    ASSERT_TRUE(worker("off").distrust);
  }
};

TEST_F(Distrust, FindsTheWorkerWhosePairsAreUnlikeThoseOfOthers) {
  make_distrusted();
  EXPECT_FALSE(worker("off").quarantine);
  EXPECT_TRUE(worker("off").distrust->why.starts_with("what it measures is "))
      << worker("off").distrust->why;
  EXPECT_FALSE(worker("a").distrust);
  EXPECT_FALSE(worker("b").distrust);
  EXPECT_EQ(worker("a").residual, judge::Residual{}) << "it was compared with the one that is off";
}

TEST_F(Distrust, KeepsPairsAndBaselinesFromItButNotAgents) {
  make_distrusted();
  const Task explored = swarm.work_for("off");
  EXPECT_EQ(explored.kind, TaskKind::explore);
  const Task task = swarm.work_for("a");
  swarm.counted("a", swarm.scored(task, 30.0));
  const Task next = swarm.work_for("off");
  EXPECT_FALSE(next.pending) << "the pair waits for another";
  EXPECT_TRUE(swarm.work_for("b").pending);
}

TEST_F(Distrust, LetsAnotherMeasureWhatAnAgentMadeThere) {
  make_distrusted();
  for (const double first : {0.0, 1000.0}) {
    const Task explored = swarm.work_for("off");
    const ReportCounted answer = swarm.counted("off", swarm.scored(explored, first));
    EXPECT_FALSE(answer.decided) << "its first run says nothing, good or bad";
    for (bool decided = false; !decided;) {
      const Task again = swarm.work_for("b");
      ASSERT_TRUE(again.pending);
      EXPECT_EQ(again.id, explored.id);
      decided =
          swarm.counted("b", swarm.paired(again, 1.0, again.pending->experiment, 0, 10.0)).decided;
    }
  }
}

TEST_F(Distrust, GivesAPairThatItHoldsToAnother) {
  for (int i = 0; i < 200; ++i) {
    experiment(i);
    if (judge::deviates(worker("off").residual)) break;
  }
  swarm.counted("a", swarm.scored(swarm.work_for("a"), 30.0));
  const Task held = swarm.work_for("off");
  ASSERT_TRUE(held.pending);
  swarm.tell(TimePassed{});
  ASSERT_TRUE(worker("off").distrust);
  swarm.stale("off", swarm.paired(held, 30.0, held.pending->experiment, 0, 10.0));
  EXPECT_EQ(swarm.work_for("b").id, held.id);
}

TEST_F(Distrust, KeepsItFromLabsWhereOneRunDecides) {
  make_distrusted();
  swarm.tell(
      SetLabStatus{.lab = "noisy", .wish = SetLabStatus::Wish::stop, .reason = {}, .who = "ann"});
  swarm.open(settings_named("exact"));
  const std::string because = swarm.nothing_for("off");
  EXPECT_NE(because.find("what this worker measures does not count: "), std::string::npos)
      << because;
  swarm.counted("a", swarm.scored(swarm.work_for("a"), 10.0));
  swarm.nothing_for("off");
}

TEST_F(Distrust, EndsWhenAPersonReleasesIt) {
  make_distrusted();
  swarm.arrive("off");
  EXPECT_TRUE(worker("off").distrust) << "saying hello again changes nothing";
  swarm.expect<Done>(ReleaseWorker{.worker = WorkerName("off"), .who = "ann"});
  EXPECT_FALSE(worker("off").distrust);
  swarm.counted("a", swarm.scored(swarm.work_for("a"), 30.0));
  EXPECT_TRUE(swarm.work_for("off").pending);
}

}  // namespace
}  // namespace swarmlab::swarm
