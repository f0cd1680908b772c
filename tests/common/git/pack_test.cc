#include "common/git/pack.h"

#include <gtest/gtest.h>

#include "common/git/checkout.h"
#include "common/git/verify.h"
#include "tests/common/git/support.h"

namespace swarmlab::git {
namespace {

class PackTest : public GitTest {
 protected:
  // Two commits of the user; the second changes one file of three.
  PackTest() {
    put(user_ + "/a/same", std::string(10'000, 's'));
    put(user_ + "/a/b/changed", "1");
    put(user_ + "/other/f", "2");
    first_ = commit_all("first");
    put(user_ + "/a/b/changed", "3");
    second_ = commit_all("second");
  }
  [[nodiscard]] Repository users() const { return *Repository::open(user_); }
  [[nodiscard]] static std::uint32_t objects_in(const std::string& pack) {
    std::uint32_t count = 0;
    for (int i = 8; i < 12; ++i) count = count << 8U | static_cast<unsigned char>(pack.at(i));
    return count;
  }
  [[nodiscard]] int packs_in(const std::string& repository) const {
    return std::stoi(shell("ls " + path(repository) + "/objects/pack/*.pack 2>/dev/null | wc -l"));
  }
  ObjectId first_;
  ObjectId second_;
};

TEST_F(PackTest, ACommitTravelsWithItsTreeAndWithoutItsAncestors) {
  auto there = *Repository::init_bare(path("there"));
  const std::string pack = make_pack(users(), {second_}, {}).value();
  ASSERT_TRUE(index_pack(there, pack, second_));
  EXPECT_TRUE(there.has(second_));
  EXPECT_FALSE(there.has(first_));
  EXPECT_EQ(there.list_tree(there.tree_of(second_).value())->size(), 3U);
  expect_sound(path("there"));
  EXPECT_EQ(git("--git-dir=" + path("there") + " rev-list --count " + second_.hex()), "1");
}

TEST_F(PackTest, OnlyWhatTheOtherSideLacksIsInThePack) {
  const std::string pack = make_pack(users(), {second_}, {first_}).value();
  EXPECT_EQ(objects_in(pack), 5U);  // commit, root, a, a/b, a/b/changed
  auto there = *Repository::init_bare(path("there"));
  ASSERT_TRUE(copy_commit(users(), first_, there));
  ASSERT_TRUE(index_pack(there, pack, second_));
  EXPECT_EQ(git("--git-dir=" + path("there") + " rev-list --count " + second_.hex()), "2");
  expect_sound(path("there"));
}

TEST_F(PackTest, ACommitThatTheOtherSideHasGivesAnEmptyPack) {
  EXPECT_EQ(objects_in(make_pack(users(), {first_}, {first_}).value()), 0U);
}

TEST_F(PackTest, CommitsThatWeDoNotKnowAreNoHelpAndNoError) {
  ObjectId unknown;
  unknown.bytes.fill(7);
  EXPECT_EQ(make_pack(users(), {second_}, {unknown}).value(),
            make_pack(users(), {second_}, {}).value());
  EXPECT_EQ(make_pack(users(), {unknown}, {}).error().code, ErrorCode::not_found);
}

TEST_F(PackTest, APackThatLacksWhatItNeedsIsRefusedAndLeavesNothing) {
  auto there = *Repository::init_bare(path("there"));
  const std::string partial = make_pack(users(), {second_}, {first_}).value();
  const auto refused = index_pack(there, partial, second_);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_input);
  EXPECT_NE(refused.error().message.find("lacks object"), std::string::npos);
  EXPECT_FALSE(there.has(second_));
  EXPECT_EQ(packs_in("there"), 0);
}

TEST_F(PackTest, APackWithoutTheCommitThatWasAnnouncedIsRefused) {
  auto there = *Repository::init_bare(path("there"));
  const std::string pack = make_pack(users(), {first_}, {}).value();
  EXPECT_EQ(index_pack(there, pack, second_).error().code, ErrorCode::invalid_input);
  const ObjectId tree = users().tree_of(first_).value();
  EXPECT_EQ(index_pack(there, pack, tree).error().code, ErrorCode::invalid_input);
}

TEST_F(PackTest, WhatAPackHasBesidesItsCommitIsLeftOut) {
  auto there = *Repository::init_bare(path("there"));
  put(user_ + "/unrelated", "unrelated");
  const ObjectId third = commit_all("third");
  git("reset -q --hard " + first_.hex());
  put(user_ + "/side", "side");
  const ObjectId side = commit_all("side");
  const std::string pack = make_pack(users(), {side, third}, {}).value();
  ASSERT_TRUE(index_pack(there, pack, side));
  EXPECT_TRUE(there.has(side));
  EXPECT_FALSE(there.has(third));
}

TEST_F(PackTest, TheSamePackAgainIsFineAndWritesNothing) {
  auto there = *Repository::init_bare(path("there"));
  const std::string pack = make_pack(users(), {second_}, {}).value();
  ASSERT_TRUE(index_pack(there, pack, second_));
  ASSERT_TRUE(index_pack(there, pack, second_));
  EXPECT_EQ(packs_in("there"), 1);
}

TEST_F(PackTest, ABurstIsOnePackAndARefusedPackOfItIsRefusedAlone) {
  auto there = *Repository::init_bare(path("there"));
  PackIngest burst(there);
  ASSERT_TRUE(burst.add(make_pack(users(), {first_}, {}).value(), first_));
  EXPECT_FALSE(burst.add("PACK nonsense", first_));
  ASSERT_TRUE(burst.add(make_pack(users(), {second_}, {first_}).value(), second_));
  EXPECT_FALSE(there.has(first_));  // nothing before commit()
  ASSERT_TRUE(burst.commit());
  EXPECT_TRUE(there.has(second_));
  EXPECT_EQ(packs_in("there"), 1);
  expect_sound(path("there"));
}

TEST_F(PackTest, ACheckThatSaysNoRefusesThePackAndItsObjectsHelpNoLaterOne) {
  auto there = *Repository::init_bare(path("there"));
  PackIngest burst(there);
  const auto no = [](const Repository& view) -> Result<void> {
    EXPECT_FALSE(view.has(ObjectId{}));
    return fail(ErrorCode::conflict, "no");
  };
  EXPECT_EQ(burst.add(make_pack(users(), {first_}, {}).value(), first_, no).error().code,
            ErrorCode::conflict);
  EXPECT_FALSE(burst.add(make_pack(users(), {second_}, {first_}).value(), second_));
  ASSERT_TRUE(burst.commit());
  EXPECT_FALSE(there.has(first_));
}

TEST_F(PackTest, ACheckSeesThePackInPlace) {
  auto there = *Repository::init_bare(path("there"));
  ASSERT_TRUE(copy_commit(users(), first_, there));
  PackIngest burst(there);
  const auto check = [this](const Repository& view) -> Result<void> {
    SWARMLAB_TRY(before, view.tree_of(first_));
    SWARMLAB_TRY(after, view.tree_of(second_));
    SWARMLAB_TRY(outside, verify_candidate(view, before, after,
                                           [](std::string_view p) { return p == "a/b/x"; }));
    EXPECT_EQ(outside, std::vector<std::string>{"a/b/changed"});
    return {};
  };
  EXPECT_TRUE(burst.add(make_pack(users(), {second_}, {first_}).value(), second_, check));
}

TEST_F(PackTest, AnObjectIsThereForOthersAsSoonAsCommitReturns) {
  auto there = *Repository::init_bare(path("there"));
  const auto other = *Repository::open(path("there"));
  EXPECT_FALSE(other.has(second_));
  ASSERT_TRUE(index_pack(there, make_pack(users(), {second_}, {}).value(), second_));
  EXPECT_TRUE(other.has(second_));
}

TEST_F(PackTest, CopyingACommitCostsWhatIsMissing) {
  auto there = *Repository::init_bare(path("there"));
  ASSERT_TRUE(copy_commit(users(), first_, there));
  ASSERT_TRUE(copy_commit(users(), second_, there));
  ASSERT_TRUE(copy_commit(users(), second_, there));
  EXPECT_EQ(packs_in("there"), 2);
  EXPECT_EQ(git("--git-dir=" + path("there") + " rev-list --objects --count " + second_.hex()),
            "13");
  expect_sound(path("there"));
}

TEST_F(PackTest, ManySmallPacksBecomeOneAndNothingIsLost) {
  auto there = *Repository::init_bare(path("there"));
  std::vector<ObjectId> commits{first_, second_};
  for (int i = 0; i < 10; ++i) {
    put(user_ + "/f", std::to_string(i));
    commits.push_back(commit_all());
  }
  for (const ObjectId& commit : commits) ASSERT_TRUE(copy_commit(users(), commit, there));
  EXPECT_EQ(packs_in("there"), 12);
  const auto reader = *Repository::open(path("there"));
  ASSERT_TRUE(reader.has(first_));
  ASSERT_TRUE(consolidate_packs(path("there"), 6));
  EXPECT_EQ(packs_in("there"), 3);
  for (const ObjectId& commit : commits) {
    EXPECT_TRUE(reader.list_tree(reader.tree_of(commit).value()));  // opened before, reads on
  }
  expect_sound(path("there"));
}

TEST_F(PackTest, FewPacksAndPacksThatSomebodyKeepsAreLeftAlone) {
  auto there = *Repository::init_bare(path("there"));
  ASSERT_TRUE(copy_commit(users(), first_, there));
  ASSERT_TRUE(copy_commit(users(), second_, there));
  ASSERT_TRUE(consolidate_packs(path("there"), 2));
  EXPECT_EQ(packs_in("there"), 2);
  shell("for p in " + path("there") + "/objects/pack/*.pack; do touch ${p%.pack}.keep; done");
  ASSERT_TRUE(consolidate_packs(path("there"), 1));
  EXPECT_EQ(packs_in("there"), 2);
}

}  // namespace
}  // namespace swarmlab::git
