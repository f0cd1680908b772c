// Packs over the link, to a coordinator that loses them on the way.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "common/net/client.h"
#include "common/wire/message.h"
#include "tests/worker/server/link_under_test.h"

namespace swarmlab::worker {
namespace {

using PacksTest = LinkTest;

// Each look at it is six seconds after the one before: whatever is measured by it takes long.
class HastyClock final : public SteadyClock {
 public:
  [[nodiscard]] TimePoint now() override { return now_ += std::chrono::seconds(6); }
  [[nodiscard]] bool wait(const CancelToken& stop, Milliseconds /*time*/) override {
    return stop.cancelled();
  }

 private:
  TimePoint now_{};
};

// How long the answer to each request would be waited for.
class NotedChannel final : public net::Channel {
 public:
  NotedChannel(net::Client client, std::vector<Milliseconds>& patience)
      : client_(std::move(client)), patience_(patience) {}

  [[nodiscard]] std::uint64_t next_id() override { return client_.next_id(); }
  [[nodiscard]] std::future<Result<std::string>> request(std::uint64_t id, std::string bytes,
                                                         Milliseconds timeout) override {
    patience_.push_back(timeout);
    return client_.request(id, std::move(bytes), std::chrono::minutes(2));
  }
  void close() override { client_.close(); }

 private:
  net::Client client_;
  std::vector<Milliseconds>& patience_;
};

TEST_F(PacksTest, ASmallPackWaitsAsLongAsAnyRequestHoweverSlowOthersWere) {
  net::ClientOptions options;
  options.id_of = wire::request_id_of;
  auto client = net::Client::connect(folder.address(), std::move(options));
  ASSERT_TRUE(client) << client.error().message;
  HastyClock clock;
  std::vector<Milliseconds> patience;
  const auto link = Link::over(std::make_unique<NotedChannel>(*std::move(client), patience), clock,
                               {.address = folder.address(),
                                .name = "w",
                                .host_class = "epyc",
                                .version = "1.0",
                                .slots = 1},
                               holdings);
  ASSERT_TRUE(link) << link.error().message;
  const auto deliver_pack_of = [&](std::uint64_t task, std::size_t size) {
    SpooledReport report = report_with(noise(size));
    report.report.task = TaskId(task);
    deliver(**link, report);
  };
  const Milliseconds usual(3000);
  deliver_pack_of(1, 100);
  deliver_pack_of(2, 100);
  EXPECT_EQ(patience, std::vector(patience.size(), usual));
  deliver_pack_of(3, 9 * kChunk);
  EXPECT_GT(*std::ranges::max_element(patience), 10 * usual) << "a slow link is not given up early";
  patience.clear();
  deliver_pack_of(4, 100);
  EXPECT_EQ(patience, std::vector(patience.size(), usual));
}

TEST_F(PacksTest, SendsAPackInChunks) {
  const SpooledReport report = report_with(noise(5 * kChunk / 2));
  const auto link = connect();
  deliver(*link, report);
  EXPECT_EQ(coordinator.count(Kind::PACK_CHUNK), 3);
  ASSERT_EQ(coordinator.delivered().size(), 1U);
  EXPECT_EQ(coordinator.delivered()[0].pack, report.pack);
  EXPECT_EQ(coordinator.delivered()[0].report, report.report);
}

TEST_F(PacksTest, SendsALargePackFromItsFile) {
  const std::string bytes = noise(20 * kChunk + 7);
  SpooledReport report = report_with("");
  report.pack_file = folder.path("1-10.pack");
  ASSERT_TRUE(write_file(report.pack_file, bytes));
  deliver(*connect(), report);
  ASSERT_EQ(coordinator.delivered().size(), 1U);
  EXPECT_TRUE(coordinator.delivered()[0].pack == bytes);
}

TEST_F(PacksTest, DoesNotTryForeverToSendAFileThatIsGone) {
  SpooledReport report = report_with("");
  report.pack_file = folder.path("gone.pack");
  const auto link = connect();
  const auto answer = link->work({.report = &report, .ask = false, .slot = 0}, never);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::internal);
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

// What the coordinator offers under a hash, and where its newest transfer was read.
class ResumedPacksTest : public LinkTest {
 protected:
  ResumedPacksTest() {
    coordinator.on(Kind::FETCH, [this](Asked, Reply reply) {
      auto to = reply.initFetchReply();
      to.setTransfer(++transfer);
      to.setSize(pack.size());
      to.setHash(wire::data_of(hash));
      offsets.clear();
    });
    coordinator.on(Kind::FETCH_CHUNK, [this](Asked asked, Reply reply) {
      const std::uint64_t offset = asked.getFetchChunk().getOffset();
      // What an earlier life asked for may come after what a later one did.
      if (asked.getFetchChunk().getTransfer() == transfer) offsets.push_back(offset);
      tickets.push_back(asked.getFetchChunk().getTicket());
      if (offset >= breaks_at) {
        wire::write(reply.initError(), Error{ErrorCode::unavailable, "not now"});
        return;
      }
      const auto part = std::string_view(pack).substr(std::min(offset, pack.size()), kChunk);
      auto to = reply.initFetchData();
      to.setData(
          capnp::Data::Reader(reinterpret_cast<const capnp::byte*>(part.data()), part.size()));
      to.setTicket(offset + 1);
    });
  }
  // What an earlier link asked for may still be answered: not by what is gone.
  void TearDown() override {
    coordinator.on(Kind::FETCH, [](Asked, Reply) {});
    coordinator.on(Kind::FETCH_CHUNK, [](Asked, Reply) {});
  }
  // As much as there is before it breaks.
  void fetch_until_it_breaks(std::uint64_t at) {
    breaks_at = at;
    const auto link = connect();
    std::thread fetching([&] {
      const ObjectId wanted[] = {ObjectId{}};
      const auto stopped = link->fetch(
          {.lab = LabId(1), .wanted = wanted, .had = {}, .folder = folder.path("incoming")},
          stop.token());
      EXPECT_FALSE(stopped);
    });
    EXPECT_TRUE(coordinator.wait_for(Kind::FETCH, 2)) << "it tries again";
    stop.cancel();
    fetching.join();
    coordinator.settle();
  }

