// The link against a coordinator that forgets, loses and refuses.
#include "worker/server/link.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/worker/server/scripted_coordinator.h"

namespace swarmlab::worker {
namespace {

using Kind = ScriptedCoordinator::Kind;
using Asked = ScriptedCoordinator::Asked;
using Reply = ScriptedCoordinator::Reply;

constexpr std::size_t kChunk = schema::CHUNK_BYTES;

class LinkTest : public testing::Test {
 protected:
  std::unique_ptr<Link> connect(std::function<void()> on_drain = {}) {
    auto link = Link::connect({.address = folder.address(),
                               .name = "w",
                               .host_class = "epyc",
                               .version = "1.0",
                               .slots = 2,
                               .on_drain = std::move(on_drain)},
                              holdings);
    if (!link) throw std::runtime_error(link.error().message);
    return std::move(*link);
  }
  static CancelSource source() {
    auto made = CancelSource::make();
    if (!made) throw std::runtime_error(made.error().message);
    return *made;
  }
  static Assignment task(std::uint64_t number) {
    Assignment assignment;
    assignment.task = TaskId(number);
    assignment.token = FencingToken(10 * number);
    return assignment;
  }
  static std::string noise(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = 1;
    for (char& byte : bytes) {
      state = state * 1664525U + 1013904223U;
      byte = static_cast<char>(state >> 24U);
    }
    return bytes;
  }
  static SpooledReport report_with(std::string pack) {
    SpooledReport report;
    report.report.task = TaskId(1);
    report.report.token = FencingToken(10);
    report.report.outcome = Outcome::crash;
    report.pack = std::move(pack);
    return report;
  }
  // Delivers; the report must be counted.
  void deliver(Link& link, const SpooledReport& report) const {
    const auto answer = link.work({.report = &report, .ask = false, .slot = 0}, never);
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_TRUE(answer->report);
    EXPECT_EQ(answer->report->kind, ReportAnswer::Kind::counted);
  }
  [[nodiscard]] Result<std::string> fetch(Link& link) const {
    const ObjectId wanted[] = {ObjectId{}};
    return link.fetch(LabId(1), wanted, {}, never);
  }

