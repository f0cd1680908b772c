// The link against a coordinator that forgets, loses and refuses.
#include "worker/server/link.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/worker/server/link_under_test.h"

namespace swarmlab::worker {
namespace {

TEST_F(LinkTest, SaysHelloWithWhatItHoldsAndThenAsks) {
  holdings.add({TaskId(5), FencingToken(50)}, std::nullopt);
  coordinator.give(task(1));
  const auto link = connect();
  const auto answer = link->work({.ask = true, .slot = 0}, never);
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_TRUE(answer->assignment);
  EXPECT_EQ(answer->assignment->task, TaskId(1));
  const auto hellos = coordinator.hellos();
  ASSERT_EQ(hellos.size(), 1U);
  EXPECT_EQ(hellos[0].worker, "w");
  EXPECT_FALSE(hellos[0].again);
  ASSERT_EQ(hellos[0].held.size(), 1U);
  EXPECT_EQ(hellos[0].held[0], std::pair(std::uint64_t{5}, std::uint64_t{50}));
}

TEST_F(LinkTest, SpeaksTheOlderProtocolOfAnOlderCoordinator) {
  coordinator.speak(1);
  const auto link = connect();
  ASSERT_TRUE(link->known_tree({.lab = LabId(1), .lease = {}, .tree = {}, .sketch = {}}, never));
  EXPECT_EQ(coordinator.version_of(Kind::TREE_CHECK), 1U);
}

TEST_F(LinkTest, GivesUpOnACoordinatorThatChoosesAProtocolWeDoNotSpeak) {
  coordinator.on(Kind::HELLO, [](Asked, Reply reply) { reply.initWelcome().setProtocol(99); });
  const auto answer = connect()->work({.ask = true, .slot = 0}, never);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::invalid_input);
  EXPECT_NE(answer.error().message.find("the coordinator speaks 99"), std::string::npos)
      << answer.error().message;
}

TEST_F(LinkTest, HoldsATaskFromTheMomentThatItIsGiven) {
  coordinator.give(task(1));
  const auto link = connect();
  ASSERT_TRUE(link->work({.ask = true, .slot = 0}, never));
  EXPECT_EQ(holdings.all(), (std::vector<LeaseKey>{{TaskId(1), FencingToken(10)}}));
  EXPECT_TRUE(coordinator.wait_until([&] { return !coordinator.held().empty(); }))
      << "heartbeats tell it";
}

TEST_F(LinkTest, TellsWhyThereIsNothingToDo) {
  coordinator.on(Kind::WORK, [](Asked, Reply reply) {
    auto nothing = reply.initWorkReply().getTask().initNothing();
    nothing.setBecause("lab x: paused");
    nothing.setRetryMs(250);
  });
  const auto answer = connect()->work({.ask = true, .slot = 0}, never);
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_TRUE(answer->nothing);
  EXPECT_EQ(answer->nothing->because, "lab x: paused");
  EXPECT_EQ(answer->nothing->retry_after, Milliseconds(250));
}

TEST_F(LinkTest, SaysHelloAgainWhenItsSessionIsOverAndAsksAgain) {
  const auto link = connect();
  ASSERT_TRUE(link->work({.ask = true, .slot = 0}, never));
  coordinator.forget_sessions();
  coordinator.give(task(1));
  const auto answer = link->work({.ask = true, .slot = 0}, never);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->assignment);
  ASSERT_GE(coordinator.hellos().size(), 2U);
  EXPECT_TRUE(coordinator.hellos()[1].again);
}

TEST_F(LinkTest, SendsARequestAgainWhenItsReplyIsLost) {
  coordinator.lose_replies(Kind::TREE_CHECK, 1);
  coordinator.know_tree(3);
  const auto link = connect();
  const auto known =
      link->known_tree({.lab = LabId(1), .lease = {}, .tree = {}, .sketch = {}}, never);
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_EQ(known->experiment, ExperimentNumber(3));
  EXPECT_EQ(coordinator.count(Kind::TREE_CHECK), 2);
}

TEST_F(LinkTest, WaitsForACoordinatorThatComesLater) {
  coordinator.go_away();
  const auto link = connect();
  Result<WorkAnswer> answer;
  std::thread asks([&] { answer = link->work({.ask = true, .slot = 0}, never); });
  coordinator.serve_at(folder.address());
  asks.join();
  EXPECT_TRUE(answer) << answer.error().message;
}

TEST_F(LinkTest, TriesAgainWhileTheCoordinatorIsUnavailable) {
  int refusals = 3;
  coordinator.on(Kind::WORK, [&](Asked, Reply reply) {
    if (refusals-- > 0)
      return wire::write(reply.initError(), Error{ErrorCode::unavailable, "the disk is full"});
    reply.initWorkReply().getTask().initNothing();
  });
  EXPECT_TRUE(connect()->work({.ask = true, .slot = 0}, never));
  coordinator.settle();
  EXPECT_EQ(coordinator.count(Kind::WORK), 4);
}

TEST_F(LinkTest, EndsWhenTheCoordinatorRefusesIt) {
  coordinator.on(Kind::HELLO, [](Asked, Reply reply) {
    wire::write(reply.initError(), Error{ErrorCode::invalid_input, "use the same release"});
  });
  const auto answer = connect()->work({.ask = true, .slot = 0}, never);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::invalid_input);
  EXPECT_EQ(answer.error().message, "use the same release");
}

