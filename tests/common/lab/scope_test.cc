#include "common/lab/scope.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <regex>

namespace swarmlab {
namespace {

Scope scope_of(std::vector<std::string> editable, std::vector<std::string> frozen = {}) {
  return *Scope::from({.editable = std::move(editable), .frozen = std::move(frozen)});
}

TEST(Scope, NothingIsEditableByDefault) {
  const Scope scope = scope_of({});
  EXPECT_FALSE(scope.editable("a"));
  EXPECT_FALSE(scope.may_contain_editable(""));
  EXPECT_FALSE(scope.wholly_editable(""));
}

TEST(Scope, ANameWithoutAGlobIsAFileOrAFolderWithAllBelow) {
  const Scope scope = scope_of({"src/lib", "train.py"});
  EXPECT_TRUE(scope.editable("src/lib"));
  EXPECT_TRUE(scope.editable("src/lib/a/b.py"));
  EXPECT_TRUE(scope.editable("train.py"));
  EXPECT_FALSE(scope.editable("src/library"));
  EXPECT_FALSE(scope.editable("src"));
  EXPECT_FALSE(scope.editable("x/train.py"));
}

TEST(Scope, AStarStaysWithinAComponentAndTwoGoAcross) {
  const Scope scope = scope_of({"a/*.py", "b/**", "c/**/t?st_[0-9].py", "d/**/*"});
  EXPECT_TRUE(scope.editable("a/x.py"));
  EXPECT_TRUE(scope.editable("a/.py"));
  EXPECT_FALSE(scope.editable("a/b/x.py"));
  EXPECT_TRUE(scope.editable("b/x/y/z"));
  EXPECT_FALSE(scope.editable("b"));
  EXPECT_TRUE(scope.editable("c/test_1.py"));
  EXPECT_TRUE(scope.editable("c/x/y/tést_1.py"));
  EXPECT_FALSE(scope.editable("c/x/test_a.py"));
  EXPECT_TRUE(scope.wholly_editable("d"));
}

TEST(Scope, SetsCanBeNegatedAndHoldABracket) {
  EXPECT_TRUE(scope_of({"[!a]x"}).editable("bx"));
  EXPECT_FALSE(scope_of({"[^a]x"}).editable("ax"));
  EXPECT_TRUE(scope_of({"[]a]x"}).editable("]x"));
  EXPECT_TRUE(scope_of({"[à-ü]x"}).editable("éx"));
  EXPECT_TRUE(scope_of({"a-[z-]"}).editable("a--"));
  EXPECT_TRUE(scope_of({"a\\*"}).editable("a*"));
  EXPECT_FALSE(scope_of({"a\\*"}).editable("ab"));
}

TEST(Scope, FrozenIsTakenOutAgain) {
  const Scope scope = scope_of({"pipe/**"}, {"pipe/vendor", "pipe/**/*.lock"});
  EXPECT_TRUE(scope.editable("pipe/a"));
  EXPECT_FALSE(scope.editable("pipe/vendor/x"));
  EXPECT_FALSE(scope.editable("pipe/x/y.lock"));
  EXPECT_FALSE(scope.may_contain_editable("pipe/vendor"));
  EXPECT_TRUE(scope.may_contain_editable("pipe"));
  EXPECT_FALSE(scope.wholly_editable("pipe"));
}

TEST(Scope, FoldersAboveSomethingEditableAreMixed) {
  const Scope scope = scope_of({"labs/x/pipe/**"});
  for (const auto* folder : {"", "labs", "labs/x"}) {
    EXPECT_TRUE(scope.may_contain_editable(folder)) << folder;
    EXPECT_FALSE(scope.wholly_editable(folder)) << folder;
  }
  EXPECT_TRUE(scope.wholly_editable("labs/x/pipe"));
  EXPECT_TRUE(scope.wholly_editable("labs/x/pipe/deeper"));
  EXPECT_FALSE(scope.may_contain_editable("labs/y"));
}

TEST(Scope, TheRootCanBeEditable) {
  for (const auto* glob : {"**", ".", "./", "", "**/*"}) {
    EXPECT_TRUE(scope_of({glob}).wholly_editable("")) << glob;
    EXPECT_TRUE(scope_of({glob}).editable("a/b")) << glob;
  }
}

TEST(Scope, AFolderGlobEndsWithASlash) {
  const Scope scope = scope_of({"task-*/"});
  EXPECT_TRUE(scope.editable("task-1/a/b"));
  EXPECT_FALSE(scope.editable("task-1"));
  EXPECT_TRUE(scope.wholly_editable("task-1"));
}

TEST(Scope, ADotGitIsNeverEditable) {
  const Scope scope = scope_of({"**", ".git/**"});
  EXPECT_FALSE(scope.editable(".git/config"));
  EXPECT_FALSE(scope.editable("a/.GIT/hooks/x"));
  EXPECT_FALSE(scope.may_contain_editable("a/.git"));
  EXPECT_FALSE(scope.wholly_editable(".git"));
  EXPECT_TRUE(scope.editable(".gitignore"));
}

TEST(Scope, GlobsThatCanMeanNothingAreNamed) {
  for (const auto* glob : {"/etc/**", "../x", "a/../b", "a/[b", "[!"}) {
    const auto scope = Scope::from({.editable = {glob}, .frozen = {}});
    ASSERT_FALSE(scope.has_value()) << glob;
    EXPECT_NE(scope.error().message.find(glob), std::string::npos);
  }
}

// The reference: globs as regular expressions.
std::regex regex_of(const std::string& glob) {
  std::string text;
  for (std::size_t i = 0; i < glob.size(); ++i) {
    if (glob.compare(i, 3, "**/") == 0) {
      text += "(?:[^/]+/)*";
      i += 2;
    } else if (glob.compare(i, 2, "**") == 0) {
      text += ".+";
      ++i;
    } else if (glob[i] == '*') {
      text += "[^/]*";
    } else if (glob[i] == '?') {
      text += "[^/]";
    } else {
      text += glob[i];
    }
  }
  if (glob.find_first_of("*?") == std::string::npos) text += "(?:/.+)?";
  return std::regex(text);
}

bool naive(const std::vector<std::string>& globs, const std::string& path) {
  return std::any_of(globs.begin(), globs.end(), [&path](const std::string& glob) {
    return std::regex_match(path, regex_of(glob));
  });
}

rc::Gen<std::string> paths(const std::vector<std::string>& components) {
  const auto parts = rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(components));
  const auto join = [](const std::vector<std::string>& names) {
    std::string path;
    for (const std::string& name : names) path += (path.empty() ? "" : "/") + name;
    return path;
  };
  return rc::gen::map(rc::gen::resize(4, rc::gen::nonEmpty(parts)), join);
}

const std::vector<std::string> kNames{"a", "b", "ab", "aab", "ba"};
const std::vector<std::string> kPatterns{"a", "b", "*", "**", "a*", "?", "*b", "a*b", "?a"};

RC_GTEST_PROP(ScopeProperty, MatchesAsANaiveMatcherDoes, ()) {
  const auto editable =
      *rc::gen::resize(3, rc::gen::container<std::vector<std::string>>(paths(kPatterns)));
  const auto frozen =
      *rc::gen::resize(2, rc::gen::container<std::vector<std::string>>(paths(kPatterns)));
  const Scope scope = scope_of(editable, frozen);
  for (int i = 0; i < 10; ++i) {
    const std::string path = *paths(kNames);
    RC_ASSERT(scope.editable(path) == (naive(editable, path) && !naive(frozen, path)));
  }
}

RC_GTEST_PROP(ScopeProperty, FoldersPromiseNothingThatTheirPathsDoNotKeep, ()) {
  const auto editable =
      *rc::gen::resize(3, rc::gen::container<std::vector<std::string>>(paths(kPatterns)));
  const auto frozen =
      *rc::gen::resize(2, rc::gen::container<std::vector<std::string>>(paths(kPatterns)));
  const Scope scope = scope_of(editable, frozen);
  for (int i = 0; i < 10; ++i) {
    const std::string folder = *paths(kNames);
    const bool is_editable = scope.editable(folder + "/" + *paths(kNames));
    if (is_editable)
      RC_ASSERT(scope.may_contain_editable(folder) && scope.may_contain_editable(""));
    if (!is_editable) RC_ASSERT(!scope.wholly_editable(folder) && !scope.wholly_editable(""));
  }
}

}  // namespace
}  // namespace swarmlab
