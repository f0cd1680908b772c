#include "coordinator/store/objects.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/coordinator/store/git_lab.h"
#include "tests/coordinator/store/stored_swarm.h"

namespace swarmlab::store {
namespace {

class ObjectsTest : public testing::Test {
 protected:
  ObjectsTest() : lab(folder.path()), objects(must(Objects::open(path()))) {
    if (!objects.import_commit(lab.path(), lab.base())) throw std::runtime_error("import failed");
  }

  [[nodiscard]] std::filesystem::path path() const { return folder.path() / "objects.git"; }

  std::vector<Result<void>> ingest(const std::vector<IncomingPack>& packs) {
    return must(objects.ingest(packs));
  }

  [[nodiscard]] std::size_t packs() const {
    std::size_t count = 0;
    for (const auto& file : std::filesystem::directory_iterator(path() / "objects/pack")) {
      if (file.path().extension() == ".pack") ++count;
    }
    return count;
  }

  // A repository that was opened anew sees only what is on disk.
  [[nodiscard]] bool is_on_disk(const ObjectId& object) const {
    return run_git(path(), "cat-file -e " + object.hex()).well;
  }

  Folder folder;
  GitLab lab;
  Objects objects;
};

TEST_F(ObjectsTest, TheLabsCommitIsCopiedFromTheUsersRepository) {
  EXPECT_TRUE(objects.has(lab.base()));
  EXPECT_TRUE(is_on_disk(lab.base()));
  EXPECT_EQ(objects.tree_of(ObjectId{}).error().code, ErrorCode::not_found);
}

TEST_F(ObjectsTest, ACandidateIsOnDiskBeforeItsRecordCanNameIt) {
  const auto candidate = lab.candidate(lab.base(), "pipeline/solve.py", "print(2)\n");
  const auto results = ingest({candidate.incoming()});
  ASSERT_EQ(results.size(), 1U);
  ASSERT_TRUE(results[0]) << results[0].error().message;
  EXPECT_TRUE(is_on_disk(candidate.commit));
  EXPECT_EQ(*objects.tree_of(candidate.commit), candidate.tree);
}

TEST_F(ObjectsTest, ABurstOfCandidatesIsOnePack) {
  const std::size_t before = packs();
  std::vector<GitLab::Candidate> burst;
  for (int number = 0; number < 20; ++number) {
    burst.push_back(lab.candidate(lab.base(), "pipeline/solve.py", std::to_string(number)));
  }
  std::vector<IncomingPack> incoming;
  for (const auto& one : burst) incoming.push_back(one.incoming());
  for (const auto& result : ingest(incoming)) EXPECT_TRUE(result);
  EXPECT_EQ(packs(), before + 1);
  for (const auto& one : burst) EXPECT_TRUE(is_on_disk(one.commit));
}

TEST_F(ObjectsTest, ALieIsRefusedAloneAndNothingOfItIsKept) {
  const auto good = lab.candidate(lab.base(), "pipeline/solve.py", "good");
  const auto outside = lab.candidate(lab.base(), "lab.toml", "[lab]\nname = \"mine\"\n");
  const auto grandchild = lab.candidate(good.commit, "pipeline/solve.py", "grandchild");
  const auto other = lab.candidate(lab.base(), "pipeline/other.py", "x");
  auto wrong_tree = other.incoming();
  wrong_tree.tree = lab.base();
  auto wrong_parent = grandchild.incoming();
  wrong_parent.parent = lab.base();
  const IncomingPack broken{.bytes = "PACK of nothing",
                            .commit = good.commit,
                            .tree = good.tree,
                            .parent = lab.base(),
                            .is_editable = is_editable};
  const auto results =
      ingest({outside.incoming(), wrong_tree, good.incoming(), wrong_parent, broken});
  ASSERT_EQ(results.size(), 5U);
  for (const std::size_t lie : {0U, 1U, 3U, 4U}) {
    ASSERT_FALSE(results[lie]) << lie;
    EXPECT_EQ(results[lie].error().code, ErrorCode::invalid_input) << results[lie].error().message;
  }
  EXPECT_TRUE(results[2]);
  EXPECT_NE(results[0].error().message.find("changes 1 paths that are not editable: lab.toml"),
            std::string::npos)
      << results[0].error().message;
  EXPECT_NE(results[1].error().message.find("expected " + lab.base().hex()), std::string::npos);
  EXPECT_FALSE(is_on_disk(outside.commit));
  EXPECT_FALSE(is_on_disk(wrong_tree.commit));
  EXPECT_FALSE(is_on_disk(grandchild.commit));
  EXPECT_TRUE(is_on_disk(good.commit));
}

TEST_F(ObjectsTest, AReportWithoutAPackNamesACandidateThatIsThere) {
  const auto candidate = lab.candidate(lab.base(), "pipeline/solve.py", "print(2)\n");
  auto again = candidate.incoming();
  again.bytes = {};
  EXPECT_FALSE(ingest({again}).front());
  EXPECT_TRUE(ingest({candidate.incoming()}).front());
  EXPECT_TRUE(ingest({again}).front());
  EXPECT_TRUE(ingest({candidate.incoming()}).front());  // sent again: fine
}

TEST_F(ObjectsTest, AWorkerGetsWhatItLacksAndNoMore) {
  const auto candidate = lab.candidate(lab.base(), "pipeline/solve.py", "print(2)\n");
  ASSERT_TRUE(ingest({candidate.incoming()}).front());
  const std::array wanted{candidate.commit};
  const std::array had{lab.base()};
  const std::string whole = must(objects.make_pack(wanted, {}));
  const std::string difference = must(objects.make_pack(wanted, had));
  EXPECT_LT(difference.size(), whole.size());
  auto worker = must(git::Repository::init_bare((folder.path() / "worker.git").string()));
  ASSERT_TRUE(git::index_pack(worker, whole, candidate.commit));
  EXPECT_EQ(must(worker.tree_of(candidate.commit)), candidate.tree);
}

TEST_F(ObjectsTest, TellsWhatACandidateChanged) {
  const auto candidate = lab.candidate(lab.base(), "pipeline/solve.py", "print(2)\n");
  ASSERT_TRUE(ingest({candidate.incoming()}).front());
  const std::string text = must(objects.diff_text(lab.base(), candidate.commit, 1U << 20U));
  EXPECT_NE(text.find("-print(1)\n+print(2)\n"), std::string::npos) << text;
  EXPECT_LE(must(objects.diff_text(lab.base(), candidate.commit, 80)).size(), 200U);
}

TEST_F(ObjectsTest, ManyPacksAreFoldedTogetherAndNothingIsLost) {
  std::vector<GitLab::Candidate> candidates;
  ObjectId parent = lab.base();
  for (int number = 0; number < 60; ++number) {
    candidates.push_back(lab.candidate(parent, "pipeline/solve.py", std::to_string(number)));
    ASSERT_TRUE(ingest({candidates.back().incoming()}).front());
    parent = candidates.back().commit;
  }
  EXPECT_GT(packs(), 50U);
  ASSERT_TRUE(objects.compact_if_needed());
  EXPECT_LE(packs(), 26U);
  for (const auto& one : candidates) {
    EXPECT_EQ(must(objects.tree_of(one.commit)), one.tree);
    EXPECT_TRUE(is_on_disk(one.commit));
  }
  const Said checked = run_git(path(), "fsck --full --strict");
  EXPECT_TRUE(checked.well) << checked.text;
}

// libgit2 says of an object that became a delta of nothing that it is not there.
TEST_F(ObjectsTest, ADamagedByteIsNeverMistakenForWhatIsMissing) {
  const auto candidate = lab.candidate(lab.base(), "pipeline/solve.py", "print(2)\n");
  ingest({candidate.incoming()});
  std::filesystem::path pack;
  for (const auto& file : std::filesystem::directory_iterator(path() / "objects/pack")) {
    if (file.path().extension() == ".pack") pack = file.path();
  }
  std::filesystem::permissions(pack, std::filesystem::perms::owner_all);
  const auto flip = [&pack](std::uint64_t place) {
    std::fstream bytes(pack, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekg(static_cast<std::streamoff>(place));
    const int byte = bytes.get();
    bytes.seekp(static_cast<std::streamoff>(place));
    bytes.put(static_cast<char>(byte ^ 0x68));  // of a header: the type is a delta's
  };
  int found = 0;
  for (std::uint64_t place = 12; place < 60; ++place) {  // the first object is the commit
    flip(place);
    const auto opened = Objects::open(path());
    const auto text = opened ? opened->diff_text(lab.base(), candidate.commit, 1000)
                             : Result<std::string>(tl::unexpected(opened.error()));
    if (!text) {
      ++found;
      EXPECT_NE(text.error().code, ErrorCode::not_found) << place << ": " << text.error().message;
    }
    flip(place);
  }
  EXPECT_GT(found, 0);
}

TEST_F(ObjectsTest, OpenedAgainItHasWhatItHad) {
  const auto candidate = lab.candidate(lab.base(), "pipeline/solve.py", "print(2)\n");
  ASSERT_TRUE(ingest({candidate.incoming()}).front());
  const Objects again = must(Objects::open(path()));
  EXPECT_TRUE(again.has(candidate.commit));
}

TEST(Objects, AFolderThatCannotBeMadeIsAnErrorThatNamesIt) {
  const Folder folder;
  ASSERT_TRUE(write_file((folder.path() / "file").string(), "no folder"));
  const auto objects = Objects::open(folder.path() / "file/objects.git");
  ASSERT_FALSE(objects);
  EXPECT_NE(objects.error().message.find("file/objects.git"), std::string::npos);
}

}  // namespace
}  // namespace swarmlab::store
