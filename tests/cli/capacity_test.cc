// What a worker says that its machine has.
#include "cli/capacity.h"

#include <gtest/gtest.h>

namespace swarmlab::cli {
namespace {

HostFacts machine() {
  HostFacts facts;
  facts.cores = 8;
  facts.memory_bytes = 64'000'000'000;
  facts.gpu_ids = {"0", "1", "2"};
  return facts;
}

TEST(CapacityOfAMachine, IsWhatIsThereUnlessFlagsSayOtherwise) {
  const Capacity found = *capacity_of(machine(), {});
  EXPECT_EQ(found, (Capacity{.cpu_millis = 8000,
                             .memory_bytes = 64'000'000'000,
                             .gpus = {"0", "1", "2"},
                             .labels = {}}));
  const Capacity told = *capacity_of(
      machine(),
      {.cpus = 2.5, .memory = "16GB", .gpus = "GPU-7f,1", .labels = "gpu=h100,zone=a,fast"});
  EXPECT_EQ(told, (Capacity{.cpu_millis = 2500,
                            .memory_bytes = 16'000'000'000,
                            .gpus = {"GPU-7f", "1"},
                            .labels = {"gpu=h100", "zone=a", "fast"}}));
  EXPECT_TRUE(capacity_of(machine(), {.gpus = "none"})->gpus.empty());
}

TEST(CapacityOfAMachine, RefusesNonsense) {
  EXPECT_FALSE(capacity_of(machine(), {.cpus = -1}));
  EXPECT_FALSE(capacity_of(machine(), {.memory = "much"}));
  EXPECT_FALSE(capacity_of(machine(), {.gpus = "0,0"}));
  EXPECT_FALSE(capacity_of(machine(), {.gpus = "0,"}));
  EXPECT_FALSE(capacity_of(machine(), {.labels = "a b"}));
}

TEST(CapacityOfAMachine, IsSplitAmongItsWorkersAndNoGpuIsInTwoParts) {
  const Capacity all = *capacity_of(machine(), {});
  EXPECT_EQ(
      part_of(all, 0, 2),
      (Capacity{
          .cpu_millis = 4000, .memory_bytes = 32'000'000'000, .gpus = {"0", "2"}, .labels = {}}));
  EXPECT_EQ(part_of(all, 1, 2).gpus, std::vector<std::string>{"1"});
  EXPECT_TRUE(part_of(all, 3, 4).gpus.empty());
}

TEST(CapacityOfAMachine, IsWhatItsFlagsSay) {
  const Capacity part = part_of(*capacity_of(machine(), {}), 0, 4);
  const std::vector<std::string> flags = flags_of(part);
  ASSERT_EQ(flags.size(), 6U);
  EXPECT_EQ(*capacity_of({}, {.cpus = std::stod(flags[1]), .memory = flags[3], .gpus = flags[5]}),
            part);
}

}  // namespace
}  // namespace swarmlab::cli
