// Who asks for events may wait for them.
#include <gtest/gtest.h>

#include "tests/coordinator/server/desk_under_test.h"

namespace swarmlab::server {
namespace {

using Body = schema::Envelope::Body::Builder;

Fill events_after(std::uint64_t after, std::uint32_t wait_ms, std::uint32_t limit = 0) {
  return [=](Body body) {
    auto events = body.initQuery().initEvents();
    events.setAfter(after);
    events.setWaitMs(wait_ms);
    events.setLimit(limit);
  };
}

TEST(ParkedQuery, IsAnsweredAtOnceIfThereAreEvents) {
  DeskUnderTest desk;
  desk.open_lab();
  const auto reply = desk.say(events_after(0, 20'000));
  EXPECT_GE(reply.body().getEvents().getEvents().size(), 1U);
}

TEST(ParkedQuery, IsAnsweredByTheTurnInWhichSomethingHappens) {
  DeskUnderTest desk;
  desk.open_lab();
  const auto last = desk.engine->store().last_sequence().value();
  std::vector<net::Letter> asks;
  asks.push_back(DeskUnderTest::letter(events_after(last, 20'000), 0, 77, "watcher"));
  EXPECT_TRUE(desk.burst(std::move(asks)).empty());
  EXPECT_EQ(desk.desk().time_to_due(), Milliseconds(20'000));

  std::vector<net::Letter> news;
  news.push_back(DeskUnderTest::letter(DeskUnderTest::hello("w")));
  const auto answers = desk.desk().serve(std::move(news), false);

  ASSERT_TRUE(answers);
  ASSERT_EQ(answers->size(), 2U);
  EXPECT_EQ((*answers)[1].peer, "watcher");
  const auto told = must(wire::Incoming::parse(wire::bytes_of((*answers)[1].bytes)));
  EXPECT_EQ(told.envelope().getRequestId(), 77U);
  ASSERT_EQ(told.body().getEvents().getEvents().size(), 1U);
  EXPECT_STREQ(told.body().getEvents().getEvents()[0].getKind().cStr(), "worker_joined");
  EXPECT_FALSE(desk.desk().time_to_due()) << "nobody waits any more";
}

TEST(ParkedQuery, IsAnsweredEmptyWhenItsTimeIsOver) {
  DeskUnderTest desk;
  desk.open_lab();
  const auto last = desk.engine->store().last_sequence().value();
  std::vector<net::Letter> asks;
  asks.push_back(DeskUnderTest::letter(events_after(last, 1)));
  EXPECT_TRUE(desk.burst(std::move(asks)).empty());
  EXPECT_TRUE(desk.burst({}).empty());
  desk.clock.pass(Milliseconds(1));
  const auto answers = desk.burst({});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].body().getEvents().getEvents().size(), 0U);
  EXPECT_EQ(answers[0].body().getEvents().getLast(), static_cast<double>(last));
}

TEST(ParkedQuery, IsAnsweredEmptyWhenTheCoordinatorStops) {
  DeskUnderTest desk;
  desk.open_lab();
  const auto last = desk.engine->store().last_sequence().value();
  std::vector<net::Letter> asks;
  asks.push_back(DeskUnderTest::letter(events_after(last, 20'000), 0, 77, "watcher"));
  EXPECT_TRUE(desk.burst(std::move(asks)).empty());
  const auto answers = desk.desk().end_waits();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].peer, "watcher");
  const auto told = must(wire::Incoming::parse(wire::bytes_of(answers[0].bytes)));
  EXPECT_EQ(told.envelope().getRequestId(), 77U);
  EXPECT_EQ(told.body().getEvents().getEvents().size(), 0U);
  EXPECT_TRUE(desk.desk().end_waits().empty()) << "told once";
}

TEST(ParkedQuery, DoesNotWaitIfTooManyWait) {
  DeskUnderTest desk;
  const auto far = std::uint64_t{1} << 40U;
  std::vector<net::Letter> asks;
  for (std::uint64_t i = 1; i <= 1000; ++i)
    asks.push_back(DeskUnderTest::letter(events_after(far, 20'000), 0, i));
  EXPECT_TRUE(desk.burst(std::move(asks)).empty());
  std::vector<net::Letter> one_more;
  one_more.push_back(DeskUnderTest::letter(events_after(far, 20'000), 0, 1001));
  const auto answers = desk.burst(std::move(one_more));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].envelope().getRequestId(), 1001U);
}

}  // namespace
}  // namespace swarmlab::server
