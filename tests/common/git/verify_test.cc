#include "common/git/verify.h"

#include <gtest/gtest.h>

#include "tests/common/git/support.h"

namespace swarmlab::git {
namespace {

bool below_pipe(std::string_view path) {
  return path.substr(0, 5) == "pipe/" && path.size() > 5;
}

class VerifyTest : public GitTest {
 protected:
  [[nodiscard]] Leaf file(const std::string& bytes, FileMode mode = FileMode::regular) {
    return {mode, bare_.write_blob(bytes).value()};
  }
  [[nodiscard]] std::vector<std::string> outside(const std::vector<PathEdit>& edits) {
    const ObjectId candidate = bare_.replace_paths(parent_, edits).value();
    return verify_candidate(bare_, parent_, candidate, below_pipe).value();
  }
  Repository bare_ = *Repository::init_bare(path("bare"));
  ObjectId parent_ = bare_
                         .replace_paths(empty_tree(bare_), {{"evaluate.py", file("e")},
                                                            {"pipe/a", file("a")},
                                                            {"pipe/sub/b", file("b")}})
                         .value();
};

using Paths = std::vector<std::string>;

TEST_F(VerifyTest, ChangesOfEditablePathsAreWithin) {
  EXPECT_EQ(outside({}), Paths{});
  EXPECT_EQ(outside({{"pipe/a", file("2")},
                     {"pipe/sub/b", std::nullopt},
                     {"pipe/new", file("3", FileMode::executable)}}),
            Paths{});
}

TEST_F(VerifyTest, EverythingElseThatDiffersIsNamed) {
  EXPECT_EQ(outside({{"evaluate.py", file("2")}}), Paths{"evaluate.py"});
  EXPECT_EQ(outside({{"evaluate.py", std::nullopt}}), Paths{"evaluate.py"});
  EXPECT_EQ(outside({{"evaluate.py", file("e", FileMode::executable)}}), Paths{"evaluate.py"});
  EXPECT_EQ(outside({{"new", file("1")}, {"lab.toml", file("1")}}), (Paths{"lab.toml", "new"}));
  EXPECT_EQ(outside({{"pipe/a", std::nullopt}, {"pipe/sub/b", std::nullopt}, {"pipe", file("1")}}),
            Paths{"pipe"});
}

TEST_F(VerifyTest, SubmodulesAndLinksThatLeaveTheScopeAreNamed) {
  const ObjectId commit = bare_.commit(parent_, {}, text("m")).value();
  EXPECT_EQ(outside({{"pipe/m", Leaf{FileMode::submodule, commit}}}), Paths{"pipe/m"});
  EXPECT_EQ(outside({{"pipe/in", file("sub/b", FileMode::symlink)}}), Paths{});
  EXPECT_EQ(outside({{"pipe/out", file("../evaluate.py", FileMode::symlink)}}), Paths{"pipe/out"});
  EXPECT_EQ(outside({{"pipe/long", file(std::string(5000, 'x'), FileMode::symlink)}}),
            Paths{"pipe/long"});
}

TEST_F(VerifyTest, NamesThatTerminalsAndJsonCannotTakeAreNamedInEscapes) {
  EXPECT_EQ(outside({{"pipe/\xff", file("1")}}), Paths{"pipe/\\xff"});
  EXPECT_EQ(outside({{"pipe/a\x1b[31m", file("1")}}), Paths{"pipe/a\\x1b[31m"});
  EXPECT_EQ(outside({{"pipe/\u0085", file("1")}}), Paths{"pipe/\\xc2\\x85"});
  EXPECT_EQ(outside({{"pipe/caf\u00e9", file("1")}}), Paths{});
}

TEST(LinkTest, ALinkMayLeadToEditablePathsOnly) {
  const auto fits = [](std::string_view path, std::string_view target) {
    return !why_unfit_link(path, target, below_pipe).has_value();
  };
  EXPECT_TRUE(fits("pipe/l", "a"));
  EXPECT_TRUE(fits("pipe/l", "./sub//b"));
  EXPECT_TRUE(fits("pipe/sub/l", "../a"));
  EXPECT_TRUE(fits("pipe/sub/l", ".."));
  EXPECT_TRUE(fits("pipe/l", "not/there/yet"));
  EXPECT_FALSE(fits("pipe/l", "../evaluate.py"));
  EXPECT_FALSE(fits("pipe/l", "../../../etc/passwd"));
  EXPECT_FALSE(fits("pipe/l", "/etc/passwd"));
  EXPECT_FALSE(fits("pipe/l", ".."));
  EXPECT_FALSE(fits("pipe/l", "sub/../../evaluate.py"));
  EXPECT_FALSE(fits("pipe/l", ""));
  EXPECT_FALSE(fits("pipe/l", std::string_view("a\0b", 3)));
}

TEST(LinkTest, TheFilesThatGitItselfReadsAreNoLinks) {
  const auto all = [](std::string_view) { return true; };
  EXPECT_TRUE(why_unfit_link(".gitmodules", "a", all).has_value());
  EXPECT_TRUE(why_unfit_link("b/.GitAttributes", "a", all).has_value());
  EXPECT_TRUE(why_unfit_link(".gitignore", "a", all).has_value());
  EXPECT_FALSE(why_unfit_link("gitmodules", "a", all).has_value());
}

TEST(NameTest, WhatOtherSystemsTakeForDotGitIsUnsound) {
  for (const auto* name : {".git", ".GIT", ".git...", ".git . ", "git~1", "Git~1", ".git:stream",
                           ".git\\config", "\u200c.git", ".gi\ufefft", ".", "..", "", "a/b"}) {
    EXPECT_TRUE(why_unsound_name(name).has_value()) << name;
  }
  for (const auto* name : {".gitignore", ".github", "git", "git~2", "...", ".gito", "a.git", " "}) {
    EXPECT_FALSE(why_unsound_name(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace swarmlab::git
