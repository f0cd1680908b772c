// Nothing of the agent should run any more when its workspace is collected. If something does, it
// still cannot make us read or change what lies outside.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "common/git/hash.h"
#include "tests/worker/workspace/support.h"

namespace swarmlab::worker {
namespace {

class RaceTest : public WorkspaceTest {
 protected:
  // Exchanges two entries for as long as `action` runs.
  template <class Action>
  void while_exchanging(const std::string& one, const std::string& other, const Action& action) {
    std::atomic<bool> done = false;
    std::atomic<int> exchanges = 0;
    std::thread attacker([&] {
      while (!done) {
        if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) {
          ++exchanges;
        }
      }
    });
    while (exchanges == 0) std::this_thread::yield();
    action();
    done = true;
    attacker.join();
  }
  // The blob of an outside file is in no candidate, as nobody ever wrote it.
  void collect_often() {
    for (int i = 0; i < 300; ++i) {
      const auto collected = collect(cache_, scope_, request());
      ASSERT_TRUE(collected) << collected.error().message;
      ASSERT_FALSE(cache_.has(git::hash_blob("secret")));
    }
  }
  [[nodiscard]] mode_t mode_of(const std::string& name) const {
    struct stat about {};
    EXPECT_EQ(::stat(path(name).c_str(), &about), 0);
    return about.st_mode & 0777U;
  }
};

TEST_F(RaceTest, AFileThatBecomesALinkIsNotReadThroughIt) {
  put(path("outside"), "secret");
  std::filesystem::create_symlink(path("outside"), at("pipe/link"));
  while_exchanging(at("pipe/link"), at("pipe/train.py"), [this] { collect_often(); });
}

TEST_F(RaceTest, AFileThatBecomesALinkDoesNotGiveAwayTheRightsOfAnother) {
  put(path("outside"), "secret");
  ASSERT_EQ(::chmod(path("outside").c_str(), 0), 0);
  std::filesystem::create_symlink(path("outside"), at("pipe/link"));
  while_exchanging(at("pipe/link"), at("pipe/train.py"), [this] {
    for (int i = 0; i < 300; ++i) {
      ::fchmodat(AT_FDCWD, at("pipe/train.py").c_str(), 0, AT_SYMLINK_NOFOLLOW);
      ASSERT_TRUE(collect(cache_, scope_, request()));
      ASSERT_EQ(mode_of("outside"), 0U);
    }
  });
}

TEST_F(RaceTest, AFolderThatBecomesALinkIsNotEntered) {
  put(path("outside/secret"), "secret");
  std::filesystem::create_directory_symlink(path("outside"), at("pipe/link"));
  while_exchanging(at("pipe/link"), at("pipe/sub"), [this] { collect_often(); });
}

TEST_F(RaceTest, AFileThatBecomesAFifoDoesNotHangUs) {
  ASSERT_EQ(::mkfifo(at("pipe/fifo").c_str(), 0644), 0);
  while_exchanging(at("pipe/fifo"), at("pipe/train.py"), [this] { collect_often(); });
}

TEST_F(RaceTest, AFileThatGrowsWhileItIsReadStopsAtTheLimit) {
  limits_.max_file_bytes = 1000;
  put(path("large"), std::string(100'000, 'x'));
  put(at("pipe/small"), "x");
  while_exchanging(path("large"), at("pipe/small"), [this] {
    for (int i = 0; i < 300; ++i) {
      const auto collected = collect(cache_, scope_, request());
      ASSERT_TRUE(collected);
      if (collected->tree.is_zero()) continue;
      ASSERT_LE(cache_.file_at(collected->tree, "pipe/small")->size(), 1000U);
    }
  });
}

}  // namespace
}  // namespace swarmlab::worker