TEST_F(LinkTest, StopsWaitingWhenItIsTold) {
  coordinator.go_away();
  const auto link = connect();
  const CancelSource stop = source();
  stop.cancel();
  const auto answer = link->work({.ask = true, .slot = 0}, stop.token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
}

TEST_F(LinkTest, EndsWhatAWelcomeDoesNotKeep) {
  const CancelSource kept = source();
  const CancelSource lost = source();
  holdings.add({TaskId(1), FencingToken(10)}, kept);
  holdings.add({TaskId(2), FencingToken(20)}, lost);
  coordinator.on(Kind::HELLO, [](Asked, Reply reply) {
    reply.initWelcome().setProtocol(1);
    auto keep = reply.getWelcome().initKeep(1);
    reply.getWelcome().setSession(7);
    keep[0].setTask(1);
    keep[0].setToken(10);
  });
  const auto link = connect();
  EXPECT_TRUE(lost.token().wait(kLong));
  EXPECT_FALSE(kept.token().cancelled());
}

TEST_F(LinkTest, EndsWhatAHeartbeatSaysToDrop) {
  const CancelSource one = source();
  const CancelSource other = source();
  holdings.add({TaskId(1), FencingToken(10)}, one);
  holdings.add({TaskId(2), FencingToken(20)}, other);
  const auto link = connect();
  coordinator.drop(1, 10);
  EXPECT_TRUE(one.token().wait(kLong));
  EXPECT_FALSE(other.token().cancelled());
}

TEST_F(LinkTest, DoesNotEndALaterLeaseOfTheSameTask) {
  const CancelSource later = source();
  holdings.add({TaskId(1), FencingToken(11)}, later);
  coordinator.drop(1, 10);
  const auto link = connect();
  ASSERT_TRUE(coordinator.wait_for(Kind::HEARTBEAT, 3));
  EXPECT_FALSE(later.token().cancelled());
}

TEST_F(LinkTest, IsToldToDrain) {
  const CancelSource drained = source();
  const auto link = connect([drained] { drained.cancel(); });
  coordinator.drain();
  EXPECT_TRUE(drained.token().wait(kLong));
}

TEST_F(LinkTest, TellsWhatBecameOfAReport) {
  coordinator.on(Kind::WORK, [](Asked asked, Reply reply) {
    auto to = reply.initWorkReply().getReport();
    if (asked.getWork().getReport().getTask() == 1) return to.setStale("too late");
    to.setRefused("makes no sense");
  });
  const auto link = connect();
  SpooledReport report = report_with({});
  auto answer = link->work({.report = &report, .ask = false, .slot = 0}, never);
  ASSERT_TRUE(answer && answer->report);
  EXPECT_EQ(answer->report->kind, ReportAnswer::Kind::stale);
  EXPECT_EQ(answer->report->reason, "too late");
  report.report.task = TaskId(2);
  answer = link->work({.report = &report, .ask = false, .slot = 0}, never);
  ASSERT_TRUE(answer && answer->report);
  EXPECT_EQ(answer->report->kind, ReportAnswer::Kind::refused);
}

TEST_F(LinkTest, SaysAtOnceThatItLeaves) {
  coordinator.beat_every(600'000);
  const auto link = connect();
  ASSERT_TRUE(coordinator.wait_for(Kind::HEARTBEAT));
  link->leave();
  EXPECT_TRUE(coordinator.wait_until([&] { return coordinator.heard_leaving(); }));
}

TEST_F(LinkTest, WaitsForAnswersWhileItLeavesAsLongAsSomebodyGivesAny) {
  const auto link = connect();
  ASSERT_TRUE(coordinator.wait_for(Kind::HEARTBEAT));
  link->leave();
  coordinator.lose_replies(Kind::WORK, 3);  // longer than its patience, but heartbeats are answered
  deliver(*link, report_with({}));
}

TEST_F(LinkTest, GivesUpWhenItLeavesAndNobodyAnswers) {
  coordinator.go_away();
  const auto link = connect();
  link->leave();
  const auto begin = std::chrono::steady_clock::now();
  const SpooledReport report = report_with({});
  const auto answer = link->work({.report = &report, .ask = false, .slot = 0}, never);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kLong);
}

TEST_F(LinkTest, SaysGoodbyeAndThenNothingMore) {
  const auto link = connect();
  ASSERT_TRUE(link->work({.ask = true, .slot = 0}, never));
  link->bye();
  EXPECT_EQ(coordinator.count(Kind::BYE), 1);
  const CancelSource stop = source();
  stop.cancel();
  EXPECT_FALSE(link->work({.ask = true, .slot = 0}, stop.token()));
}

TEST_F(LinkTest, IsSharedBySlots) {
  constexpr std::uint64_t kSlots = 6;
  constexpr int kEach = 15;
  for (std::uint64_t i = 1; i <= kSlots * kEach; ++i) coordinator.give(task(i));
  const auto link = connect();
  std::atomic<int> given = 0;
  {
    std::vector<std::jthread> slots;
    for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
      slots.emplace_back([&, slot] {
        for (int i = 0; i < kEach; ++i) {
          if (slot == 0 && i == 5) coordinator.forget_sessions();
          const auto answer = link->work({.ask = true, .slot = slot}, never);
          ASSERT_TRUE(answer) << answer.error().message;
          if (answer->assignment) ++given;
          EXPECT_TRUE(
              link->known_tree({.lab = LabId(1), .lease = {}, .tree = {}, .sketch = {}}, never));
        }
      });
    }
  }
  EXPECT_EQ(given, kSlots * kEach);
  EXPECT_EQ(holdings.all().size(), kSlots * kEach);
}

}  // namespace
}  // namespace swarmlab::worker
