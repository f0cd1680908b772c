#include "common/os/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace swarmlab {
namespace {

class FileTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const {
    return temp_->path() + "/" + name;
  }
  Result<TempFolder> temp_ = TempFolder::create(testing::TempDir(), "file");
};

TEST_F(FileTest, ReadsBackWhatWasWritten) {
  const std::string bytes("a\0b\n", 4);
  ASSERT_TRUE(write_file_durably(path("x"), bytes, 0600));
  EXPECT_EQ(read_file(path("x"), 4).value(), bytes);
  struct stat about {};
  ASSERT_EQ(::stat(path("x").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST_F(FileTest, ReplacesAFileAndLeavesNothingBesideIt) {
  ASSERT_TRUE(write_file_durably(path("x"), "old"));
  ASSERT_TRUE(write_file(path("x"), "new"));
  EXPECT_EQ(read_file(path("x"), 100).value(), "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(temp_->path()), {}), 1);
}

TEST_F(FileTest, SaysWhyThereIsNothingToRead) {
  ASSERT_TRUE(write_file(path("x"), "12345"));
  EXPECT_EQ(read_file(path("none"), 9).error().code, ErrorCode::not_found);
  EXPECT_EQ(read_file(path("x"), 4).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(read_file(temp_->path(), 9).error().code, ErrorCode::invalid_input);
}

TEST_F(FileTest, AFifoDoesNotHangTheReader) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_file(path("pipe"), 9).error().code, ErrorCode::invalid_input);
}

TEST_F(FileTest, ReadsFilesWhoseSizeIsNotKnown) {
  EXPECT_FALSE(read_file("/proc/self/status", 1U << 20U).value().empty());
}

TEST_F(FileTest, AWriteThatFailsTellsSoAndKeepsTheOldFile) {
  EXPECT_EQ(write_file_durably(path("none/x"), "x").error().code, ErrorCode::not_found);
  ASSERT_TRUE(make_folders(path("taken/by")));
  EXPECT_FALSE(write_file_durably(path("taken"), "x"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(temp_->path()), {}), 1);
}

TEST_F(FileTest, MakesFoldersOnceAndAgain) {
  ASSERT_TRUE(make_folders(path("a/b/c")));
  ASSERT_TRUE(make_folders(path("a/b/c")));
  ASSERT_TRUE(write_file(path("a/f"), ""));
  EXPECT_FALSE(make_folders(path("a/f/g")));
}

TEST_F(FileTest, RemovesTreesWithoutFollowingLinks) {
  ASSERT_TRUE(make_folders(path("kept")));
  ASSERT_TRUE(write_file(path("kept/f"), "x"));
  ASSERT_TRUE(make_folders(path("gone/deep/er")));
  ASSERT_TRUE(write_file(path("gone/deep/f"), "x"));
  ASSERT_EQ(::symlink("../kept", path("gone/link").c_str()), 0);
  ASSERT_TRUE(remove_tree(path("gone/")));
  EXPECT_FALSE(std::filesystem::exists(path("gone")));
  EXPECT_TRUE(std::filesystem::exists(path("kept/f")));
  EXPECT_TRUE(remove_tree(path("gone")));
}

TEST_F(FileTest, RemovesALinkNotWhatItLeadsTo) {
  ASSERT_TRUE(make_folders(path("kept")));
  ASSERT_EQ(::symlink("kept", path("link").c_str()), 0);
  ASSERT_TRUE(remove_tree(path("link")));
  EXPECT_TRUE(std::filesystem::exists(path("kept")));
}

TEST_F(FileTest, RemovesFoldersThatTheirOwnerMayNotWrite) {
  ASSERT_TRUE(make_folders(path("gone/locked/in")));
  ASSERT_EQ(::chmod(path("gone/locked/in").c_str(), 0), 0);
  ASSERT_EQ(::chmod(path("gone/locked").c_str(), 0555), 0);
  ASSERT_TRUE(remove_tree(path("gone")));
  EXPECT_FALSE(std::filesystem::exists(path("gone")));
}

TEST_F(FileTest, RemovesTreesDeeperThanWeMayOpenFolders) {
  ASSERT_TRUE(make_folders(path("gone")));
  std::string at = path("gone");
  const std::string before = std::filesystem::current_path();
  ASSERT_EQ(::chdir(at.c_str()), 0);
  for (int i = 0; i < 3000; ++i) {  // beyond PATH_MAX too
    ASSERT_EQ(::mkdir("d", 0700), 0);
    ASSERT_EQ(::chdir("d"), 0);
  }
  ASSERT_EQ(::chdir(before.c_str()), 0);
  ASSERT_TRUE(remove_tree(path("gone")));
  EXPECT_FALSE(std::filesystem::exists(path("gone")));
}

TEST_F(FileTest, ATemporaryFolderGoesWithItsOwner) {
  std::string first;
  std::string second;
  {
    TempFolder a = *TempFolder::create(temp_->path(), "a");
    TempFolder b = *TempFolder::create(temp_->path(), "b");
    first = a.path();
    second = b.path();
    ASSERT_TRUE(write_file(second + "/f", "x"));
    a = std::move(b);
    EXPECT_FALSE(std::filesystem::exists(first));
    EXPECT_EQ(a.path(), second);
    TempFolder kept = *TempFolder::create(temp_->path(), "kept");
    EXPECT_FALSE(kept.release().empty());
  }
  EXPECT_FALSE(std::filesystem::exists(second));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(temp_->path()), {}), 1);
}

}  // namespace
}  // namespace swarmlab
