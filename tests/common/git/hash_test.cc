#include "common/git/hash.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "common/os/unique_fd.h"
#include "tests/common/git/support.h"

namespace swarmlab::git {
namespace {

using HashTest = GitTest;

TEST_F(HashTest, AFolderHasTheIdThatGitGivesIt) {
  put(user_ + "/a.b", "1");
  put(user_ + "/a/z", "2");
  put(user_ + "/a-b/c", "3");
  put(user_ + "/tool", "4");
  ASSERT_EQ(::chmod((user_ + "/tool").c_str(), 0700), 0);
  std::filesystem::create_symlink("nowhere", user_ + "/link");
  std::filesystem::create_directories(user_ + "/empty/deeper");
  commit_all();
  std::filesystem::remove_all(user_ + "/.git.moved");
  std::filesystem::rename(user_ + "/.git", path("moved"));
  EXPECT_EQ(hash_folder(user_)->hex(),
            git("--git-dir=" + path("moved") + " rev-parse HEAD^{tree}"));
}

TEST_F(HashTest, EveryFileCountsAlsoAnIgnoredOne) {
  put(path("data/x"), "1");
  const ObjectId before = hash_folder(path("data")).value();
  put(path("data/.gitignore"), "*");
  const ObjectId after = hash_folder(path("data")).value();
  EXPECT_NE(before, after);
  put(path("data/x"), "2");
  EXPECT_NE(hash_folder(path("data")).value(), after);
}

TEST_F(HashTest, AnEmptyFolderIsTheEmptyTree) {
  std::filesystem::create_directories(path("data/below"));
  EXPECT_EQ(hash_folder(path("data"))->hex(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
}

TEST_F(HashTest, WhatIsNoFileCannotBeHashedAndDoesNotHangUs) {
  std::filesystem::create_directories(path("data"));
  ASSERT_EQ(::mkfifo(path("data/pipe").c_str(), 0600), 0);
  EXPECT_EQ(hash_folder(path("data")).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(hash_folder(path("none")).error().code, ErrorCode::not_found);
}

TEST_F(HashTest, ALinkIsHashedByItsTargetNotFollowed) {
  put(path("outside"), "1");
  std::filesystem::create_directories(path("data"));
  std::filesystem::create_symlink(path("outside"), path("data/link"));
  const ObjectId before = hash_folder(path("data")).value();
  put(path("outside"), "2");
  EXPECT_EQ(hash_folder(path("data")).value(), before);
}

TEST_F(HashTest, AnOpenFileIsHashedFromItsStartAndStaysWhereItIs) {
  put(path("f"), "hello\n");
  const UniqueFd file(::open(path("f").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::lseek(file.get(), 3, SEEK_SET), 3);
  EXPECT_EQ(hash_open_file(file.get())->hex(), "ce013625030ba8dba906f756967f9e9ca394464a");
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 3);
  EXPECT_EQ(hash_blob("hello\n"), hash_open_file(file.get()).value());
}

}  // namespace
}  // namespace swarmlab::git
