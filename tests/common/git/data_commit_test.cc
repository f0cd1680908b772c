// Data of a folder: told apart by its bytes, and carried as a commit that is the same everywhere.
#include "common/git/data_commit.h"

#include <gtest/gtest.h>

#include "common/git/checkout.h"
#include "common/git/hash.h"
#include "tests/common/git/support.h"

namespace swarmlab::git {
namespace {

class DataCommitTest : public GitTest {
 protected:
  DataCommitTest() {
    put(data_ + "/a.bin", "first");
    put(data_ + "/deep/er/b.bin", std::string(300'000, 'b'));
    put(data_ + "/deep/same", "first");
    put(data_ + "/run", "#!/bin/sh\n");
    std::filesystem::permissions(data_ + "/run", std::filesystem::perms::owner_all);
    std::filesystem::create_symlink("a.bin", data_ + "/link");
    std::filesystem::create_directories(data_ + "/empty");
    // Long ago, so that their times can be relied on.
    shell("find " + data_ + " -type f -exec touch -d '2020-01-01' {} +; sleep 0.06");
  }
  const std::string data_ = path("data");
  FolderHasher hasher_;
};

TEST_F(DataCommitTest, HasTheTreeThatGitGivesTheFolder) {
  const auto manifest = hasher_.hash(data_).value();
  EXPECT_EQ(manifest.tree, hash_folder(data_).value());
  std::vector<std::string> paths;
  for (const ManifestFile& file : manifest.files) paths.push_back(file.path);
  EXPECT_EQ(paths,
            (std::vector<std::string>{"a.bin", "deep/er/b.bin", "deep/same", "link", "run"}));
}

TEST_F(DataCommitTest, ReadsAFileAgainOnlyWhenItMayHaveChanged) {
  const ObjectId before = hasher_.hash(data_)->tree;
  EXPECT_EQ(hasher_.files_read(), 4U);
  EXPECT_EQ(hasher_.hash(data_)->tree, before);
  EXPECT_EQ(hasher_.files_read(), 4U);
  put(data_ + "/a.bin", "FIRST");  // the same size
  EXPECT_NE(hasher_.hash(data_)->tree, before);
  EXPECT_EQ(hasher_.files_read(), 5U);
}

TEST_F(DataCommitTest, NamesTheFirstFileThatDiffers) {
  const std::string text = manifest_text(hasher_.hash(data_).value(), 1U << 20U);
  const auto difference = [&] { return first_difference(hasher_.hash(data_).value(), text); };
  EXPECT_EQ(difference(), std::nullopt);
  put(data_ + "/zzz", "new");
  EXPECT_EQ(difference(), "zzz is only here");
  std::filesystem::permissions(data_ + "/run", std::filesystem::perms::owner_read);
  EXPECT_EQ(difference(), "run has another mode");
  put(data_ + "/deep/same", "FIRST");
  EXPECT_EQ(difference(), "deep/same has other bytes");
  std::filesystem::remove(data_ + "/deep/er/b.bin");
  EXPECT_EQ(difference(), "deep/er/b.bin is missing here");
}

TEST_F(DataCommitTest, SaysNothingOfWhatACutManifestDoesNotName) {
  const std::string text = manifest_text(hasher_.hash(data_).value(), 100);
  EXPECT_LT(text.size(), 100U);
  put(data_ + "/zzz", "new");
  EXPECT_EQ(first_difference(hasher_.hash(data_).value(), text), std::nullopt);
}

TEST_F(DataCommitTest, TravelsAsAPackAndComesOutTheSame) {
  std::uint64_t told = 0;
  const auto made =
      write_data_pack(data_, path("data.pack"), [&](std::uint64_t done, std::uint64_t) {
        told = done;
      }).value();
  EXPECT_EQ(told, 5U + 300'000 + 10);
  EXPECT_EQ(made.commit, data_commit_of(made.manifest.tree));
  auto there = *Repository::init_bare(path("there"));
  ASSERT_TRUE(store_pack_file(there, path("data.pack"), made.commit));
  EXPECT_EQ(there.tree_of(made.commit).value(), made.manifest.tree);
  ASSERT_TRUE(checkout_tree(there, made.manifest.tree, path("out")));
  EXPECT_EQ(hash_folder(path("out")).value(), made.manifest.tree);
  expect_sound(path("there"));
}

TEST_F(DataCommitTest, IsTheSamePackWhereverItIsMade) {
  const auto here = write_data_pack(data_, path("1.pack")).value();
  shell("cp -r " + data_ + " " + path("copy"));
  EXPECT_EQ(write_data_pack(path("copy"), path("2.pack"))->pack, here.pack);
}

TEST_F(DataCommitTest, IsImportedOnce) {
  auto there = *Repository::init_bare(path("there"));
  const auto first = import_data(data_, there).value();
  EXPECT_GT(first.pack.bytes, 0U);
  EXPECT_EQ(import_data(data_, there)->pack.bytes, 0U) << "nothing to do";
  EXPECT_TRUE(there.has(first.commit));
}

TEST_F(DataCommitTest, OfAnEmptyFolderIsDataToo) {
  std::filesystem::create_directories(path("nothing"));
  auto there = *Repository::init_bare(path("there"));
  const auto made = import_data(path("nothing"), there);
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_TRUE(checkout_tree(there, made->manifest.tree, path("out")));
}

TEST_F(DataCommitTest, RefusesWhatGitCannotCarry) {
  shell("mkfifo " + data_ + "/pipe");
  EXPECT_EQ(hasher_.hash(data_).error().code, ErrorCode::invalid_input);
  std::filesystem::remove(data_ + "/pipe");
  put(data_ + "/.git/config", "");
  EXPECT_NE(hasher_.hash(data_).error().message.find(".git"), std::string::npos);
}

}  // namespace
}  // namespace swarmlab::git
