#include "worker/sandbox/disk_watch.h"

#include "tests/worker/sandbox/fixture.h"

namespace swarmlab::sandbox {
namespace {

const std::string kSome(100'000, 'x');

TEST(DiskWatch, CountsBlocksInAllFolders) {
  const Folder folder;
  std::filesystem::create_directories(folder / "a/b");
  folder.write("a/one", kSome);
  folder.write("a/b/two", kSome);
  EXPECT_FALSE(DiskWatch({folder.path()}, 400'000).check_all());
  EXPECT_TRUE(DiskWatch({folder.path()}, 150'000).check_all());
}

TEST(DiskWatch, CountsAFolderBelowAnotherOnce) {
  const Folder folder;
  std::filesystem::create_directories(folder / "a");
  folder.write("a/one", kSome);
  EXPECT_FALSE(DiskWatch({folder / "a", folder.path(), folder / "a"}, 180'000).check_all());
}

TEST(DiskWatch, CountsNoHolesAndFollowsNoLinks) {
  const Folder folder;
  folder.write("sparse", "");
  std::filesystem::resize_file(folder / "sparse", 1ULL << 40U);
  std::filesystem::create_symlink("/usr", folder / "usr");
  EXPECT_FALSE(DiskWatch({folder.path()}, 100'000).check_all());
}

TEST(DiskWatch, GoesOnWhereItStopped) {
  const Folder folder;
  for (int i = 0; i < 50; ++i) folder.write(std::to_string(i), kSome);
  DiskWatch watch({folder.path()}, 3'000'000);
  EXPECT_FALSE(watch.step(10));
  EXPECT_FALSE(watch.step(10));
  EXPECT_TRUE(watch.step(1000));
}

TEST(DiskWatch, SeesWhatIsWrittenAfterAWalk) {
  const Folder folder;
  DiskWatch watch({folder.path()}, 50'000);
  EXPECT_FALSE(watch.step(1000));
  folder.write("late", kSome);
  EXPECT_TRUE(watch.step(1000));
}

TEST(DiskWatch, TrustsNoFolderThatIsTooDeepToLookInto) {
  const Folder folder;
  std::string deep = folder.path();
  for (std::size_t i = 0; i < DiskWatch::kMaxDepth; ++i) deep += "/d";
  std::filesystem::create_directories(deep);
  EXPECT_TRUE(DiskWatch({folder.path()}, 1ULL << 40U).check_all());
}

}  // namespace
}  // namespace swarmlab::sandbox
