// Packs over the link, to a coordinator that loses them on the way.
#include <gtest/gtest.h>

#include "tests/worker/server/link_under_test.h"

namespace swarmlab::worker {
namespace {

using PacksTest = LinkTest;

TEST_F(PacksTest, SendsAPackInChunks) {
  const SpooledReport report = report_with(noise(5 * kChunk / 2));
  const auto link = connect();
  deliver(*link, report);
  EXPECT_EQ(coordinator.count(Kind::PACK_CHUNK), 3);
  ASSERT_EQ(coordinator.delivered().size(), 1U);
  EXPECT_EQ(coordinator.delivered()[0].pack, report.pack);
  EXPECT_EQ(coordinator.delivered()[0].report, report.report);
}

TEST_F(PacksTest, SendsAPackAnewThatTheCoordinatorLostInTheMiddle) {
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

TEST_F(PacksTest, SendsAPackAnewThatIsLostBeforeItsReport) {
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

TEST_F(PacksTest, DeliversAReportAgainWhoseAnswerIsLost) {
  coordinator.lose_replies(Kind::WORK, 1);
  deliver(*connect(), report_with(noise(100)));
  EXPECT_EQ(coordinator.delivered().size(), 2U) << "the coordinator counts it once";
}

TEST_F(PacksTest, FetchesAPackOfSeveralChunks) {
  const std::string pack = noise(21 * kChunk + 17);
  coordinator.offer(pack);
  const auto link = connect();
  const auto fetched = fetch(*link);
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_TRUE(*fetched == pack);
  EXPECT_EQ(coordinator.count(Kind::FETCH_CHUNK), 22);
}

TEST_F(PacksTest, FetchesAPackWhoseSizeIsAWholeNumberOfChunks) {
  const std::string pack = noise(2 * kChunk);
  coordinator.offer(pack);
  const auto fetched = fetch(*connect());
  coordinator.settle();
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_TRUE(*fetched == pack);
  EXPECT_EQ(coordinator.count(Kind::FETCH_CHUNK), 2);
}

TEST_F(PacksTest, FetchesAnewWhatTheCoordinatorDoesNotHaveAnyMore) {
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

TEST_F(PacksTest, FetchesAnewWhatBrokeOff) {
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

TEST_F(PacksTest, DoesNotFetchWhatIsTooLarge) {
  coordinator.on(Kind::FETCH,
                 [](Asked, Reply reply) { reply.initFetchReply().setSize(1ULL << 40U); });
  const auto fetched = fetch(*connect());
  coordinator.settle();
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, ErrorCode::invalid_input);
}

}  // namespace
}  // namespace swarmlab::worker
