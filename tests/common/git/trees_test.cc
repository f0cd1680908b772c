#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "tests/common/git/support.h"

namespace swarmlab::git {
namespace {

class TreesTest : public GitTest {
 protected:
  [[nodiscard]] Leaf file(const std::string& bytes, FileMode mode = FileMode::regular) {
    return {mode, repository_.write_blob(bytes).value()};
  }
  [[nodiscard]] ObjectId tree(const std::vector<PathEdit>& edits) {
    return repository_.replace_paths(empty_tree(repository_), edits).value();
  }
  [[nodiscard]] std::vector<std::string> listed(const ObjectId& tree) const {
    std::vector<std::string> paths;
    const auto listing = repository_.list_tree(tree).value();
    for (const TreeEntry& entry : listing) paths.push_back(entry.path);
    return paths;
  }
  Repository repository_ = *Repository::init_bare(path("bare"));
};

TEST_F(TreesTest, PathsAreAddedReplacedAndRemoved) {
  const ObjectId base = tree({{"a/b/c", file("1")}, {"a/d", file("2")}, {"e", file("3")}});
  const ObjectId next =
      repository_
          .replace_paths(base, {{"a/b/c", std::nullopt}, {"e", file("4")}, {"f/g", file("5")}})
          .value();
  EXPECT_EQ(listed(next), (std::vector<std::string>{"a/d", "e", "f/g"}));
  EXPECT_EQ(repository_.file_at(next, "e").value(), "4");
}

TEST_F(TreesTest, AFolderBecomesAFileAndBack) {
  const ObjectId folder = tree({{"x/a", file("1")}, {"x/b", file("2")}});
  const ObjectId as_file =
      repository_
          .replace_paths(folder, {{"x", file("3")}, {"x/a", std::nullopt}, {"x/b", std::nullopt}})
          .value();
  EXPECT_EQ(listed(as_file), (std::vector<std::string>{"x"}));
  EXPECT_EQ(repository_.replace_paths(
                as_file, {{"x", std::nullopt}, {"x/a", file("1")}, {"x/b", file("2")}}),
            folder);
}

TEST_F(TreesTest, WhenAllIsRemovedTheTreeIsEmpty) {
  const ObjectId base = tree({{"a/b", file("1")}});
  EXPECT_EQ(repository_.replace_paths(base, {{"a/b", std::nullopt}}).value().hex(),
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
}

TEST_F(TreesTest, UnsoundPathsAreRefused) {
  const Leaf leaf = file("1");
  for (const auto* bad :
       {"", "/a", "a/", "a//b", "../a", "a/../b", "./a", ".git/config", "a/.GIT/x", ".git",
        ".git./x", ".git ", "git~1/x", ".g\u200cit/x", ".git::$DATA"}) {
    EXPECT_EQ(repository_.replace_paths(empty_tree(repository_), {{bad, leaf}}).error().code,
              ErrorCode::invalid_input)
        << bad;
  }
}

TEST_F(TreesTest, OnePathIsNotAFileAndAFolderNorEditedTwice) {
  const Leaf leaf = file("1");
  const ObjectId none = empty_tree(repository_);
  EXPECT_FALSE(repository_.replace_paths(none, {{"a", leaf}, {"a/b", leaf}}));
  EXPECT_FALSE(repository_.replace_paths(none, {{"a", leaf}, {"a", leaf}}));
}

TEST_F(TreesTest, ABlobMustBeThere) {
  EXPECT_FALSE(repository_.replace_paths(empty_tree(repository_),
                                         {{"a", Leaf{FileMode::regular, ObjectId{}}}}));
}

TEST_F(TreesTest, TellsWhatDiffersBothWays) {
  const ObjectId before = tree({{"a/same", file("1")}, {"b/gone", file("2")}, {"c", file("3")}});
  const ObjectId after = tree({{"a/same", file("1")}, {"c/new", file("4")}, {"d", file("5")}});
  const auto changes = repository_.changed_paths(before, after).value();
  std::vector<std::string> paths;
  for (const PathChange& change : changes) paths.push_back(change.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"b/gone", "c", "c/new", "d"}));
  EXPECT_FALSE(changes[0].after.has_value());
  EXPECT_FALSE(changes[3].before.has_value());
}

// A chain of trees, each naming the one below ten times: few objects, 10^n paths.
TEST_F(TreesTest, ATreeThatUnfoldsToBillionsOfPathsIsRefusedSoon) {
  ObjectId folder = tree({{"f", file("1")}});
  for (int depth = 0; depth < 9; ++depth) {
    std::string listing;
    for (int i = 0; i < 10; ++i) {
      listing += "040000 tree " + folder.hex() + "\\t" + std::to_string(i) + "\\n";
    }
    folder = *ObjectId::from_hex(
        shell("printf '" + listing + "' | git --git-dir=" + path("bare") + " mktree")
            .substr(0, 40));
  }
  EXPECT_EQ(repository_.list_tree(folder).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(repository_.changed_paths(empty_tree(repository_), folder).error().code,
            ErrorCode::invalid_input);
}

using Files = std::map<std::string, std::string>;

// Files of few names, so that folders and files meet; none is below another.
Files some_files() {
  const auto name = rc::gen::element<std::string>("a", "b", "a-b", "ab", "a.b");
  Files files;
  for (int i = *rc::gen::inRange(0, 8); i > 0; --i) {
    std::string path = *name;
    for (int depth = *rc::gen::inRange(0, 3); depth > 0; --depth) path.append("/").append(*name);
    const auto collides = [&path](const auto& file) {
      return file.first.rfind(path + "/", 0) == 0 || path.rfind(file.first + "/", 0) == 0;
    };
    if (std::none_of(files.begin(), files.end(), collides)) files[path] = *name;
  }
  return files;
}

TEST_F(TreesTest, EditsFromOneTreeToAnotherGiveThatTree) {
  const auto tree_with = [this](const Files& files) {
    std::vector<PathEdit> edits;
    for (const auto& [path, bytes] : files) edits.push_back({path, file(bytes)});
    return tree(edits);
  };
  EXPECT_TRUE(rc::check([&] {
    const ObjectId from = tree_with(some_files());
    const ObjectId to = tree_with(some_files());
    const auto changes = repository_.changed_paths(from, to).value();
    std::vector<PathEdit> edits;
    for (const PathChange& change : changes) edits.push_back({change.path, change.after});
    RC_ASSERT(repository_.replace_paths(from, edits).value() == to);
  }));
}

}  // namespace
}  // namespace swarmlab::git
