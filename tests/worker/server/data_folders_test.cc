#include "worker/server/data_folders.h"

#include <gtest/gtest.h>

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
  DataFolders data;
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

TEST_F(DataFoldersTest, LooksOnceWhileTheWorkerLives) {
  const ObjectId expected = *git::hash_folder(folder.path());
  ASSERT_TRUE(data.verify(here(), expected));
  put("train", "1 2 4");
  EXPECT_TRUE(data.verify(here(), expected)) << "hashing costs as much as reading it all";
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
