#include "worker/server/data_folders.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/git/data_commit.h"
#include "common/git/hash.h"
#include "common/git/library.h"
#include "common/os/file.h"

namespace swarmlab::worker {
namespace {

class DataFoldersTest : public testing::Test {
 protected:
  DataFoldersTest() : folder(*TempFolder::create(testing::TempDir(), "data")) {
    put("train", "1 2 3");
  }
  void put(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(write_file(folder.path() + "/" + name, text));
  }
  [[nodiscard]] DataSource here() const {
    return {.kind = DataSource::Kind::host_path, .path = folder.path()};
  }

  TempFolder folder;
  TempFolder ours = *TempFolder::create(testing::TempDir(), "ours");
  DataFolders data{ours.path() + "/data", 1U << 30U};
};

TEST_F(DataFoldersTest, TakesTheDataThatTheLabWasOpenedWith) {
  EXPECT_TRUE(data.verify(here(), *git::hash_folder(folder.path())));
}

TEST_F(DataFoldersTest, FindsOutDifferentDataAtTheSamePath) {
  const ObjectId expected = *git::hash_folder(folder.path());
  put("train", "1 2 4");
  const auto wrong = data.verify(here(), expected);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::invalid_input);
  EXPECT_NE(wrong.error().message.find(folder.path()), std::string::npos);
}

TEST_F(DataFoldersTest, NamesTheFirstFileThatDiffers) {
  put("other", "x");
  const auto manifest = git::FolderHasher().hash(folder.path()).value();
  put("other", "y");
  const auto wrong = data.verify(here(), manifest.tree, [&](const ObjectId& hash) {
    EXPECT_EQ(hash, manifest.tree);
    return Result<std::string>(git::manifest_text(manifest, 1U << 20U));
  });
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("other has other bytes"), std::string::npos)
      << wrong.error().message;
}

TEST_F(DataFoldersTest, FindsOutDataThatChangesWhileTheWorkerLives) {
  const ObjectId expected = *git::hash_folder(folder.path());
  ASSERT_TRUE(data.verify(here(), expected));
  put("train", "1 2 4");
  EXPECT_FALSE(data.verify(here(), expected));
  put("train", "1 2 3");
  EXPECT_TRUE(data.verify(here(), expected));
}

// Data in objects, as folders that attempts share.
class DataCheckoutTest : public DataFoldersTest {
 protected:
  DataCheckoutTest() : repository(*git::Repository::init_bare(ours.path() + "/objects.git")) {}
  // Data of so many bytes.
  ObjectId imported(const std::string& text, std::size_t bytes) {
    put("train", text + std::string(bytes, '.'));
    return git::import_data(folder.path(), repository)->manifest.tree;
  }
  static bool is_there(const std::string& path) { return std::filesystem::exists(path); }

  git::Library library{{.fsync = false}};
  git::Repository repository;
};

TEST_F(DataCheckoutTest, IsMadeOnceForAllWhoUseIt) {
  const ObjectId tree = imported("a", 100);
  const auto first = data.check_out(repository, tree).value();
  EXPECT_EQ(*git::hash_folder(first.folder), tree);
  std::ofstream(first.folder + "/mark") << "it was not made again";
  EXPECT_EQ(data.check_out(repository, tree)->folder, first.folder);
  DataFolders next_life{ours.path() + "/data", 1U << 30U};
  EXPECT_EQ(next_life.check_out(repository, tree)->folder, first.folder);
  EXPECT_TRUE(is_there(first.folder + "/mark"));
}

TEST_F(DataCheckoutTest, GoesWhenNobodyUsesItAndThereIsNoRoom) {
  DataFolders small{ours.path() + "/data", 2'500};
  auto one = small.check_out(repository, imported("a", 1'000)).value();
  auto two = small.check_out(repository, imported("b", 1'000)).value();
  const std::string folder_of_two = two.folder;
  two.held.reset();
  const auto three = small.check_out(repository, imported("c", 1'000)).value();
  EXPECT_TRUE(is_there(one.folder)) << "it is in use, though it is older";
  EXPECT_FALSE(is_there(folder_of_two));
  EXPECT_TRUE(is_there(three.folder));
}

TEST_F(DataCheckoutTest, IsWorthAFolderOfItsOwnIfItIsLarge) {
  EXPECT_FALSE(data.is_large(repository, imported("a", 1'000)).value());
  EXPECT_TRUE(data.is_large(repository, imported("a", 5'000'000)).value());
}

TEST_F(DataCheckoutTest, IsNotNeededWhereTheDataLiesAnyway) {
  const ObjectId tree = imported("a", 10);
  const DataSource shipped{.kind = DataSource::Kind::shipped, .path = folder.path()};
  EXPECT_TRUE(data.is_in_place(shipped, tree));
  put("train", "other");
  EXPECT_FALSE(data.is_in_place(shipped, tree));
  EXPECT_FALSE(data.is_in_place({.kind = shipped.kind, .path = "/no/such/folder"}, tree));
}

TEST_F(DataFoldersTest, SaysSoIfThereIsNone) {
  EXPECT_FALSE(
      data.verify({.kind = DataSource::Kind::host_path, .path = folder.path() + "/x"}, ObjectId{}));
}

TEST_F(DataFoldersTest, DoesNotLookAtDataOfTheRepository) {
  EXPECT_TRUE(data.verify({.kind = DataSource::Kind::folder, .path = "no/such"}, ObjectId{}));
  EXPECT_TRUE(data.verify({.kind = DataSource::Kind::none, .path = ""}, ObjectId{}));
}

}  // namespace
}  // namespace swarmlab::worker