  std::string pack = noise(20 * kChunk + 5);
  ObjectId hash = *ObjectId::from_hex("4b825dc642cb6eb9a060e54bf8d69288fbee4904");
  std::uint64_t breaks_at = SIZE_MAX;
  std::uint64_t transfer = 0;
  std::vector<std::uint64_t> offsets;
  std::vector<std::uint64_t> tickets;
  CancelSource stop = source();
};

TEST_F(ResumedPacksTest, GoOnInTheNextLifeWhereTheyWere) {
  fetch_until_it_breaks(9 * kChunk);
  breaks_at = SIZE_MAX;
  const auto fetched = fetch(*connect());
  coordinator.settle();
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_TRUE(*fetched == pack);
  EXPECT_EQ(offsets.front(), 9 * kChunk);
  EXPECT_LE(offsets.size(), 13U) << "12 chunks, and the tickets back";
}

TEST_F(ResumedPacksTest, BeginAnewWhenAnotherPackIsOffered) {
  fetch_until_it_breaks(9 * kChunk);
  breaks_at = SIZE_MAX;
  hash.bytes[0] ^= 1U;
  pack = noise(10 * kChunk);
  const auto fetched = fetch(*connect());
  coordinator.settle();
  ASSERT_TRUE(fetched) << fetched.error().message;
  EXPECT_TRUE(*fetched == pack);
  EXPECT_EQ(offsets.front(), 0U);
}

TEST_F(ResumedPacksTest, GiveEveryTicketBack) {
  ASSERT_TRUE(fetch(*connect()));
  ASSERT_TRUE(coordinator.wait_for(Kind::FETCH_CHUNK, 22));
  coordinator.settle();
  EXPECT_EQ(tickets.back(), 20 * kChunk + 1) << "the last stands for all";
}

TEST_F(PacksTest, GoOnToSendALargePackWhereTheCoordinatorHasIt) {
  const SpooledReport report = report_with(noise(20 * kChunk));
  std::string received = report.pack.substr(0, 15 * kChunk);  // of an earlier life of ours
  std::vector<std::uint64_t> offsets;
  coordinator.on(Kind::PACK_CHUNK, [&](Asked asked, Reply reply) {
    const auto chunk = asked.getPackChunk();
    EXPECT_EQ(chunk.getSize(), report.pack.size());
    if (chunk.getData().size() > 0) offsets.push_back(chunk.getOffset());
    if (chunk.getOffset() == received.size())
      received.append(chunk.getData().asChars().begin(), chunk.getData().size());
    reply.initChunkAck().setReceived(received.size());
  });
  coordinator.on(Kind::WORK,
                 [](Asked, Reply reply) { reply.initWorkReply().getReport().initCounted(); });
  deliver(*connect(), report);
  coordinator.settle();
  EXPECT_TRUE(received == report.pack);
  EXPECT_EQ(offsets.size(), 5U);
}

TEST_F(PacksTest, HasNoMoreOnItsWayThanTheCoordinatorGivesCreditFor) {
  const SpooledReport report = report_with(noise(20 * kChunk));
  std::uint64_t received = 0;
  coordinator.on(Kind::PACK_CHUNK, [&](Asked asked, Reply reply) {
    received = std::max(received,
                        asked.getPackChunk().getOffset() + asked.getPackChunk().getData().size());
    reply.initChunkAck().setReceived(received);
    reply.getChunkAck().setCredit(kChunk);
  });
  coordinator.on(Kind::WORK,
                 [](Asked, Reply reply) { reply.initWorkReply().getReport().initCounted(); });
  // With one chunk on its way, an answer that is lost holds up all that follow.
  coordinator.lose_replies(Kind::PACK_CHUNK, 1);
  const auto link = connect();
  std::thread sending([&] { deliver(*link, report); });
  EXPECT_TRUE(coordinator.wait_for(Kind::PACK_CHUNK, 1));
  sending.join();
  coordinator.settle();
  EXPECT_EQ(received, report.pack.size());
}

TEST_F(PacksTest, DoesNotFetchWhatIsTooLarge) {
  coordinator.on(Kind::FETCH,
                 [](Asked, Reply reply) { reply.initFetchReply().setSize(1ULL << 50U); });
  const auto fetched = fetch(*connect());
  coordinator.settle();
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, ErrorCode::invalid_input);
}

}  // namespace
}  // namespace swarmlab::worker
