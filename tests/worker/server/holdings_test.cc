#include "worker/server/holdings.h"

#include <gtest/gtest.h>

namespace swarmlab::worker {
namespace {

const LeaseKey kFirst{.task = TaskId(1), .token = FencingToken(10)};
const LeaseKey kSecond{.task = TaskId(2), .token = FencingToken(20)};

TEST(Holdings, CancelAllEndsWhatRunsAndWhatBeginsLater) {
  const CancelSource runs = *CancelSource::make();
  const CancelSource later = *CancelSource::make();
  Holdings holdings;
  holdings.add(kFirst, runs);
  holdings.cancel_all();
  EXPECT_TRUE(runs.token().cancelled());
  holdings.add(kSecond, later);
  EXPECT_TRUE(later.token().cancelled()) << "it was on its way when all were cancelled";
  EXPECT_EQ(holdings.all(), (std::vector{kFirst, kSecond})) << "they are held until delivered";
}

TEST(Holdings, CancelEndsOne) {
  const CancelSource runs = *CancelSource::make();
  const CancelSource other = *CancelSource::make();
  Holdings holdings;
  holdings.add(kFirst, runs);
  holdings.add(kSecond, other);
  holdings.cancel(kFirst);
  EXPECT_TRUE(runs.token().cancelled());
  EXPECT_FALSE(other.token().cancelled());
}

}  // namespace
}  // namespace swarmlab::worker
