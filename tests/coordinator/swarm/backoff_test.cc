// A provider of agents that does not answer: the lab waits, nothing is lost, and people are told.
#include <gtest/gtest.h>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class Provider : public testing::Test {
 protected:
  void SetUp() override {
    swarm.open(settings);
    swarm.arrive("w");
    const Task baseline = swarm.work_for("w");
    swarm.expect<ReportCounted>(ReportArrived{WorkerName("w"), swarm.scored(baseline, 10.0), {}});
  }

  Report given_back(const Task& task, AgentEnd end, Milliseconds retry_after = {}) const {
    Report report = swarm.ended(task, Outcome::returned);
    report.agent = AgentRun{.end = end, .said = "come back later", .retry_after = retry_after};
    return report;
  }
  void fail(const Task& task, AgentEnd end, Milliseconds retry_after = {}) {
    swarm.expect<ReportStale>(
        ReportArrived{WorkerName("w"), given_back(task, end, retry_after), {}});
  }
  void pass_until_tried_again() { swarm.now = lab().backoff->until; }
  const Lab& lab() { return swarm.lab("lab"); }
  Milliseconds wait() { return lab().backoff->until - swarm.now; }
  void beat() {
    swarm.expect<HeartbeatHeard>(
        Heartbeat{.worker = WorkerName("w"), .session = swarm.sessions["w"], .held = {}});
  }

  LabSettings settings = settings_named("lab");
  SwarmUnderTest swarm;
};

TEST_F(Provider, ThatIsRateLimitedCostsNoExperimentAndNoRestart) {
  const Task task = swarm.work_for("w");
  fail(task, AgentEnd::rate_limited);
  EXPECT_EQ(lab().counters.iterations, 0U);
  EXPECT_EQ(swarm.state.tasks.at(task.id).losses, 0U);
  EXPECT_EQ(lab().backoff->why, AgentEnd::rate_limited);
  EXPECT_EQ(lab().status, LabStatus::running);
  EXPECT_EQ(swarm.nothing_for("w").substr(0, 76),
            "lab lab: the agents' provider is rate_limited (come back later): tried again");
}

TEST_F(Provider, IsLeftAloneEachTimeLonger) {
  Milliseconds before{0};
  for (int failures = 1; failures <= 12; ++failures) {
    beat();
    fail(swarm.work_for("w"), AgentEnd::unavailable);
    EXPECT_EQ(lab().backoff->failures, static_cast<std::uint32_t>(failures));
    const Milliseconds most = std::min<Milliseconds>(
        swarm.rules.first_backoff * (1 << (failures - 1)), swarm.rules.most_backoff);
    EXPECT_GE(wait(), most / 2);
    EXPECT_LE(wait(), most);
    EXPECT_NE(wait(), before) << "with jitter";
    before = wait();
    pass_until_tried_again();
  }
}

TEST_F(Provider, IsAskedAgainWhenItSaysWithinBounds) {
  fail(swarm.work_for("w"), AgentEnd::rate_limited, minutes(5));
  EXPECT_EQ(wait(), minutes(5));
  pass_until_tried_again();
  beat();
  fail(swarm.work_for("w"), AgentEnd::rate_limited, std::chrono::hours(99));
  EXPECT_EQ(wait(), swarm.rules.most_retry_after);
}

TEST_F(Provider, ThatFailsForManyAtOnceFailedOnce) {
  const Task one = swarm.work_for("w");
  const Task other = swarm.work_for("w");
  fail(one, AgentEnd::unavailable);
  const Timestamp until = lab().backoff->until;
  fail(other, AgentEnd::unavailable);
  EXPECT_EQ(lab().backoff->failures, 1U);
  EXPECT_EQ(lab().backoff->until, until);
}

