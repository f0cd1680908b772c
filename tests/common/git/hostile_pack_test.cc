// Packs that are damaged, or made to harm.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "common/git/pack.h"
#include "tests/common/git/raw_pack.h"
#include "tests/common/git/support.h"

namespace swarmlab::git {
namespace {

class HostilePackTest : public GitTest {
 protected:
  // A pack of one commit whose tree has these lines; the blob "x" is in it too.
  static std::pair<std::string, ObjectId> pack_of(const std::string& tree) {
    const ObjectId tree_id = hash_object(ObjectKind::tree, tree);
    const std::string commit = commit_bytes(tree_id);
    RawPack pack;
    pack.add(ObjectKind::commit, commit).add(ObjectKind::tree, tree).add(ObjectKind::blob, "x");
    return {pack.bytes(), hash_object(ObjectKind::commit, commit)};
  }
  // The message of the refusal; nothing of the pack may be in the repository then.
  std::string refusal(const std::string& pack, const ObjectId& commit, const PackLimits& l = {}) {
    const auto done = index_pack(there_, pack, commit, l);
    if (done) return "";
    EXPECT_EQ(done.error().code, ErrorCode::invalid_input) << done.error().message;
    EXPECT_EQ(shell("find " + path("there") + "/objects -type f"), "");
    return done.error().message;
  }
  std::string refusal_of_tree(const std::string& tree) {
    const auto [pack, commit] = pack_of(tree);
    return refusal(pack, commit);
  }
  Repository there_ = *Repository::init_bare(path("there"));
  const ObjectId x_ = hash_blob("x");
};

TEST_F(HostilePackTest, ASoundPackWrittenByHandIsTaken) {
  EXPECT_EQ(refusal_of_tree(tree_line("100644", "a", x_) + tree_line("120000", "b", x_)), "");
  expect_sound(path("there"));
}

TEST_F(HostilePackTest, NamesThatLeaveTheFolderOrReachGitsOwnAreRefused) {
  for (const auto* name : {"..", ".", ".git", ".GIT", ".Git", ".git ", ".git.", "git~1", "GIT~1",
                           "a/b", "/etc", "", ".g\u200cit", ".git:x", ".git\\hooks"}) {
    EXPECT_NE(refusal_of_tree(tree_line("100644", name, x_)), "") << name;
  }
}

TEST_F(HostilePackTest, ModesThatGitDoesNotKnowAreRefused) {
  for (const auto* mode :
       {"100777", "106755", "060000", "010644", "140000", "0100644", "40755", "", "1", "040000"}) {
    EXPECT_NE(refusal_of_tree(tree_line(mode, "a", x_)), "") << mode;
  }
}

TEST_F(HostilePackTest, ANameTwiceOrOutOfOrderIsRefused) {
  EXPECT_NE(refusal_of_tree(tree_line("100644", "a", x_) + tree_line("100644", "a", x_)), "");
  EXPECT_NE(refusal_of_tree(tree_line("100644", "b", x_) + tree_line("100644", "a", x_)), "");
  EXPECT_NE(refusal_of_tree(tree_line("100644", "a", x_) + tree_line("100644", "a.b", x_) +
                            tree_line("40000", "a", x_)),
            "");
}

TEST_F(HostilePackTest, ATreeThatIsCutOffIsRefused) {
  const std::string whole = tree_line("100644", "a", x_) + tree_line("100644", "b", x_);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    if (size == whole.size() / 2) continue;  // one entry of two: a sound tree
    EXPECT_NE(refusal_of_tree(whole.substr(0, size)), "") << size;
  }
}

TEST_F(HostilePackTest, AnObjectIsOfTheKindThatItIsNamedAs) {
  EXPECT_NE(refusal_of_tree(tree_line("40000", "a", x_)).find("another kind"), std::string::npos);
}

TEST_F(HostilePackTest, ACommitWithoutTreeOrAuthorIsRefused) {
  const ObjectId tree = hash_object(ObjectKind::tree, "");
  const std::string line = "tree " + tree.hex() + "\n";
  for (const std::string& commit :
       {std::string("x"), line, "tree " + std::string(40, 'z') + "\n", line + "author a\n",
        line + "author a <a@x> 1 +0000\n\nm", line + "author \ncommitter \n\nm"}) {
    RawPack pack;
    pack.add(ObjectKind::commit, commit).add(ObjectKind::tree, "");
    EXPECT_NE(refusal(pack.bytes(), hash_object(ObjectKind::commit, commit)), "") << commit;
  }
}

TEST_F(HostilePackTest, APackWhoseObjectIsAnotherThanItsNameSaysLacksThatObject) {
  const std::string tree = tree_line("100644", "a", hash_blob("what was promised"));
  EXPECT_NE(refusal_of_tree(tree).find("lacks object"), std::string::npos);
}

TEST_F(HostilePackTest, SizesAreLimitedByWhatHeadersClaimBeforeMemoryIsTaken) {
  const PackLimits limits{
      .max_pack_bytes = 1000, .max_objects = 3, .max_object_bytes = 100, .max_total_bytes = 150};
  const auto refused = [&](const RawPack& pack) { return refusal(pack.bytes(), x_, limits); };
  EXPECT_NE(refused(RawPack().claim_objects(4)).find("4 objects"), std::string::npos);
  EXPECT_NE(refused(RawPack().add_raw(3, 1ULL << 50U, "", "x")).find("bytes"), std::string::npos);
  EXPECT_NE(refused(RawPack().add(ObjectKind::blob, std::string(101, 'x'))), "");
  EXPECT_NE(refused(RawPack()
                        .add(ObjectKind::blob, std::string(90, 'x'))
                        .add(ObjectKind::blob, std::string(90, 'y')))
                .find("more than 150"),
            std::string::npos);
  EXPECT_NE(refused(RawPack().add_bytes(std::string(1000, 'x'))), "");
}

TEST_F(HostilePackTest, ABombThatInflatesToMoreThanItSaysIsRefused) {
  EXPECT_NE(refusal(RawPack().add_raw(3, 5, "", std::string(1U << 20U, 'x')).bytes(), x_), "");
  EXPECT_NE(refusal(RawPack().add_raw(3, 500, "", "short").bytes(), x_), "");
}

TEST_F(HostilePackTest, DeltasReachNothingBeyondTheirBase) {
  const std::string base(100, 'b');
  const std::string sizes = RawPack::size_of(100) + RawPack::size_of(10);
  const auto with_delta = [&](const std::string& delta) {
    RawPack pack;
    pack.add(ObjectKind::blob, base);
    pack.add_raw(7, delta.size(), raw_id(hash_blob(base)), delta);
    return refusal(pack.bytes(), x_);
  };
  EXPECT_NE(with_delta(sizes + "\x91\x5f\x0a").find("beyond its base"), std::string::npos);
  EXPECT_NE(with_delta(sizes + "\x9f\xff\xff\xff\xff\x0a").find("beyond"), std::string::npos);
  EXPECT_NE(with_delta(sizes + "\x0b" + "too much more").find("makes more"), std::string::npos);
  EXPECT_NE(with_delta(sizes + "\x05" + "abc").find("cut off"), std::string::npos);
  EXPECT_NE(with_delta(sizes + std::string(1, '\0')).find("cut off"), std::string::npos);
  EXPECT_NE(with_delta(sizes + "\x02" + "ab").find("makes 2 bytes"), std::string::npos);
  EXPECT_NE(with_delta(RawPack::size_of(99) + RawPack::size_of(1)).find("another base"),
            std::string::npos);
  EXPECT_NE(with_delta("").find("cut off"), std::string::npos);
}

TEST_F(HostilePackTest, ADeltaMustFollowItsBase) {
  const std::string delta = RawPack::size_of(1) + RawPack::size_of(1) + "\x01y";
  RawPack pack;
  pack.add_raw(7, delta.size(), raw_id(x_), delta).add(ObjectKind::blob, "x");
  EXPECT_NE(refusal(pack.bytes(), x_).find("no object before it"), std::string::npos);
  for (const auto* distance : {"\x01", "\x7f", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"}) {
    RawPack offset;
    offset.add(ObjectKind::blob, "x").add_raw(6, delta.size(), distance, delta);
    EXPECT_NE(refusal(offset.bytes(), x_), "");
  }
}

// Each delta doubles: 40 small objects would make a terabyte.
TEST_F(HostilePackTest, AChainOfDeltasThatDoublesIsStoppedByTheLimit) {
  RawPack pack;
  std::uint64_t size = 0x10000;
  pack.add(ObjectKind::blob, std::string(size, 'x'));
  for (int i = 0; i < 40; ++i) {
    std::string delta = RawPack::size_of(size) + RawPack::size_of(2 * size);
    for (std::uint64_t copied = 0; copied < 2 * size; copied += 0x10000) {
      delta.push_back('\x80');  // 64 KiB from the start of the base
      if (delta.size() > 100'000) break;
    }
    const std::size_t before = pack.last_at();
    RawPack next = pack;
    next.add_raw(6, delta.size(), "\x01", delta);
    const std::size_t distance = next.last_at() - before;
    std::string encoded(1, static_cast<char>(distance & 0x7FU));
    for (std::size_t rest = distance >> 7U; rest != 0; rest >>= 7U) {
      encoded.insert(encoded.begin(), static_cast<char>(0x80U | (--rest & 0x7FU)));
    }
    pack.add_raw(6, delta.size(), encoded, delta);
    size *= 2;
  }
  const PackLimits limits{.max_total_bytes = 4U << 20U};
  EXPECT_NE(refusal(pack.bytes(), x_, limits).find("inflates to more"), std::string::npos);
}

TEST_F(HostilePackTest, FoldersNestedBeyondAllMeasureDoNotOverflowOurStack) {
  RawPack pack;
  pack.add(ObjectKind::blob, "x");
  ObjectId folder = x_;
  for (int depth = 0; depth < 50'000; ++depth) {
    const std::string tree = tree_line(depth == 0 ? "100644" : "40000", "d", folder);
    pack.add(ObjectKind::tree, tree);
    folder = hash_object(ObjectKind::tree, tree);
  }
  const std::string commit = commit_bytes(folder);
  pack.add(ObjectKind::commit, commit);
  const ObjectId id = hash_object(ObjectKind::commit, commit);
  ASSERT_TRUE(index_pack(there_, pack.bytes(), id));
  EXPECT_EQ(there_.list_tree(folder).error().code, ErrorCode::invalid_input);
}

TEST_F(HostilePackTest, APackCutAnywhereIsRefused) {
  const auto [pack, commit] = pack_of(tree_line("100644", "a", x_));
  for (std::size_t size = 0; size < pack.size(); ++size) {
    EXPECT_NE(refusal(pack.substr(0, size), commit), "") << size;
  }
  EXPECT_NE(refusal(pack + "x", commit), "");
}

TEST_F(HostilePackTest, BytesChangedAnywhereAreRefusedOrWithoutEffect) {
  put(user_ + "/f", "some text that is long enough to be worth a delta, or so we hope");
  commit_all();
  put(user_ + "/g", "some text that is long enough to be worth a delta, or so we hoped");
  const ObjectId commit = commit_all();
  const std::string pack = make_pack(*Repository::open(user_), {commit}, {}).value();
  for (std::size_t at = 0; at < pack.size(); ++at) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::string damaged = pack;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      PackIngest ingest(there_);
      const auto taken = ingest.add(damaged, commit, [&](const Repository& view) -> Result<void> {
        SWARMLAB_TRY(tree, view.tree_of(commit));
        SWARMLAB_TRY(bytes, view.file_at(tree, "g"));
        EXPECT_EQ(bytes.back(), 'd');
        return {};
      });
      EXPECT_TRUE(taken || taken.error().code == ErrorCode::invalid_input) << at;
    }
  }
}

TEST_F(HostilePackTest, NoiseIsRefusedWithoutHarm) {
  EXPECT_TRUE(rc::check([this](const std::string& noise) {
    RC_ASSERT(!index_pack(there_, noise, x_));
    RC_ASSERT(!index_pack(there_, RawPack().add_bytes(noise).claim_objects(2).bytes(), x_));
  }));
}

}  // namespace
}  // namespace swarmlab::git
