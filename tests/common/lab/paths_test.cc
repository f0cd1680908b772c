#include "common/lab/paths.h"

#include <gtest/gtest.h>

namespace swarmlab {
namespace {

TEST(PathsOfALab, AreTakenFromItsFolderToTheRoot) {
  EXPECT_EQ(to_repository("pipeline", "").value(), "pipeline");
  EXPECT_EQ(to_repository("pipeline/", "labs/x").value(), "labs/x/pipeline");
  EXPECT_EQ(to_repository("../../src/./main//java", "labs/x").value(), "src/main/java");
  EXPECT_EQ(to_repository(".", "labs/x").value(), "labs/x");
  EXPECT_EQ(to_repository("../..", "labs/x").value(), "");
}

TEST(PathsOfALab, MayNotLeaveTheRepository) {
  EXPECT_EQ(to_repository("..", "").error().message, "leaves the repository");
  EXPECT_EQ(to_repository("a/../../b", "").error().message, "leaves the repository");
  EXPECT_EQ(to_repository("../../../x", "labs/x").error().message, "leaves the repository");
  EXPECT_EQ(to_repository("/etc/passwd", "").error().message, "is absolute");
  EXPECT_EQ(to_repository("", "x").error().message, "is empty");
  EXPECT_EQ(to_repository("a\nb", "x").error().message, "has control characters");
}

TEST(GlobsOfALab, MayHaveDotsBeforeWildcardsOnly) {
  EXPECT_EQ(glob_to_repository("../src/**/*.py", "labs/x").value(), "labs/src/**/*.py");
  EXPECT_EQ(glob_to_repository(".", "").value(), "**");
  EXPECT_EQ(glob_to_repository("src/*/../a", "").error().message, "has a .. after a wildcard");
}

TEST(GlobsOfALab, TakeTheFolderOfTheLabLiterally) {
  EXPECT_EQ(glob_to_repository("*.py", "labs/[x]").value(), "labs/\\[x\\]/*.py");
  EXPECT_EQ(glob_to_repository("../*.py", "labs/[x]").value(), "labs/*.py");
}

}  // namespace
}  // namespace swarmlab
