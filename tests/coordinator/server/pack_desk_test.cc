// Packs at the coordinator: made once for all who want them, taken in when they are whole, and gone
// on with after a restart. With real objects on a real disk.
#include "coordinator/server/pack_desk.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <thread>

#include "common/git/data_commit.h"
#include "schemas/message.capnp.h"
#include "tests/coordinator/server/coordinator_under_test.h"

namespace swarmlab::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLarge = 6'000'000;
constexpr std::size_t kChunk = schema::CHUNK_BYTES;

class PackDeskTest : public testing::Test {
 protected:
  PackDeskTest() {
    std::mt19937_64 random(11);
    std::string bytes;
    while (bytes.size() < kLarge) bytes.push_back(static_cast<char>(random()));
    fs::create_directories(root() / "data");
    std::ofstream(root() / "data/noise", std::ios::binary) << bytes;
    data = must(git::write_data_pack((root() / "data").string(), (root() / "data.pack").string()));
    restart();
  }
  [[nodiscard]] fs::path root() const { return coordinator.folder.path(); }
  [[nodiscard]] store::ObjectStore& objects() { return coordinator.engine->objects(); }
  [[nodiscard]] Timestamp now() { return coordinator.clock.now(); }
  void restart(const PackLimits& limits = {}) {
    packs.reset();
    packs = std::make_unique<PackDesk>(objects(), limits);
  }
  // Asks until it is not told to come again.
  template <class Ask>
  static auto insist(const Ask& ask) -> decltype(ask()) {
    while (true) {
      auto answer = ask();
      if (answer || answer.error().code != ErrorCode::unavailable) return answer;
      std::this_thread::yield();
    }
  }
  Result<Transfers::Offer> offer(const ObjectId& commit) {
    return insist([&] { return packs->offer({commit}, {}); });
  }
  std::string read_from(std::uint64_t transfer, std::uint64_t offset, std::size_t chunks = 1'000) {
    std::string bytes;
    std::uint64_t ticket = 0;
    for (std::size_t i = 0; i < chunks; ++i) {
      const auto chunk = packs->chunk(
          {.peer = "reader", .transfer = transfer, .offset = offset, .ticket = ticket}, now());
      EXPECT_TRUE(chunk) << chunk.error().message;
      if (!chunk || chunk->bytes.empty()) return bytes;
      bytes += chunk->bytes;
      offset += chunk->bytes.size();
      ticket = chunk->ticket;
    }
    return bytes;
  }
  // Sends some of the data's pack as the command line does, from where the other side is.
  std::uint64_t send(std::size_t chunks = 1'000) {
    const std::string bytes = must(read_file((root() / "data.pack").string(), 1U << 30U));
    const PackKey key{TaskId(0), FencingToken(7)};
    auto at = must(packs->add(key, {.offset = 0, .data = {}, .pack = data.pack}, now()));
    for (std::size_t i = 0; i < chunks && at < bytes.size(); ++i) {
      const auto part = std::string_view(bytes).substr(at, kChunk);
      at = must(packs->add(
          key, {.offset = at, .data = std::as_bytes(std::span(part)), .pack = data.pack}, now()));
    }
    return at;
  }
  Result<std::optional<std::uint64_t>> put() {
    return insist(
        [&] { return packs->put({.commit = data.commit, .token = 7, .pack = data.pack}); });
  }
  [[nodiscard]] std::size_t files_in(const char* folder) const {
    std::error_code error;
    const auto all = fs::directory_iterator(root() / folder, error);
    return error ? 0 : static_cast<std::size_t>(std::distance(all, fs::directory_iterator()));
  }

  CoordinatorUnderTest coordinator;
  git::DataPack data;
  std::unique_ptr<PackDesk> packs;
};

TEST_F(PackDeskTest, TakesInACommitThatIsSentToIt) {
  EXPECT_EQ(put().value(), 0U) << "nothing is here yet";
  EXPECT_EQ(send(), data.pack.bytes);
  EXPECT_EQ(put().value(), std::nullopt);
  EXPECT_TRUE(objects().has(data.commit));
  EXPECT_EQ(files_in("inbox"), 0U);
  EXPECT_EQ(put().value(), std::nullopt) << "again changes nothing";
}

