#include "common/git/repository.h"

#include "tests/common/git/support.h"

namespace swarmlab::git {
namespace {

using RepositoryTest = GitTest;

TEST_F(RepositoryTest, ABareRepositoryIsMadeOnceAndOpenedAgain) {
  auto made = Repository::init_bare(path("a/b/bare.git"));
  ASSERT_TRUE(made);
  const ObjectId blob = made->write_blob("x").value();
  auto again = Repository::init_bare(path("a/b/bare.git"));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->has(blob));
  EXPECT_EQ(again->folder(), again->git_folder());
  EXPECT_EQ(git("--git-dir=" + path("a/b/bare.git") + " rev-parse --is-bare-repository"), "true");
}

TEST_F(RepositoryTest, OpenDoesNotSearchAboveTheFolder) {
  std::filesystem::create_directories(user_ + "/below");
  EXPECT_TRUE(Repository::open(user_));
  EXPECT_EQ(Repository::open(user_ + "/below").error().code, ErrorCode::not_found);
}

TEST_F(RepositoryTest, TheUsersRepositoryIsFoundFromAnyFolderInIt) {
  put(user_ + "/labs/x/lab.toml", "a");
  const ObjectId commit = commit_all();
  const auto found = Repository::discover(user_ + "/labs/x");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->folder(), std::filesystem::canonical(user_));
  EXPECT_EQ(found->head_commit().value(), commit);
}

TEST_F(RepositoryTest, SaysWhatToDoWhereThereIsNoRepositoryOrNoCommit) {
  std::filesystem::create_directories(path("plain"));
  const auto none = Repository::discover(path("plain"));
  EXPECT_EQ(none.error().code, ErrorCode::not_found);
  EXPECT_NE(none.error().message.find("git init"), std::string::npos);
  const auto unborn = Repository::discover(user_);
  EXPECT_EQ(unborn.error().code, ErrorCode::invalid_input);
  EXPECT_NE(unborn.error().message.find("git commit"), std::string::npos);
  ASSERT_TRUE(Repository::init_bare(path("bare")));
  EXPECT_EQ(Repository::discover(path("bare")).error().code, ErrorCode::invalid_input);
}

