// A lease may spend what is left of its lab's money.
#include "coordinator/server/allowance.h"

#include <gtest/gtest.h>

namespace swarmlab::server {
namespace {

swarm::Lab lab_with(std::int64_t most, std::int64_t spent, std::int64_t reserved) {
  swarm::Lab lab;
  lab.settings.stop.max_cost = MicroUsd(most);
  lab.budget.spent = MicroUsd(spent);
  lab.budget.reserved = MicroUsd(reserved);
  return lab;
}

TEST(Allowance, IsWhatIsNeitherSpentNorReservedByOthers) {
  swarm::Lease lease;
  lease.reserved = MicroUsd(10);
  EXPECT_EQ(left_for(lab_with(100, 30, 10), lease), MicroUsd(70));
  EXPECT_EQ(left_for(lab_with(100, 30, 25), lease), MicroUsd(55));
}

TEST(Allowance, IsNeverNoneOfALimit) {
  swarm::Lease lease;
  lease.reserved = MicroUsd(10);
  EXPECT_EQ(left_for(lab_with(100, 120, 10), lease), MicroUsd(1));
  EXPECT_EQ(left_for(lab_with(0, 120, 10), lease), MicroUsd(0));
}

}  // namespace
}  // namespace swarmlab::server
