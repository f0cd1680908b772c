// Disks that are full: Debian's RocksDB would abort the process on one.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "common/os/unique_fd.h"
#include "tests/coordinator/store/stored_swarm.h"

namespace swarmlab::store {
namespace {

// A log that does not compress.
AttachmentsOf logged(ExperimentNumber number, std::size_t bytes) {
  std::mt19937_64 random(number.value());
  std::string log;
  while (log.size() < bytes) log.push_back(static_cast<char>(random()));
  return {.lab = LabId(1),
          .number = number,
          .attachments = {.samples = {}, .agent_log = log, .guard_log = {}, .evaluator_log = {}}};
}

StoreOptions small_disk_options() {
  StoreOptions options = small_options();
  options.reserve_bytes = 24U << 20U;
  return options;
}

TEST(StoreRoom, BelowTheReserveNothingIsWrittenAndReadsGoOn) {
  const Folder folder;
  swarm::State before;
  {
    Store store = open_store(folder.store());
    StoredSwarm swarm(store);
    swarm.start(swarm::settings_named("lab"));
    ASSERT_TRUE(swarm.commit());
    before = swarm.state;
  }
  StoreOptions greedy = small_options();
  greedy.reserve_bytes = 1ULL << 60U;
  Store store = open_store(folder.store(), greedy);
  const Sequence last = store.last_sequence();
  const auto room = store.has_room();
  ASSERT_FALSE(room);
  EXPECT_EQ(room.error().code, ErrorCode::unavailable);
  EXPECT_NE(room.error().message.find("MB free, expected"), std::string::npos);
  StoredSwarm swarm(store);
  swarm.open(swarm::settings_named("other"));
  EXPECT_EQ(swarm.commit().error().code, ErrorCode::unavailable);
  EXPECT_EQ(store.last_sequence(), last);
  EXPECT_TRUE(store.load()->same_facts(before));
}

TEST(StoreRoom, ATurnThatBeganMayUseHalfOfTheReserve) {
  const Folder folder;
  StoreOptions options = small_options();
  options.reserve_bytes = 8U << 20U;
  std::uint64_t free = 7U << 20U;  // another program wrote since the turn began
  options.free_bytes = [&] { return free; };
  Store store = open_store(folder.store(), options);
  StoredSwarm swarm(store);
  swarm.open(swarm::settings_named("lab"));
  EXPECT_EQ(store.disk_room().level, DiskLevel::read_only);
  EXPECT_TRUE(swarm.commit());
  free = 3U << 20U;
  swarm.open(swarm::settings_named("other"));
  EXPECT_EQ(swarm.commit().error().code, ErrorCode::unavailable);
}

// A file system of 64 MB; none where mounting is not allowed.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=64m") == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool is_mounted() const { return mounted_; }

  // Leaves `room` bytes.
  void fill(std::uint64_t room) const {
    const auto free = static_cast<off_t>(std::filesystem::space(path_).available - room);
    const UniqueFd file(::open((path_ / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const off_t end = ::lseek(file.get(), 0, SEEK_END);
    ASSERT_EQ(::posix_fallocate(file.get(), end, free), 0);
  }
  void drain() const { std::filesystem::remove(path_ / "filler"); }

 private:
  std::filesystem::path path_;
  bool mounted_ = false;
};

TEST(StoreRoom, OnAFullDiskItSaysSoReadsOnAndGoesOnWhenThereIsSpace) {
  const Folder folder;
  const SmallDisk disk(folder.path() / "disk");
  if (!disk.is_mounted()) GTEST_SKIP() << "may not mount a tmpfs";
  Store store = open_store(folder.path() / "disk/store", small_disk_options());
  StoredSwarm swarm(store);
  swarm.start(swarm::settings_named("lab"));
  ASSERT_TRUE(swarm.commit());
  const auto before = swarm.state;

  disk.fill(8U << 20U);
  const auto room = store.has_room();
  ASSERT_FALSE(room);
  EXPECT_EQ(room.error().code, ErrorCode::unavailable);
  EXPECT_NE(room.error().message.find("8 MB free, expected 24 MB or more"), std::string::npos)
      << room.error().message;
  EXPECT_TRUE(store.load()->same_facts(before));

  disk.drain();
  EXPECT_TRUE(store.has_room());
  swarm.run(3.0);
  ASSERT_TRUE(swarm.commit());
  EXPECT_TRUE(store.load()->same_facts(swarm.state));
}

TEST(StoreRoom, ATurnThatWouldEatTheReserveIsNotWritten) {
  const Folder folder;
  const SmallDisk disk(folder.path() / "disk");
  if (!disk.is_mounted()) GTEST_SKIP() << "may not mount a tmpfs";
  const auto path = folder.path() / "disk/store";
  swarm::State before;
  {
    Store store = open_store(path, small_disk_options());
    StoredSwarm swarm(store);
    swarm.start(swarm::settings_named("lab"));
    ASSERT_TRUE(swarm.commit());
    before = swarm.state;
    disk.fill(14U << 20U);  // half of the reserve and some more
    const auto number = swarm.run(3.0);
    const auto refused = swarm.commit({logged(number, 4U << 20U)});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_TRUE(store.load()->same_facts(before));
    // What follows was decided on what is not there.
    disk.drain();
    EXPECT_NE(swarm.commit().error().message.find("an earlier commit failed; restart"),
              std::string::npos);
  }
  EXPECT_TRUE(open_store(path, small_disk_options()).load()->same_facts(before));
}

TEST(StoreRoom, AStoreThatFilledItsDiskLosesNothing) {
  const Folder folder;
  const SmallDisk disk(folder.path() / "disk");
  if (!disk.is_mounted()) GTEST_SKIP() << "may not mount a tmpfs";
  const auto path = folder.path() / "disk/store";
  swarm::State acknowledged;
  {
    Store store = open_store(path, small_disk_options());
    StoredSwarm swarm(store);
    swarm.start(swarm::settings_named("lab"));
    ASSERT_TRUE(swarm.commit());
    do {
      acknowledged = swarm.state;
    } while (store.has_room() && swarm.commit({logged(swarm.run(3.0), 1U << 20U)}));
    EXPECT_GT(acknowledged.labs.at(LabId(1)).counters.experiments, 10U);
  }
  const Store store = open_store(path, small_disk_options());
  EXPECT_TRUE(store.load()->same_facts(acknowledged));
  EXPECT_TRUE(store.replay()->same_facts(acknowledged));
}

TEST(StoreRoom, TheBallastIsGivenBackSoThatAFullDiskCanBeOpened) {
  const Folder folder;
  const SmallDisk disk(folder.path() / "disk");
  if (!disk.is_mounted()) GTEST_SKIP() << "may not mount a tmpfs";
  const auto path = folder.path() / "disk/store";
  const auto ballast = folder.path() / "disk/store.ballast";
  StoreOptions options{.reserve_bytes = 8U << 20U, .ballast_bytes = 20U << 20U, .env = nullptr};
  { open_store(path, options); }
  ASSERT_TRUE(std::filesystem::exists(ballast));
  disk.fill(0);
  { EXPECT_TRUE(Store::open(path, options)); }
  EXPECT_FALSE(std::filesystem::exists(ballast));
  disk.fill(0);
  const auto refused = Store::open(path, options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  disk.drain();
  EXPECT_TRUE(Store::open(path, options));
}

}  // namespace
}  // namespace swarmlab::store
