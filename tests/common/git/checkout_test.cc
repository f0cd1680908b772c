#include "common/git/checkout.h"

#include <gtest/gtest.h>

#include "common/git/hash.h"
#include "tests/common/git/raw_pack.h"
#include "tests/common/git/support.h"

namespace swarmlab::git {
namespace {

class CheckoutTest : public GitTest {
 protected:
  [[nodiscard]] Leaf file(const std::string& bytes, FileMode mode = FileMode::regular) {
    return {mode, bare_.write_blob(bytes).value()};
  }
  [[nodiscard]] ObjectId tree(const std::vector<PathEdit>& edits) {
    return bare_.replace_paths(empty_tree(bare_), edits).value();
  }
  // A tree that our own writer refuses: by the git command, which checks less.
  [[nodiscard]] ObjectId raw_tree(const std::string& bytes) const {
    put(path("tree"), bytes);
    return *ObjectId::from_hex(shell("git --git-dir=" + path("bare") +
                                     " hash-object -w --literally -t tree " + path("tree"))
                                   .substr(0, 40));
  }
  [[nodiscard]] mode_t mode_of(const std::string& name) const {
    struct stat about {};
    EXPECT_EQ(::lstat(path(name).c_str(), &about), 0) << name;
    return about.st_mode & 07777U;
  }
  Repository bare_ = *Repository::init_bare(path("bare"));
};

TEST_F(CheckoutTest, FilesAndFoldersHaveTheModesOfGitWhateverTheUmask) {
  const ObjectId commit_tree = tree({{"a/b/f", file("1")},
                                     {"tool", file("#!", FileMode::executable)},
                                     {"empty", file("")},
                                     {"link", file("a/b", FileMode::symlink)}});
  const mode_t before = ::umask(0077);
  const auto done = checkout_tree(bare_, commit_tree, path("out"));
  ::umask(before);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(get(path("out/a/b/f")), "1");
  EXPECT_EQ(get(path("out/empty")), "");
  EXPECT_EQ(mode_of("out"), 0755U);
  EXPECT_EQ(mode_of("out/a/b"), 0755U);
  EXPECT_EQ(mode_of("out/a/b/f"), 0644U);
  EXPECT_EQ(mode_of("out/tool"), 0755U);
  EXPECT_EQ(std::filesystem::read_symlink(path("out/link")), "a/b");
  EXPECT_EQ(hash_folder(path("out")).value(), commit_tree);
}

TEST_F(CheckoutTest, ThereIsNoGitFolderAndNoFilterRuns) {
  put(user_ + "/.gitattributes", "* text eol=crlf filter=evil ident\n");
  put(user_ + "/f", "$Id$\nline\n");
  const ObjectId commit = commit_all();
  git("config filter.evil.smudge 'touch " + path("ran") + "; cat'");
  const auto users = *Repository::open(user_);
  ASSERT_TRUE(checkout_tree(users, users.tree_of(commit).value(), path("out")));
  EXPECT_EQ(get(path("out/f")), "$Id$\nline\n");
  EXPECT_FALSE(std::filesystem::exists(path("out/.git")));
  EXPECT_FALSE(std::filesystem::exists(path("ran")));
}

TEST_F(CheckoutTest, ASubmoduleIsAnEmptyFolder) {
  const ObjectId commit = bare_.commit(empty_tree(bare_), {}, text("m")).value();
  ASSERT_TRUE(
      checkout_tree(bare_, tree({{"sub", Leaf{FileMode::submodule, commit}}}), path("out")));
  EXPECT_TRUE(std::filesystem::is_empty(path("out/sub")));
}

TEST_F(CheckoutTest, OnlyAFreshFolderIsWrittenTo) {
  const ObjectId one = tree({{"f", file("1")}});
  put(path("used/old"), "");
  EXPECT_EQ(checkout_tree(bare_, one, path("used")).error().code, ErrorCode::conflict);
  std::filesystem::create_directories(path("empty"));
  EXPECT_TRUE(checkout_tree(bare_, one, path("empty")));
  put(path("file"), "");
  EXPECT_FALSE(checkout_tree(bare_, one, path("file")));
  EXPECT_FALSE(checkout_tree(bare_, one, path("none/out")));
}

TEST_F(CheckoutTest, TreesWithNamesThatLeaveTheFolderAreRefused) {
  const ObjectId x = file("x").id;
  std::filesystem::create_directories(path("in"));
  for (const auto* name : {"..", ".", ".git", ".GIT", ".gIt", ".git ", ".git.", "git~1", "../up",
                           "/abs", "a/b", ".g\u200cit", ".git::$INDEX_ALLOCATION"}) {
    for (const auto* mode : {"100644", "120000"}) {
      const auto done = checkout_tree(bare_, raw_tree(tree_line(mode, name, x)), path("in/out"));
      EXPECT_FALSE(done) << name;
      EXPECT_EQ(shell("find " + path("in") + " -mindepth 2"), "") << name;
      EXPECT_FALSE(std::filesystem::exists(path("in/up")));
    }
  }
  EXPECT_FALSE(checkout_tree(bare_, raw_tree(tree_line("40000", "..", tree({{"up", file("1")}}))),
                             path("in/out")));
  EXPECT_FALSE(std::filesystem::exists(path("in/up")));
}

// The classic: a link to a folder outside, then a file below the same name.
TEST_F(CheckoutTest, NothingIsWrittenThroughALinkOfTheSameTree) {
  std::filesystem::create_directories(path("outside"));
  const ObjectId target = file(path("outside")).id;
  const ObjectId below = tree({{"f", file("evil")}});
  const auto done = checkout_tree(
      bare_, raw_tree(tree_line("120000", "a", target) + tree_line("40000", "a", below)),
      path("out"));
  EXPECT_FALSE(done);
  const auto over = checkout_tree(
      bare_, raw_tree(tree_line("120000", "b", target) + tree_line("100644", "b", target)),
      path("over"));
  EXPECT_FALSE(over);
  EXPECT_TRUE(std::filesystem::is_empty(path("outside")));
}

TEST_F(CheckoutTest, LinksAreMadeAndNeverFollowed) {
  put(path("secret"), "s");
  ASSERT_TRUE(
      checkout_tree(bare_, tree({{"link", file(path("secret"), FileMode::symlink)}}), path("out")));
  EXPECT_EQ(get(path("secret")), "s");
  EXPECT_EQ(mode_of("secret") & 0700U, 0600U);
}

TEST_F(CheckoutTest, ALinkWithANulOrOfAFolderIsRefused) {
  const ObjectId nul = file(std::string("a\0b", 3)).id;
  EXPECT_FALSE(checkout_tree(bare_, raw_tree(tree_line("120000", "l", nul)), path("out")));
  const ObjectId folder = tree({{"f", file("1")}});
  EXPECT_FALSE(checkout_tree(bare_, raw_tree(tree_line("100644", "f", folder)), path("other")));
}

TEST_F(CheckoutTest, AMissingObjectIsAnError) {
  const auto done =
      checkout_tree(bare_, raw_tree(tree_line("100644", "f", hash_blob("gone"))), path("out"));
  EXPECT_EQ(done.error().code, ErrorCode::not_found);
}

TEST_F(CheckoutTest, AnyCommitOfTheUserComesOutAsItWentIn) {
  put(user_ + "/a-b", "1");
  put(user_ + "/a/b", "2");
  put(user_ + "/a.b/c", "3");
  put(user_ + "/caf\u00e9/\xff\xfe", "not utf-8");
  put(user_ + "/big", std::string(3'000'000, 'x'));
  const ObjectId commit = commit_all();
  git("gc -q");  // packed, with deltas
  const auto users = *Repository::open(user_);
  ASSERT_TRUE(checkout_tree(users, users.tree_of(commit).value(), path("out")));
  EXPECT_EQ(hash_folder(path("out"))->hex(), git("rev-parse HEAD^{tree}"));
}

}  // namespace
}  // namespace swarmlab::git