TEST_F(RepositoryTest, ReadsAWorktreeOfTheUser) {
  put(user_ + "/f", "1");
  const ObjectId commit = commit_all();
  git("worktree add -q " + path("other") + " -b other");
  const auto found = Repository::discover(path("other"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->head_commit().value(), commit);
  EXPECT_EQ(found->file_at(found->tree_of(commit).value(), "f").value(), "1");
}

TEST_F(RepositoryTest, ReadsFilesByPathWithinALimit) {
  put(user_ + "/a/f", "hello");
  const ObjectId commit = commit_all();
  const auto repository = Repository::open(user_);
  const ObjectId tree = repository->tree_of(commit).value();
  EXPECT_EQ(repository->file_at(tree, "a/f", 5).value(), "hello");
  EXPECT_EQ(repository->file_at(tree, "a/f", 4).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(repository->file_at(tree, "a/none").error().code, ErrorCode::not_found);
  EXPECT_FALSE(repository->file_at(tree, "a"));
  EXPECT_EQ(repository->subtree_id(tree, "a")->hex(), git("rev-parse HEAD:a"));
  EXPECT_EQ(repository->subtree_id(tree, "").value(), tree);
  EXPECT_EQ(repository->subtree_id(tree, "a/f").error().code, ErrorCode::invalid_input);
}

TEST_F(RepositoryTest, ListsEveryLeafWithItsMode) {
  put(user_ + "/a/plain", "1");
  put(user_ + "/tool", "2");
  git("init -q sub && cd sub && git -c user.name=U -c user.email=u@x commit -q --allow-empty -m s");
  ASSERT_EQ(::chmod((user_ + "/tool").c_str(), 0755), 0);
  std::filesystem::create_symlink("a/plain", user_ + "/link");
  const ObjectId commit = commit_all();
  const auto repository = Repository::open(user_);
  const auto listing = repository->list_tree(repository->tree_of(commit).value()).value();
  ASSERT_EQ(listing.size(), 4U);
  EXPECT_EQ(listing[0].path, "a/plain");
  EXPECT_EQ(listing[0].leaf.mode, FileMode::regular);
  EXPECT_EQ(listing[1].leaf.mode, FileMode::symlink);
  EXPECT_EQ(listing[2].leaf.mode, FileMode::submodule);
  EXPECT_EQ(listing[3].leaf.mode, FileMode::executable);
}

TEST_F(RepositoryTest, TheSameCommitTextIsTheSameCommitAsGitWouldMakeIt) {
  auto repository = *Repository::init_bare(path("bare"));
  const ObjectId tree = repository.replace_paths(empty_tree(repository), {}).value();
  const ObjectId first = repository.commit(tree, {}, text("one\n")).value();
  const ObjectId again = repository.commit(tree, {}, text("one\n")).value();
  EXPECT_EQ(first, again);
  const std::string environment =
      "GIT_AUTHOR_NAME=swarmlab GIT_AUTHOR_EMAIL=agent@swarmlab GIT_AUTHOR_DATE='1700000000 +0000' "
      "GIT_COMMITTER_NAME=swarmlab GIT_COMMITTER_EMAIL=agent@swarmlab "
      "GIT_COMMITTER_DATE='1700000000 +0000' ";
  EXPECT_EQ(shell(environment + "git --git-dir=" + path("bare") + " commit-tree " + tree.hex() +
                  " -m one"),
            first.hex() + "\n");
}

TEST_F(RepositoryTest, ACommitNamesItsTreeAndParentsInTheirOrder) {
  auto repository = *Repository::init_bare(path("bare"));
  const ObjectId tree = empty_tree(repository);
  const ObjectId a = repository.commit(tree, {}, text("a")).value();
  const ObjectId b = repository.commit(tree, {}, text("b")).value();
  const ObjectId merged = repository.commit(tree, {b, a}, text("m")).value();
  EXPECT_EQ(repository.tree_of(merged).value(), tree);
  EXPECT_EQ(repository.parents_of(merged).value(), (std::vector{b, a}));
  EXPECT_EQ(repository.message_of(merged).value(), "m");
  expect_sound(path("bare"));
}

TEST_F(RepositoryTest, TextFromOutsideCannotForgeALineOfACommit) {
  auto repository = *Repository::init_bare(path("bare"));
  CommitText forged = text("m");
  forged.author_name = "a>\nparent " + std::string(40, '0') + "\n<b";
  forged.author_email = "x@y>\ncommitter z <z>";
  forged.message = std::string("before\0after", 12);
  const ObjectId commit = repository.commit(empty_tree(repository), {}, forged).value();
  EXPECT_TRUE(repository.parents_of(commit)->empty());
  EXPECT_EQ(repository.message_of(commit).value(), "beforeafter");
  expect_sound(path("bare"));
}

TEST_F(RepositoryTest, ACommitNeedsItsTreeAndAnAuthor) {
  auto repository = *Repository::init_bare(path("bare"));
  EXPECT_FALSE(repository.commit(ObjectId{}, {}, text("m")));
  const ObjectId tree = empty_tree(repository);
  EXPECT_FALSE(repository.commit(tree, {ObjectId{}}, text("m")));
  CommitText nameless = text("m");
  nameless.author_name = "<>";
  EXPECT_FALSE(repository.commit(tree, {}, nameless));
}

TEST_F(RepositoryTest, RefsAreSetMovedListedByNameAndRemoved) {
  auto repository = *Repository::init_bare(path("bare"));
  const ObjectId tree = empty_tree(repository);
  const ObjectId a = repository.commit(tree, {}, text("a")).value();
  const ObjectId b = repository.commit(tree, {}, text("b")).value();
  ASSERT_TRUE(repository.set_ref("refs/swarmlab/x/exp/2", a));
  ASSERT_TRUE(repository.set_ref("refs/swarmlab/x/exp/10", a));
  ASSERT_TRUE(repository.set_ref("refs/swarmlab/y/best", a));
  ASSERT_TRUE(repository.set_ref("refs/swarmlab/y/best", b));
  EXPECT_EQ(repository.read_ref("refs/swarmlab/y/best").value(), b);
  const auto refs = repository.list_refs("refs/swarmlab/x/").value();
  ASSERT_EQ(refs.size(), 2U);
  EXPECT_EQ(refs[0].name, "refs/swarmlab/x/exp/10");
  ASSERT_TRUE(repository.remove_ref("refs/swarmlab/y/best"));
  ASSERT_TRUE(repository.remove_ref("refs/swarmlab/y/best"));
  EXPECT_EQ(repository.read_ref("refs/swarmlab/y/best").error().code, ErrorCode::not_found);
}

TEST_F(RepositoryTest, ARefToNothingOrOutsideOfRefsIsRefused) {
  auto repository = *Repository::init_bare(path("bare"));
  const ObjectId commit = repository.commit(empty_tree(repository), {}, text("a")).value();
  EXPECT_FALSE(repository.set_ref("refs/swarmlab/x", ObjectId{}));
  for (const auto* name : {"refs/../HEAD", "../x", "refs/a..b", "refs/a b", "", "refs/x.lock"}) {
    EXPECT_FALSE(repository.set_ref(name, commit)) << name;
  }
}

TEST_F(RepositoryTest, CompressedRefsReadAsBefore) {
  auto repository = *Repository::init_bare(path("bare"));
  const ObjectId commit = repository.commit(empty_tree(repository), {}, text("a")).value();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(repository.set_ref("refs/swarmlab/x/exp/" + std::to_string(i), commit));
  }
  ASSERT_TRUE(repository.compress_refs());
  EXPECT_FALSE(std::filesystem::exists(path("bare/refs/swarmlab/x/exp/7")));
  EXPECT_EQ(repository.list_refs("refs/swarmlab/")->size(), 20U);
  EXPECT_EQ(repository.read_ref("refs/swarmlab/x/exp/7").value(), commit);
}

TEST_F(RepositoryTest, TheUsersRepositoryIsNotWrittenByReadingIt) {
  put(user_ + "/f", "1");
  commit_all();
  put(user_ + "/f", "2");
  put(user_ + "/new", "3");
  const std::string look = "find " + user_ + " -newer " + path("mark") + " -type f";
  put(path("mark"), "");
  const auto repository = Repository::discover(user_);
  const auto dirty = repository->dirty_files({}).value();
  ASSERT_EQ(dirty.size(), 2U);
  EXPECT_EQ(dirty[0], (DirtyFile{"f", DirtyFile::Kind::modified}));
  EXPECT_EQ(dirty[1], (DirtyFile{"new", DirtyFile::Kind::untracked}));
  EXPECT_EQ(shell(look), "");
}

TEST_F(RepositoryTest, DirtyFilesAreThoseOfTheFoldersAskedFor) {
  put(user_ + "/.gitignore", "*.log\n");
  put(user_ + "/a/f", "1");
  put(user_ + "/b/f", "1");
  commit_all();
  put(user_ + "/a/f", "2");
  put(user_ + "/a/x.log", "ignored");
  std::filesystem::remove(user_ + "/b/f");
  const auto repository = Repository::open(user_);
  EXPECT_EQ(repository->dirty_files({"a"}).value(),
            (std::vector{DirtyFile{"a/f", DirtyFile::Kind::modified}}));
  EXPECT_EQ(repository->dirty_files({"b"}).value(),
            (std::vector{DirtyFile{"b/f", DirtyFile::Kind::removed}}));
  EXPECT_EQ(repository->dirty_files({"a", ""})->size(), 2U);
}

TEST_F(RepositoryTest, ADiffIsCutAtALineAndSaysSo) {
  put(user_ + "/f", "1\n2\n3\n");
  const ObjectId before = commit_all();
  put(user_ + "/f", "1\nb\n3\n");
  const ObjectId after = commit_all();
  const auto repository = Repository::open(user_);
  const ObjectId old_tree = repository->tree_of(before).value();
  const ObjectId new_tree = repository->tree_of(after).value();
  const std::string whole = repository->diff_text(old_tree, new_tree, 10'000).value();
  EXPECT_NE(whole.find("\n-2\n+b\n"), std::string::npos) << whole;
  const std::string cut = repository->diff_text(old_tree, new_tree, whole.size() - 1).value();
  EXPECT_LT(cut.size(), whole.size());
  EXPECT_NE(cut.find("\n... (cut)\n"), std::string::npos) << cut;
  EXPECT_EQ(repository->diff_text(old_tree, old_tree, 100).value(), "");
}

}  // namespace
}  // namespace swarmlab::git