TEST_F(Provider, IsTriedByOneAgentBeforeTheOthersFollow) {
  fail(swarm.work_for("w"), AgentEnd::unavailable);
  pass_until_tried_again();
  beat();
  const Task first = swarm.work_for("w");
  EXPECT_NE(swarm.nothing_for("w").find("one agent tries it again"), std::string::npos);
  swarm.expect<ReportCounted>(ReportArrived{WorkerName("w"),
                                            [&] {
                                              Report report = swarm.scored(first, 9.0);
                                              report.agent = AgentRun{};
                                              return report;
                                            }(),
                                            {}});
  EXPECT_FALSE(lab().backoff);
  EXPECT_EQ(swarm.last_of<ProviderAnswered>().size(), 1U);
  swarm.work_for("w");
  swarm.work_for("w");
}

TEST_F(Provider, IsNotSaidToAnswerByWhatBeganBefore) {
  const Task early = swarm.work_for("w");
  fail(swarm.work_for("w"), AgentEnd::unavailable);
  Report report = swarm.scored(early, 9.0);
  report.agent = AgentRun{};
  swarm.expect<ReportCounted>(ReportArrived{WorkerName("w"), report, {}});
  EXPECT_TRUE(lab().backoff);
}

TEST_F(Provider, IsNotWaitedForWhenAPersonResumes) {
  fail(swarm.work_for("w"), AgentEnd::unavailable);
  swarm.expect<LabsSteered>(
      SetLabStatus{.lab = "lab", .wish = SetLabStatus::Wish::resume, .reason = {}, .who = "ann"});
  EXPECT_FALSE(lab().backoff);
  swarm.work_for("w");
}

TEST_F(Provider, ThatRefusesTheKeyOrAsksForMoneyStopsTheLabWithItsWords) {
  fail(swarm.work_for("w"), AgentEnd::authentication_failed);
  EXPECT_EQ(lab().status, LabStatus::stopped);
  EXPECT_EQ(lab().stop_reason,
            "the agents' provider, asked by w: authentication_failed: come back later");
  swarm.expect<LabsSteered>(
      SetLabStatus{.lab = "lab", .wish = SetLabStatus::Wish::resume, .reason = {}, .who = "ann"});
  EXPECT_EQ(lab().status, LabStatus::running);
  fail(swarm.work_for("w"), AgentEnd::out_of_credit);
  EXPECT_EQ(lab().status, LabStatus::stopped);
}

TEST_F(Provider, IsOfNoMatterToWhatNeedsNoAgent) {
  fail(swarm.work_for("w"), AgentEnd::unavailable);
  Segment other = measured_by(8);
  swarm.open(settings, other);  // a new baseline
  EXPECT_EQ(swarm.work_for("w").kind, TaskKind::baseline);
}

TEST(PresetLabs, AreNotGivenToWorkersOfReleasesWithoutPresets) {
  SwarmUnderTest swarm;
  LabSettings settings = settings_named("lab");
  settings.agent.kind = AgentKind::claude;
  swarm.open(settings);
  swarm.arrive("w");
  const Task baseline = swarm.work_for("w");
  swarm.expect<ReportCounted>(ReportArrived{WorkerName("w"), swarm.scored(baseline, 10.0), {}});
  swarm.state.workers.at(WorkerName("w")).presets = false;
  EXPECT_NE(swarm.nothing_for("w").find("presets"), std::string::npos);
}

TEST(ExpectedCost, IsBoundedAsLongAsNothingIsKnown) {
  SwarmUnderTest swarm;
  LabSettings settings = settings_named("lab");
  settings.stop.max_cost = MicroUsd(400);
  swarm.open(settings);
  swarm.arrive("w");
  const Task baseline = swarm.work_for("w");
  EXPECT_EQ(baseline.lease->reserved, MicroUsd(0)) << "no agent runs";
  swarm.expect<ReportCounted>(ReportArrived{WorkerName("w"), swarm.scored(baseline, 10.0), {}});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(swarm.work_for("w").lease->reserved, MicroUsd(100));
  EXPECT_NE(swarm.nothing_for("w").find("spent or reserved"), std::string::npos);
}

}  // namespace
}  // namespace swarmlab::swarm