  LinkFolder folder;
  ScriptedCoordinator coordinator{folder.address()};
  Holdings holdings;
  CancelToken never;
};

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
  const auto known = link->known_tree(LabId(1), ObjectId{}, never);
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_EQ(*known, ExperimentNumber(3));
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
    auto keep = reply.initWelcome().initKeep(1);
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

TEST_F(LinkTest, SendsAPackInChunks) {
  const SpooledReport report = report_with(noise(5 * kChunk / 2));
  const auto link = connect();
  deliver(*link, report);
  EXPECT_EQ(coordinator.count(Kind::PACK_CHUNK), 3);
  ASSERT_EQ(coordinator.delivered().size(), 1U);
  EXPECT_EQ(coordinator.delivered()[0].pack, report.pack);
  EXPECT_EQ(coordinator.delivered()[0].report, report.report);
}

TEST_F(LinkTest, SendsAPackAnewThatTheCoordinatorLostInTheMiddle) {
  const SpooledReport report = report_with(noise(20 * kChunk));
  std::string received;
  bool was_lost = false;
  // It forgets after some chunks, and says so of the next: a restart that the session survives.
  coordinator.on(Kind::PACK_CHUNK, [&](Asked asked, Reply reply) {
    const auto chunk = asked.getPackChunk();
    if (!was_lost && chunk.getOffset() == 12 * kChunk) {
      was_lost = true;
      received.clear();
    }
    if (chunk.getOffset() > received.size())
      return wire::write(reply.initError(), Error{ErrorCode::conflict, "a gap"});
    if (chunk.getOffset() == received.size())
      received.append(chunk.getData().asChars().begin(), chunk.getData().size());
    reply.initChunkAck().setReceived(received.size());
  });
  bool counted = false;
  coordinator.on(Kind::WORK, [&](Asked, Reply reply) {
    counted = received == report.pack;
    reply.initWorkReply().getReport().initCounted();
  });
  deliver(*connect(), report);
  coordinator.settle();
  EXPECT_TRUE(was_lost);
  EXPECT_TRUE(counted);
}

TEST_F(LinkTest, SendsAPackAnewThatIsLostBeforeItsReport) {
  const SpooledReport report = report_with(noise(3 * kChunk));
  int times = 0;
  coordinator.on(Kind::WORK, [&](Asked, Reply reply) {
    if (++times == 1)
      return wire::write(reply.initError(), Error{ErrorCode::conflict, "0 bytes arrived"});
    reply.initWorkReply().getReport().initCounted();
  });
  deliver(*connect(), report);
  coordinator.settle();
  EXPECT_EQ(coordinator.count(Kind::PACK_CHUNK), 6);
}

TEST_F(LinkTest, DeliversAReportAgainWhoseAnswerIsLost) {
  coordinator.lose_replies(Kind::WORK, 1);
  deliver(*connect(), report_with(noise(100)));
  EXPECT_EQ(coordinator.delivered().size(), 2U) << "the coordinator counts it once";
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

TEST_F(LinkTest, FetchesAPackOfSeveralChunks) {
  const std::string pack = noise(21 * kChunk + 17);
  coordinator.offer(pack);
  const auto link = connect();
  const auto fetched = fetch(*link);
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_TRUE(*fetched == pack);
  EXPECT_EQ(coordinator.count(Kind::FETCH_CHUNK), 22);
}

TEST_F(LinkTest, FetchesAPackWhoseSizeIsAWholeNumberOfChunks) {
  const std::string pack = noise(2 * kChunk);
  coordinator.offer(pack);
  const auto fetched = fetch(*connect());
  coordinator.settle();
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_TRUE(*fetched == pack);
  EXPECT_EQ(coordinator.count(Kind::FETCH_CHUNK), 2);
}

TEST_F(LinkTest, FetchesAnewWhatTheCoordinatorDoesNotHaveAnyMore) {
  const std::string pack = noise(3 * kChunk);
  coordinator.offer(pack);
  int asked_times = 0;
  coordinator.on(Kind::FETCH_CHUNK, [&](Asked asked, Reply reply) {
    if (++asked_times == 2)
      return wire::write(reply.initError(), Error{ErrorCode::conflict, "the transfer is gone"});
    const auto part = std::string_view(pack).substr(asked.getFetchChunk().getOffset(), kChunk);
    reply.initFetchData().setData(
        capnp::Data::Reader(reinterpret_cast<const capnp::byte*>(part.data()), part.size()));
  });
  const auto fetched = fetch(*connect());
  coordinator.settle();
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_TRUE(*fetched == pack);
  EXPECT_EQ(coordinator.count(Kind::FETCH), 2);
}

TEST_F(LinkTest, FetchesAnewWhatBrokeOff) {
  const std::string pack = noise(kChunk);
  coordinator.offer(pack);
  int asked_times = 0;
  coordinator.on(Kind::FETCH_CHUNK, [&](Asked, Reply reply) {
    const std::string_view part = ++asked_times == 1 ? std::string_view() : pack;
    reply.initFetchData().setData(
        capnp::Data::Reader(reinterpret_cast<const capnp::byte*>(part.data()), part.size()));
  });
  const auto fetched = fetch(*connect());
  coordinator.settle();
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_TRUE(*fetched == pack);
}

TEST_F(LinkTest, DoesNotFetchWhatIsTooLarge) {
  coordinator.on(Kind::FETCH,
                 [](Asked, Reply reply) { reply.initFetchReply().setSize(1ULL << 40U); });
  const auto fetched = fetch(*connect());
  coordinator.settle();
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, ErrorCode::invalid_input);
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
          EXPECT_TRUE(link->known_tree(LabId(1), ObjectId{}, never));
        }
      });
    }
  }
  EXPECT_EQ(given, kSlots * kEach);
  EXPECT_EQ(holdings.all().size(), kSlots * kEach);
}

}  // namespace
}  // namespace swarmlab::worker
