// When a session of an agent goes on with the next experiment, and when it ends.
#include "worker/server/agent_session.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace swarmlab::worker {
namespace {

class Session : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/session-test-XXXXXX";
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static Assignment experiment(std::uint64_t number) {
    Assignment assignment;
    assignment.lab = LabId(1);
    assignment.experiment = ExperimentNumber(number);
    assignment.settings.agent.kind = AgentKind::claude;
    assignment.settings.agent.experiments_per_session = 3;
    return assignment;
  }
  /// One that ends well. \return  which of its session it was
  std::uint32_t done(const Assignment& assignment) {
    EXPECT_TRUE(session_.begin(assignment));
    EXPECT_TRUE(std::filesystem::is_directory(session_.home()));
    const std::uint32_t which = session_.experiment();
    session_.went("s", {});
    return which;
  }

  std::string folder_;
  Janitor janitor_;
  AgentSession session_{folder_, janitor_};
};

TEST_F(Session, GoesOnForAsManyExperimentsAsTheLabSays) {
  EXPECT_EQ(done(experiment(2)), 1U);
  const std::string home = session_.home();
  EXPECT_EQ(done(experiment(3)), 2U);
  EXPECT_EQ(session_.home(), home);
  EXPECT_EQ(done(experiment(7)), 3U);
  EXPECT_EQ(done(experiment(8)), 1U);
  EXPECT_NE(session_.home(), home);
}

TEST_F(Session, EndsWhereTheLabItsCommitOrItsAgentDiffer) {
  Assignment other_lab = experiment(2);
  other_lab.lab = LabId(2);
  Assignment other_commit = experiment(2);
  other_commit.lab_commit = *ObjectId::from_hex("00000000000000000000000000000000000000aa");
  Assignment other_model = experiment(2);
  other_model.settings.agent.model = "another";
  for (const Assignment& other : {other_lab, other_commit, other_model}) {
    EXPECT_EQ(done(experiment(2)), 1U);
    session_.make_way(other);
    EXPECT_EQ(session_.id(), "");
    EXPECT_EQ(done(other), 1U);
    session_.end();
  }
}

TEST_F(Session, IsNotGoneOnWithAfterAFailure) {
  EXPECT_EQ(done(experiment(2)), 1U);
  EXPECT_TRUE(session_.begin(experiment(3)));
  session_.end();
  EXPECT_EQ(done(experiment(4)), 1U);
}

TEST_F(Session, BeginsAnewWhereItsNameWasNeverTold) {
  EXPECT_TRUE(session_.begin(experiment(2)));
  EXPECT_EQ(done(experiment(3)), 1U);
}

TEST_F(Session, KnowsWhatItsLastExperimentCameTo) {
  EXPECT_EQ(done(experiment(2)), 1U);
  Report report;
  report.lab = LabId(1);
  report.experiment = ExperimentNumber(2);
  session_.judged(report,
                  {.verdict = Verdict::discard, .reason = "3 is not better than 2\nhidden"});
  EXPECT_EQ(session_.news(), "discard: 3 is not better than 2") << "more may be the evaluator's";
  report.experiment = ExperimentNumber(5);
  session_.judged(report, {.verdict = Verdict::keep, .reason = "of another"});
  EXPECT_EQ(session_.news(), "discard: 3 is not better than 2");
  report.experiment = ExperimentNumber(2);
  session_.judged(report, {.kind = ReportAnswer::Kind::stale, .reason = "too late"});
  EXPECT_EQ(session_.id(), "") << "who lost its lease goes on with nothing";
}

}  // namespace
}  // namespace swarmlab::worker
