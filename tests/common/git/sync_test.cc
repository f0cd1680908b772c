// Whether what we store reaches the disk before a call returns: fsync() is ours here, and counts.
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "common/git/pack.h"
#include "tests/common/git/support.h"

namespace {
std::atomic<int> synced{0};  // NOLINT: libgit2 has no other way to tell us
}  // namespace

extern "C" int fsync(int fd) {
  ++synced;
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace swarmlab::git {
namespace {

class SyncTest : public GitTest {
 protected:
  SyncTest() {
    put(user_ + "/f", "1");
    commit_ = commit_all();
  }
  template <class Action>
  static int syncs(const Action& action) {
    const int before = synced;
    EXPECT_TRUE(action().has_value());
    return synced - before;
  }
  Repository users_ = *Repository::open(user_);
  ObjectId commit_;
};

TEST_F(SyncTest, ObjectsAndRefsOfTheCoordinatorAreSynced) {
  const Library library({.fsync = true});
  auto bare = *Repository::init_bare(path("bare"));
  const std::string pack = make_pack(users_, {commit_}, {}).value();
  EXPECT_GE(syncs([&] { return index_pack(bare, pack, commit_); }), 3);  // pack, index, folder
  EXPECT_GE(syncs([&] { return bare.set_ref("refs/swarmlab/x", commit_); }), 1);
  EXPECT_GE(syncs([&] { return bare.write_blob("new"); }), 1);
  auto other = *Repository::init_bare(path("other"));
  EXPECT_GE(syncs([&] { return copy_commit(users_, commit_, other); }), 3);
}

TEST_F(SyncTest, AWorkersCacheIsNot) {
  auto bare = *Repository::init_bare(path("bare"));  // the fixture's library does not sync
  const std::string pack = make_pack(users_, {commit_}, {}).value();
  EXPECT_EQ(syncs([&] { return index_pack(bare, pack, commit_); }), 0);
  EXPECT_EQ(syncs([&] { return bare.write_blob("new"); }), 0);
  EXPECT_EQ(syncs([&] { return bare.set_ref("refs/swarmlab/x", commit_); }), 0);
}

}  // namespace
}  // namespace swarmlab::git