TEST_F(PackDeskTest, GoesOnWithAPackThatIsSentAfterARestart) {
  EXPECT_EQ(send(10), 10 * kChunk);
  restart();
  EXPECT_EQ(put().value(), 10 * kChunk);
  EXPECT_EQ(send(), data.pack.bytes);
  EXPECT_EQ(put().value(), std::nullopt);
}

TEST_F(PackDeskTest, BeginsAnewWithAnotherPackOfTheSameSender) {
  send(10);
  const git::PackInfo other{.bytes = data.pack.bytes, .hash = swarm::object(9)};
  EXPECT_EQ(
      packs->add({TaskId(0), FencingToken(7)}, {.offset = 0, .data = {}, .pack = other}, now()),
      0U);
}

TEST_F(PackDeskTest, DropsAPackThatIsDamagedSoThatItIsSentAgain) {
  send();
  for (const auto& file : fs::directory_iterator(root() / "inbox")) {
    std::fstream damage(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    damage.seekp(kLarge / 2);
    damage << "damage";
  }
  EXPECT_EQ(put().error().code, ErrorCode::invalid_input);
  EXPECT_FALSE(objects().has(data.commit));
  EXPECT_EQ(put().value(), 0U);
  send();
  EXPECT_EQ(put().value(), std::nullopt);
}

TEST_F(PackDeskTest, MakesALargePackOnceForAllWhoWantIt) {
  send();
  ASSERT_TRUE(put());
  const auto first = must(offer(data.commit));
  EXPECT_EQ(first.pack, data.pack) << "the same bytes as it came";
  for (int i = 0; i < 100; ++i) EXPECT_EQ(must(packs->offer({data.commit}, {})), first);
  EXPECT_EQ(files_in("transfers"), 1U);
  EXPECT_TRUE(read_from(first.transfer, 0) ==
              must(read_file((root() / "data.pack").string(), 1U << 30U)));
}

TEST_F(PackDeskTest, GoesOnToBeReadAfterARestartWithoutBeingMadeAgain) {
  send();
  ASSERT_TRUE(put());
  const auto before = must(offer(data.commit));
  std::string bytes = read_from(before.transfer, 0, 5);
  restart();
  EXPECT_EQ(must(packs->offer({data.commit}, {})), before) << "at once";
  bytes += read_from(before.transfer, bytes.size());
  EXPECT_TRUE(bytes == must(read_file((root() / "data.pack").string(), 1U << 30U)));
}

TEST_F(PackDeskTest, KeepsNoMoreOnDiskThanItMay) {
  send();
  ASSERT_TRUE(put());
  const auto first = must(offer(data.commit));
  restart({.inbox = {}, .transfers = {.small_bytes = 0, .disk_bytes = 1}, .flow = {}});
  coordinator.open_lab();
  const auto second = must(offer(coordinator.lab.base()));
  EXPECT_EQ(packs->chunk({.peer = "p", .transfer = first.transfer}, now()).error().code,
            ErrorCode::conflict);
  EXPECT_FALSE(read_from(second.transfer, 0).empty()) << "what was asked for last stays";
  EXPECT_EQ(files_in("transfers"), 1U);
}

// T11: peers that ask for all and read nothing. What the coordinator sends them is what it may have
// to hold.
TEST_F(PackDeskTest, SendsLittleToPeersThatDoNotReadAndGoesOnForTheOthers) {
  send();
  ASSERT_TRUE(put());
  const auto pack = must(offer(data.commit));
  std::uint64_t sent = 0;
  for (int peer = 0; peer < 99; ++peer) {
    std::uint64_t to_this = 0;
    for (std::uint64_t offset = 0; offset < pack.pack.bytes; offset += kChunk) {
      const auto chunk = packs->chunk({.peer = "stuck" + std::to_string(peer),
                                       .transfer = pack.transfer,
                                       .offset = offset,
                                       .ticket = 12345},
                                      now());
      if (chunk) to_this += chunk->bytes.size();
    }
    EXPECT_LE(to_this, 8U << 20U);
    sent += to_this;
  }
  EXPECT_LE(sent, 100U << 20U);
  EXPECT_EQ(read_from(pack.transfer, 0).size(), pack.pack.bytes) << "one that reads";
  coordinator.clock.pass(std::chrono::seconds(60));
  packs->tick(now());
  EXPECT_TRUE(packs->chunk({.peer = "stuck1", .transfer = pack.transfer}, now()))
      << "it may come back";
}

}  // namespace
}  // namespace swarmlab::server
