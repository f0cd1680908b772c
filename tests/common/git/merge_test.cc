#include "common/git/merge.h"

#include "tests/common/git/support.h"

namespace swarmlab::git {
namespace {

// Two branches of the user's repository, "main" and "other", from one commit.
class Merging : public GitTest {
 protected:
  Merging() {
    put(user_ + "/list.txt", "a\nb\nc\nd\ne\nf\ng\n");
    put(user_ + "/other.txt", "1\n");
    base_ = commit_all("base");
    git("branch other");
  }

  void write(const std::string& name, const std::string& text) const {
    put(user_ + "/" + name, text);
  }
  ObjectId on(const std::string& branch) const {
    const ObjectId commit = commit_all("change");
    git("checkout -q -f " + branch);
    return commit;
  }
  [[nodiscard]] Merged merged(const ObjectId& ours, const ObjectId& theirs) {
    const auto tree = [this](const ObjectId& commit) {
      return repository_.tree_of(commit).value_or(ObjectId{});
    };
    auto result = merge(repository_, {.base = tree(base_),
                                      .ours = tree(ours),
                                      .theirs = tree(theirs),
                                      .our_name = "#5",
                                      .their_name = "#7"});
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result.value_or(Merged{});
  }
  [[nodiscard]] std::string at(const Merged& merged, const std::string& path) const {
    return repository_.file_at(merged.tree, path).value_or("missing");
  }

  ObjectId base_;
  Repository repository_ = Repository::open(user_).value();
};

TEST_F(Merging, TakesBothChangesOfOneFileWhereTheyAreApart) {
  write("list.txt", "A\nb\nc\nd\ne\nf\ng\n");
  const ObjectId ours = on("other");
  write("list.txt", "a\nb\nc\nd\ne\nf\nG\n");
  const ObjectId theirs = on("main");
  const Merged both = merged(ours, theirs);
  EXPECT_TRUE(both.conflicts.empty());
  EXPECT_EQ(at(both, "list.txt"), "A\nb\nc\nd\ne\nf\nG\n");
  EXPECT_EQ(at(both, "other.txt"), "1\n");
}

TEST_F(Merging, TakesNewAndDeletedFilesOfEitherSide) {
  write("mine.txt", "new\n");
  const ObjectId ours = on("other");
  std::filesystem::remove(user_ + "/other.txt");
  const ObjectId theirs = on("main");
  const Merged both = merged(ours, theirs);
  EXPECT_TRUE(both.conflicts.empty());
  EXPECT_EQ(at(both, "mine.txt"), "new\n");
  EXPECT_EQ(at(both, "other.txt"), "missing");
}

TEST_F(Merging, KeepsOursWhereBothChangedTheSameLinesAndMarksThemBesides) {
  write("list.txt", "A\nb\nc\nours\ne\nf\ng\n");
  const ObjectId ours = on("other");
  write("list.txt", "a\nb\nc\ntheirs\ne\nf\nG\n");
  const ObjectId theirs = on("main");
  const Merged both = merged(ours, theirs);
  EXPECT_EQ(at(both, "list.txt"), "A\nb\nc\nours\ne\nf\nG\n");
  EXPECT_EQ(both.conflicts,
            (std::vector<Conflict>{
                {.path = "list.txt",
                 .marked = "A\nb\nc\n<<<<<<< #5\nours\n=======\ntheirs\n>>>>>>> #7\ne\nf\nG\n"}}));
}

TEST_F(Merging, KeepsOursOfAFileThatIsNoText) {
  write("list.txt", std::string("ours\0", 5));
  const ObjectId ours = on("other");
  write("list.txt", std::string("theirs\0", 7));
  const ObjectId theirs = on("main");
  const Merged both = merged(ours, theirs);
  EXPECT_EQ(at(both, "list.txt"), std::string("ours\0", 5));
  EXPECT_EQ(both.conflicts, (std::vector<Conflict>{{.path = "list.txt", .marked = ""}}));
}

TEST_F(Merging, KeepsAChangeOfAFileThatTheOtherSideDeleted) {
  std::filesystem::remove(user_ + "/other.txt");
  const ObjectId ours = on("other");
  write("other.txt", "2\n");
  const ObjectId theirs = on("main");
  const Merged both = merged(ours, theirs);
  EXPECT_EQ(both.conflicts, (std::vector<Conflict>{{.path = "other.txt", .marked = ""}}));
  EXPECT_EQ(at(both, "other.txt"), "2\n");
}

TEST_F(Merging, OfWhatDidNotChangeIsTheOther) {
  write("list.txt", "x\n");
  const ObjectId later = on("main");
  EXPECT_EQ(merged(later, base_).tree, repository_.tree_of(later).value());
}

TEST_F(Merging, OfATreeThatIsNotThereIsRefused) {
  const ObjectId tree = repository_.tree_of(base_).value();
  const auto result =
      merge(repository_,
            {.base = tree, .ours = tree, .theirs = {}, .our_name = "#5", .their_name = "#7"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace swarmlab::git
