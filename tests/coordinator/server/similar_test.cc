// What a candidate is nearly the same as, among what was measured lately.
#include "coordinator/server/similar.h"

#include <gtest/gtest.h>

#include "common/model/sketch.h"

namespace swarmlab::server {
namespace {

std::string change(int from, int to) {
  std::string diff = "--- a/f\n+++ b/f\n@@ -0,0 +1," + std::to_string(to - from) + " @@\n";
  for (int i = from; i < to; ++i) diff += "+line " + std::to_string(i) + "\n";
  return sketch_of(diff);
}

constexpr LabId kLab{1};
constexpr ExperimentNumber kParent{1};

TEST(Similar, FindsTheMostSimilarChangeToTheSameParent) {
  Similar similar;
  similar.add(kLab, kParent, ExperimentNumber(2), change(0, 100));
  similar.add(kLab, kParent, ExperimentNumber(3), change(2, 100));
  const auto near = similar.nearest(kLab, kParent, change(3, 100), 0.9);
  ASSERT_TRUE(near);
  EXPECT_EQ(near->of, ExperimentNumber(3));
  EXPECT_NEAR(near->similarity, 97.0 / 98.0, 1e-9);
  EXPECT_FALSE(similar.nearest(kLab, kParent, change(50, 150), 0.9));
  EXPECT_FALSE(similar.nearest(kLab, ExperimentNumber(2), change(3, 100), 0.9));
  EXPECT_FALSE(similar.nearest(LabId(2), kParent, change(3, 100), 0.9));
}

TEST(Similar, TakesNoBytesThatAreNoSketch) {
  Similar similar;
  similar.add(kLab, kParent, ExperimentNumber(2), "no sketch");
  EXPECT_EQ(similar.size(), 0U);
  similar.add(kLab, kParent, ExperimentNumber(2), change(0, 10));
  EXPECT_FALSE(similar.nearest(kLab, kParent, "no sketch", 0.0));
}

TEST(Similar, RemembersTheNewestAlone) {
  Similar similar({.of_a_parent = 3, .of_a_lab = 5});
  for (std::uint64_t i = 2; i < 20; ++i) {
    similar.add(kLab, ExperimentNumber(i % 2), ExperimentNumber(i),
                change(static_cast<int>(i) * 10, static_cast<int>(i) * 10 + 10));
    EXPECT_LE(similar.size(), 5U);
  }
  EXPECT_TRUE(similar.nearest(kLab, ExperimentNumber(1), change(190, 200), 0.9));
  EXPECT_FALSE(similar.nearest(kLab, ExperimentNumber(0), change(20, 30), 0.9));
}

}  // namespace
}  // namespace swarmlab::server
