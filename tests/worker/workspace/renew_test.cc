#include "worker/workspace/renew.h"

#include <gtest/gtest.h>

#include "tests/worker/workspace/support.h"

namespace swarmlab::worker {
namespace {

class Renew : public WorkspaceTest {
 protected:
  Renew() {
    next_ = cache_
                .replace_paths(parent_, {{"pipe/train.py", leaf("better")},
                                         {"pipe/new/deep.py", leaf("deep")},
                                         {"pipe/sub/helper.py", std::nullopt}})
                .value();
    std::filesystem::create_directories(at("verdicts"));
  }
  [[nodiscard]] Result<void> renewed(const ObjectId& tree) {
    return renew(cache_, scope_,
                 {.folder = path("work"),
                  .before = parent_,
                  .tree = tree,
                  .keep = {"verdicts"},
                  .leave_out = {},
                  .scratch = path("renewed")});
  }
  [[nodiscard]] static ino_t inode(const std::string& path) {
    struct stat about {};
    EXPECT_EQ(::lstat(path.c_str(), &about), 0) << path;
    return about.st_ino;
  }
  ObjectId next_;
};

TEST_F(Renew, BringsWhatMayBeEditedToTheNextTree) {
  put(at("pipe/train.py"), "worse");
  put(at("pipe/left"), "left");
  ASSERT_TRUE(renewed(next_));
  EXPECT_EQ(get(at("pipe/train.py")), "better");
  EXPECT_EQ(get(at("pipe/new/deep.py")), "deep");
  EXPECT_FALSE(std::filesystem::exists(at("pipe/left")));
  EXPECT_FALSE(std::filesystem::exists(at("pipe/sub")));
  EXPECT_FALSE(std::filesystem::exists(path("renewed")));
  EXPECT_TRUE(std::filesystem::is_directory(at("verdicts")));
  parent_ = next_;
  EXPECT_TRUE(changed().empty());
}

TEST_F(Renew, LeavesWhatIsFrozenInItsPlace) {
  const ino_t file = inode(at("evaluate.py"));
  const ino_t frozen = inode(at("pipe/frozen.py"));
  const ino_t folder = inode(at("data"));
  ASSERT_TRUE(renewed(next_));
  EXPECT_EQ(inode(at("evaluate.py")), file);
  EXPECT_EQ(inode(at("pipe/frozen.py")), frozen);
  EXPECT_EQ(inode(at("data")), folder);
}

TEST_F(Renew, RemovesWhatIsNotLookedAtToo) {
  std::filesystem::create_directories(at(".git/objects"));
  std::filesystem::create_directories(at("pipe/__pycache__"));
  put(at("pipe/__pycache__/train.pyc"), "x");
  ASSERT_TRUE(renewed(next_));
  EXPECT_FALSE(std::filesystem::exists(at(".git")));
  EXPECT_FALSE(std::filesystem::exists(at("pipe/__pycache__")));
}

TEST_F(Renew, FollowsNoLinkThatWasLeftThere) {
  std::filesystem::create_directories(path("host/sub"));
  put(path("host/train.py"), "host");
  std::filesystem::remove_all(at("pipe/sub"));
  std::filesystem::create_symlink(path("host"), at("pipe/new"));
  std::filesystem::create_symlink(path("host/sub"), at("pipe/sub"));
  std::filesystem::remove(at("pipe/train.py"));
  std::filesystem::create_symlink(path("host/train.py"), at("pipe/train.py"));
  ASSERT_TRUE(renewed(next_));
  EXPECT_EQ(get(path("host/train.py")), "host");
  EXPECT_FALSE(std::filesystem::exists(path("host/deep.py")));
  EXPECT_EQ(get(at("pipe/new/deep.py")), "deep");
}

TEST_F(Renew, TakesAwayALinkInThePlaceOfAFolder) {
  std::filesystem::create_directories(path("host"));
  std::filesystem::rename(at("pipe/frozen.py"), path("host/frozen.py"));
  std::filesystem::remove_all(at("pipe"));
  std::filesystem::create_symlink(path("host"), at("pipe"));
  ASSERT_TRUE(renewed(next_)) << "nothing is written where it led to";
  EXPECT_EQ(get(path("host/frozen.py")), "frozen");
  EXPECT_FALSE(std::filesystem::exists(path("host/train.py")));
  EXPECT_EQ(get(at("pipe/frozen.py")), "frozen");
}

TEST_F(Renew, IsRefusedWhereTheTreesDifferInWhatIsFrozen) {
  const ObjectId other = cache_.replace_paths(next_, {{"evaluate.py", leaf("other")}}).value();
  EXPECT_FALSE(renewed(other));
  EXPECT_EQ(get(at("pipe/train.py")), "train");
}

TEST_F(Renew, IsRefusedWhereThereIsNoWorkspace) {
  std::filesystem::remove_all(at(""));
  EXPECT_FALSE(renewed(next_));
}

}  // namespace
}  // namespace swarmlab::worker
