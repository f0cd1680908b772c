// What an agent announces while it works: heard at once, not too often, and never trusted.
#include "worker/server/announcer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <vector>

#include "common/os/file.h"

namespace swarmlab::worker {
namespace {

class AnnouncerTest : public testing::Test {
 protected:
  AnnouncerTest() : folder_(*TempFolder::create(testing::TempDir(), "announce")) {}

  std::string file() const { return folder_.path() + "/hypothesis.json"; }
  void write(const std::string& text) const { ASSERT_TRUE(write_file(file(), text)); }

  std::unique_ptr<Announcer> watch(Milliseconds pause = Milliseconds(1)) {
    auto made = Announcer::watch(
        file(),
        [this](const Announcement& said) {
          const std::lock_guard lock(mutex_);
          heard_.push_back(said);
          changed_.notify_all();
        },
        pause);
    EXPECT_TRUE(made);
    return *std::move(made);
  }

  bool hears(const Announcement& expected) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20),
                             [&] { return !heard_.empty() && heard_.back() == expected; });
  }
  std::size_t times() {
    const std::lock_guard lock(mutex_);
    return heard_.size();
  }

  TempFolder folder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Announcement> heard_;
};

TEST_F(AnnouncerTest, TellsWhatIsWrittenWhileItWatches) {
  const auto announcer = watch();
  write(R"({"hypothesis": "sort first", "mechanism": "fewer misses"})");
  EXPECT_TRUE(hears({"sort first", "fewer misses"}));
  write(R"({"hypothesis": "then merge"})");
  EXPECT_TRUE(hears({"then merge", ""}));
  EXPECT_EQ(announcer->end(), (Announcement{"then merge", ""}));
}

TEST_F(AnnouncerTest, KnowsTheLastWordsOfWhoEndedAtOnce) {
  const auto announcer = watch(std::chrono::hours(1));
  write(R"({"hypothesis": "first"})");
  EXPECT_TRUE(hears({"first", ""}));
  write(R"({"hypothesis": "last"})");
  EXPECT_EQ(announcer->end(), (Announcement{"last", ""})) << "however often it was told";
  EXPECT_EQ(times(), 1U);
}

TEST_F(AnnouncerTest, TellsTheSameOnce) {
  const auto announcer = watch();
  for (int i = 0; i < 20; ++i) write(R"({"hypothesis": "again"})");
  EXPECT_TRUE(hears({"again", ""}));
  announcer->end();
  EXPECT_EQ(times(), 1U);
}

TEST_F(AnnouncerTest, CleansAndCutsWhatItTells) {
  const auto announcer = watch();
  write("{\"hypothesis\": \"a\\n\\u001b[31mb" + std::string(5000, 'x') + "\", \"mechanism\": \"" +
        std::string(9000, 'y') + "\"}");
  const auto said = announcer->end();
  ASSERT_TRUE(said);
  EXPECT_LE(said->hypothesis.size(), 1000U);
  EXPECT_LE(said->mechanism.size(), 2000U);
  EXPECT_EQ(said->hypothesis.find_first_of("\n\x1b"), std::string::npos);
}

TEST_F(AnnouncerTest, FollowsNoLinksAndWaitsForNoFifo) {
  const std::string secret = folder_.path() + "/secret";
  ASSERT_TRUE(write_file(secret, R"({"hypothesis": "secret"})"));
  ASSERT_EQ(::symlink(secret.c_str(), file().c_str()), 0);
  EXPECT_EQ(watch()->end(), std::nullopt);
  ASSERT_EQ(::unlink(file().c_str()), 0);
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  EXPECT_EQ(watch()->end(), std::nullopt);
}

TEST_F(AnnouncerTest, HearsNothingWhereNothingIsSaid) {
  for (const char* text : {"", "{}", "no JSON", "[1]", R"({"hypothesis": 3})"}) {
    write(text);
    EXPECT_EQ(watch()->end(), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace swarmlab::worker
