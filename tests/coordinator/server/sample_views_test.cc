#include "coordinator/server/sample_views.h"

#include <gtest/gtest.h>

#include <limits>

namespace swarmlab::server {
namespace {

SampleScore scored(std::string id, double score) {
  return {.id = std::move(id), .score = score, .error = "", .extra = ""};
}

TEST(ChangedSamples, AreThoseWithTheLargestChangeFirst) {
  const std::vector<SampleScore> before = {scored("a", 1), scored("b", 1), scored("c", 1)};
  const std::vector<SampleScore> now = {scored("a", 1.5), scored("b", 1), scored("c", -1)};
  EXPECT_EQ(changed_samples(now, before, 10),
            (std::vector<ChangedSample>{{"c", -1, 1}, {"a", 1.5, 1}}));
  EXPECT_EQ(changed_samples(now, before, 1).size(), 1U);
}

TEST(ChangedSamples, ThatLostOrGotAScoreAreTheLargestOnes) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<SampleScore> before = {scored("a", 1), scored("b", 100), scored("gone", 3),
                                           scored("never", nan)};
  const std::vector<SampleScore> now = {scored("a", nan), scored("b", 0), scored("new", 4),
                                        scored("never", nan)};
  EXPECT_EQ(changed_samples(now, before, 10), (std::vector<ChangedSample>{{"a", std::nullopt, 1},
                                                                          {"gone", std::nullopt, 3},
                                                                          {"new", 4, std::nullopt},
                                                                          {"b", 0, 100}}));
}

TEST(ChangedSamples, WithOneIdCountOnce) {
  const std::vector<SampleScore> before = {scored("a", 1), scored("a", 7)};
  EXPECT_EQ(changed_samples({scored("a", 2), scored("a", 9)}, before, 10),
            (std::vector<ChangedSample>{{"a", 2, 1}}));
}

}  // namespace
}  // namespace swarmlab::server
