// Packs as files: of any size, in pieces, and nothing of them believed before it was looked at.
#include "common/git/pack_file.h"

#include <gtest/gtest.h>

#include <random>

#include "common/git/checkout.h"
#include "common/git/pack.h"
#include "tests/common/git/raw_pack.h"
#include "tests/common/git/support.h"

namespace swarmlab::git {
namespace {

std::string noise(std::size_t bytes) {
  std::mt19937_64 random(7);
  std::string text;
  while (text.size() < bytes) text.push_back(static_cast<char>(random()));
  return text;
}

class PackFileTest : public GitTest {
 protected:
  PackFileTest() {
    put(user_ + "/text", std::string(100'000, 't'));
    put(user_ + "/data/noise", noise(3'000'000));
    first_ = commit_all("first");
    put(user_ + "/text", std::string(100'000, 'u'));
    second_ = commit_all("second");
  }
  [[nodiscard]] Repository users() const { return *Repository::open(user_); }
  [[nodiscard]] Repository fresh(const std::string& name = "there") const {
    return *Repository::init_bare(path(name));
  }
  PackInfo write(const std::string& name, const ObjectId& wanted,
                 const std::vector<ObjectId>& had = {}) const {
    return write_pack_file(users(), {wanted}, had, path(name)).value();
  }
  std::string refusal(const std::string& pack, const FilePackLimits& limits = {}) {
    put(path("bad.pack"), pack);
    auto there = fresh("refusing");
    const auto done = store_pack_file(there, path("bad.pack"), second_, limits);
    EXPECT_FALSE(done);
    if (done) return "";
    EXPECT_EQ(done.error().code, ErrorCode::invalid_input) << done.error().message;
    EXPECT_EQ(shell("find " + path("refusing") + " -name '*.pack' | wc -l"), "0\n");
    EXPECT_EQ(shell("ls " + path("refusing") + " | grep -c staged"), "0\n") << "nothing stays";
    return done.error().message;
  }
  ObjectId first_;
  ObjectId second_;
};

TEST_F(PackFileTest, HoldsWhatACommitNeedsAndGitReadsIt) {
  const PackInfo info = write("one.pack", second_);
  EXPECT_EQ(info, info_of_pack_file(path("one.pack")).value());
  auto there = fresh();
  ASSERT_TRUE(store_pack_file(there, path("one.pack"), second_));
  EXPECT_EQ(there.file_at(there.tree_of(second_).value(), "data/noise").value(), noise(3'000'000));
  expect_sound(path("there"));
}

TEST_F(PackFileTest, IsTheSameWhetherObjectsWerePackedOrNot) {
  const PackInfo loose = write("loose.pack", second_);
  auto there = fresh();
  ASSERT_TRUE(store_pack_file(there, path("loose.pack"), second_));
  EXPECT_EQ(write_pack_file(there, {second_}, {}, path("packed.pack")).value(), loose);
}

TEST_F(PackFileTest, TakesObjectsThatGitStoredAsDeltas) {
  git("repack -adf -q");
  auto there = fresh();
  write("repacked.pack", second_);
  ASSERT_TRUE(store_pack_file(there, path("repacked.pack"), second_));
  expect_sound(path("there"));
}

TEST_F(PackFileTest, LeavesOutWhatTheOtherSideHas) {
  auto there = fresh();
  write("first.pack", first_);
  ASSERT_TRUE(store_pack_file(there, path("first.pack"), first_));
  EXPECT_LT(write("second.pack", second_, {first_}).bytes, 2'000U);
  ASSERT_TRUE(store_pack_file(there, path("second.pack"), second_));
  expect_sound(path("there"));
}

TEST_F(PackFileTest, DoesNotDeflateWhatGetsNoSmaller) {
  EXPECT_GT(write("one.pack", first_).bytes, 3'000'000U);
  EXPECT_LT(write("one.pack", first_).bytes, 3'020'000U);
}

TEST_F(PackFileTest, TellsSmallPacksFromOthers) {
  EXPECT_FALSE(is_small_pack(users(), {second_}, {}, 1U << 20U).value());
  EXPECT_TRUE(is_small_pack(users(), {second_}, {first_}, 1U << 20U).value());
}

TEST_F(PackFileTest, IsRefusedWhenAByteOfItIsDamaged) {
  write("one.pack", second_);
  const std::string pack = get(path("one.pack"));
  for (const std::size_t at : {std::size_t{3}, std::size_t{30}, pack.size() / 2, pack.size() - 1}) {
    std::string damaged = pack;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    refusal(damaged);
  }
  refusal(pack.substr(0, pack.size() - 100));
  refusal(pack + "more");
  refusal("");
}

TEST_F(PackFileTest, IsRefusedWhenItLacksSomethingOrHasTooMuch) {
  write("part.pack", second_, {first_});
  EXPECT_NE(refusal(get(path("part.pack"))).find("lacks object"), std::string::npos);
  write_pack_file(users(), {second_, first_}, {}, path("both.pack")).value();
  put(user_ + "/more", "more");
  const ObjectId third = commit_all("third");
  write("third.pack", third);
  EXPECT_NE(refusal(get(path("third.pack"))), "");
}

TEST_F(PackFileTest, IsRefusedBeforeItTakesMoreThanItMay) {
  write("one.pack", second_);
  const std::string pack = get(path("one.pack"));
  EXPECT_NE(refusal(pack, {.max_objects = 2}).find("expected at most 2"), std::string::npos);
  EXPECT_NE(refusal(pack, {.max_total_bytes = 1'000'000}).find("inflates to more"),
            std::string::npos);
}

TEST_F(PackFileTest, IsRefusedWhenADeltaWouldMakeMuchOfLittle) {
  RawPack pack;
  pack.add(ObjectKind::blob, std::string(100, 'x'));
  // Says that it makes 1 GiB of the base.
  const std::string delta = RawPack::size_of(100) + RawPack::size_of(1ULL << 30U) + "\x90\x64";
  const ObjectId base = hash_blob(std::string(100, 'x'));
  pack.add_raw(7, delta.size(), std::string(base.bytes.begin(), base.bytes.end()), delta);
  EXPECT_NE(refusal(pack.bytes()).find("a delta makes 1073741824 bytes"), std::string::npos);
}

TEST_F(PackFileTest, IsNoPartOfTheRepositoryBeforeItIsLetIn) {
  write("one.pack", second_);
  auto there = fresh();
  {
    const auto staged = StagedPack::check(path("there"), path("one.pack"), second_);
    ASSERT_TRUE(staged) << staged.error().message;
    EXPECT_TRUE(staged->view()->has(second_));
    ASSERT_TRUE(there.refresh());
    EXPECT_FALSE(there.has(second_));
  }
  EXPECT_EQ(shell("ls " + path("there") + " | grep -c staged"), "0\n");
}

TEST_F(PackFileTest, CopiesACommitFromTheUsersRepository) {
  auto there = fresh();
  ASSERT_TRUE(copy_commit(users(), second_, there));
  ASSERT_TRUE(copy_commit(users(), second_, there));
  EXPECT_EQ(shell("ls " + path("there") + "/*.pack 2>/dev/null | wc -l"), "0\n");
  expect_sound(path("there"));
}

}  // namespace
}  // namespace swarmlab::git
