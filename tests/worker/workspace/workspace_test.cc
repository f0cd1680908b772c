#include "worker/workspace/workspace.h"

#include <gtest/gtest.h>

#include "tests/worker/workspace/support.h"

namespace swarmlab::worker {
namespace {

using Plan = std::vector<MountPlan>;

class PlanTest : public WorkspaceTest {
 protected:
  [[nodiscard]] Plan plan(const std::vector<std::string>& editable,
                          const std::vector<std::string>& frozen = {},
                          const std::vector<std::string>& protect = {}) const {
    const Scope scope = *Scope::from({.editable = editable, .frozen = frozen});
    return plan_mounts(cache_.list_tree(parent_).value(), scope, protect);
  }
};

TEST_F(PlanTest, AFreshFolderHoldsTheParentsTree) {
  EXPECT_EQ(get(at("pipe/train.py")), "train");
  EXPECT_FALSE(std::filesystem::exists(at(".git")));
  EXPECT_FALSE(prepare(cache_, parent_, path("work")));
}

TEST_F(PlanTest, WhatHoldsNothingEditableIsReadOnlyAsHighUpAsItCan) {
  EXPECT_EQ(plan({"pipe/**"}, {"pipe/frozen.py"}), (Plan{{"", true},
                                                         {"data", false},
                                                         {"evaluate.py", false},
                                                         {"guard.sh", false},
                                                         {"lab.toml", false},
                                                         {"pipe/frozen.py", false}}));
}

TEST_F(PlanTest, AnEditableFileCanBeReplacedByRenameInItsFolder) {
  const Plan mounts = plan({"pipe/train.py"});
  EXPECT_EQ(mounts.front(), (MountPlan{"", true}));
  for (const MountPlan& mount : mounts) EXPECT_NE(mount.path, "pipe");
  EXPECT_NE(std::find(mounts.begin(), mounts.end(), MountPlan{"pipe/tool", false}), mounts.end());
}

TEST_F(PlanTest, WhereAllIsEditableNothingIsBoundOver) {
  EXPECT_EQ(plan({"**"}), (Plan{{"", true}}));
}

TEST_F(PlanTest, WhereNothingIsEditableAllOfItIsReadOnly) {
  const Plan mounts = plan({});
  EXPECT_EQ(mounts.size(), 6U);  // the root, and each of its five entries
}

TEST_F(PlanTest, LinksAreNotBoundAsThatWouldGoOverWhatTheyLeadTo) {
  parent_ = cache_
                .replace_paths(parent_, {{"link", git::Leaf{git::FileMode::symlink,
                                                            cache_.write_blob("pipe").value()}}})
                .value();
  for (const MountPlan& mount : plan({"pipe/**"})) EXPECT_NE(mount.path, "link");
}

TEST_F(PlanTest, WithTooManyEntriesOnlyTheLabsOwnAreBound) {
  std::vector<git::PathEdit> many;
  for (std::size_t i = 0; i <= kMaxMounts; ++i) {
    many.push_back({"pipe/" + std::to_string(i) + ".txt", leaf("x")});
  }
  parent_ = cache_.replace_paths(parent_, many).value();
  EXPECT_EQ(plan({"pipe/train.py"}, {}, {"lab.toml", "pipe", "pipe/train.py", "none", "data"}),
            (Plan{{"", true}, {"lab.toml", false}, {"data", false}}));
}

}  // namespace
}  // namespace swarmlab::worker
