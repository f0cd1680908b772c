// Clocks that jump, and machines that are broken or too small: what peers and people are told.
#include <gtest/gtest.h>

#include "tests/coordinator/server/desk_under_test.h"

namespace swarmlab::server {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

bool is_leased(const CoordinatorUnderTest& coordinator, TaskId task) {
  const auto found = coordinator.engine->state().tasks.find(task);
  return found != coordinator.engine->state().tasks.end() && found->second.lease;
}

class ClockJump : public testing::TestWithParam<hours> {};

TEST_P(ClockJump, AcrossARestartExpiresNothingEarlyAndNothingNever) {
  LabSettings settings = lab_named("lab");
  settings.stop.max_time = hours(8);
  CoordinatorUnderTest coordinator;
  coordinator.begin(settings);
  coordinator.clock.pass(seconds(5));
  const swarm::Task task = coordinator.work_for("w");
  const Timestamp before = coordinator.engine->now();

  coordinator.clock.pass(GetParam());
  coordinator.start();
  EXPECT_GE(coordinator.engine->now(), before);
  coordinator.clock.pass(seconds(59));
  coordinator.tell(step(swarm::TimePassed{}));
  EXPECT_TRUE(is_leased(coordinator, task.id));
  EXPECT_EQ(coordinator.engine->state().labs.at(LabId(1)).status, swarm::LabStatus::running);
  coordinator.clock.pass(seconds(2));
  coordinator.tell(step(swarm::TimePassed{}));
  EXPECT_FALSE(is_leased(coordinator, task.id));

  const auto events = must(coordinator.engine->store().events(Sequence(0), 1000));
  for (std::size_t i = 1; i < events.size(); ++i) EXPECT_GE(events[i].at, events[i - 1].at);
  for (const auto& [id, lab] : coordinator.engine->state().labs) {
    EXPECT_LT(lab.budget.active, hours(2));
    EXPECT_GE(lab.budget.active.count(), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(OfAnHourOrAYear, ClockJump,
                         testing::Values(hours(1), hours(-1), hours(8766), hours(-8766)),
                         [](const auto& jump) {
                           return (jump.param.count() < 0 ? "Back" : "Forwards") +
                                  std::to_string(std::abs(jump.param.count()));
                         });

TEST(StandingStill, OfTheCoordinatorExpiresNoLease) {
  DeskUnderTest coordinator;
  const std::uint64_t session = coordinator.joined_lab();
  const Assignment task = coordinator.given(session);
  coordinator.burst({}, true);
  coordinator.clock.pass(seconds(600));  // stopped, or its disk was
  coordinator.burst({}, true);
  EXPECT_TRUE(is_leased(coordinator, task.task));
}

schema::WorkerView::Reader worker_of(const wire::Incoming& status) {
  return status.body().getStatus().getWorkers()[0];
}

const Fill kStatus = [](schema::Envelope::Body::Builder body) { body.initQuery().setStatus(); };

TEST(Quarantine, IsShownSurvivesARestartAndIsEndedByAPerson) {
  DeskUnderTest coordinator;
  std::uint64_t session = coordinator.joined_lab();
  for (int i = 0; i < 5; ++i) {
    Report report =
        coordinator.ended(coordinator.task_of(coordinator.given(session)), Outcome::returned);
    report.own_failure = true;
    coordinator.say(DeskUnderTest::delivering(report), session);
  }
  coordinator.burst({}, true);
  coordinator.start();
  session = coordinator.join("w");
  const auto status = coordinator.say(kStatus);
  EXPECT_STREQ(worker_of(status).getState().cStr(), "quarantined");
  EXPECT_STREQ(worker_of(status).getQuarantine().cStr(), "it failed at 5 tasks in a row by itself");
  const auto refused = coordinator.say(DeskUnderTest::asking(), session);
  EXPECT_TRUE(refused.body().getWorkReply().getTask().isNothing());

  const Fill release = [](schema::Envelope::Body::Builder body) {
    body.initRelease().setWorker("w");
    body.getRelease().setWho("ann");
  };
  EXPECT_TRUE(coordinator.say(release).body().isDone());
  EXPECT_EQ(error_of(coordinator.say(release)).message, "worker w is not in quarantine: none is");
  coordinator.given(session);
}

TEST(Capacity, IsWhatHelloSaysAndTasksWaitForWhatTheyNeed) {
  LabSettings settings = lab_named("lab");
  settings.needs.amount.gpus = 8;
  DeskUnderTest coordinator;
  coordinator.open_lab(settings);
  const auto hello = [](const char* label) {
    return [label](schema::Envelope::Body::Builder body) {
      DeskUnderTest::hello("w")(body);
      auto capacity = body.getHello().initCapacity();
      capacity.setCpuMillis(2500);
      capacity.initGpus(1).set(0, "GPU-7f");
      capacity.initLabels(1).set(0, label);
    };
  };
  EXPECT_EQ(error_of(coordinator.say(hello(""))).code, ErrorCode::invalid_input);
  const auto welcome = coordinator.say(hello("fast"));
  const std::uint64_t session = welcome.body().getWelcome().getSession();
  const auto nothing = coordinator.say(DeskUnderTest::asking(), session);
  EXPECT_STREQ(nothing.body().getWorkReply().getTask().getNothing().getBecause().cStr(),
               "lab lab: needs gpus = 8; worker w has 1");
  const auto status = coordinator.say(kStatus);
  EXPECT_EQ(worker_of(status).getCpus(), 2.5);
  EXPECT_STREQ(worker_of(status).getGpus()[0].cStr(), "GPU-7f");
  EXPECT_STREQ(worker_of(status).getLabels()[0].cStr(), "fast");
  EXPECT_STREQ(status.body().getStatus().getLabs()[0].getWaiting().cStr(),
               "needs gpus = 8; the largest worker has 1");
}

}  // namespace
}  // namespace swarmlab::server
