// --pool of coordinator and worker.
#include "cli/pool_option.h"

#include <gtest/gtest.h>

#include "cli/capacity.h"

namespace swarmlab::cli {
namespace {

TEST(PoolOption, DeclaresWhatMachinesOfAPoolHave) {
  const auto pools = declared_pools(
      {"cpu slots=4", "gpu labels=h100+zone=a gpus=8 cpus=32 memory=512GB slots=2 max=16"});
  ASSERT_TRUE(pools) << pools.error().message;
  ASSERT_EQ(pools->size(), 2U);
  EXPECT_EQ((*pools)[0], (swarm::DeclaredPool{.name = "cpu", .slots = 4}));
  EXPECT_EQ((*pools)[1],
            (swarm::DeclaredPool{
                .name = "gpu",
                .labels = {"h100", "zone=a"},
                .machine = {.cpu_millis = 32'000, .memory_bytes = 512'000'000'000, .gpus = 8},
                .slots = 2,
                .most_slots = 16}));
}

TEST(PoolOption, SaysWhatMakesNoSense) {
  for (const char* wrong :
       {"", " ", "a/b", "unplaced", "gpu slots=0", "gpu slots=x", "gpu gpus=-1", "gpu max=0",
        "gpu memory=much", "gpu labels=", "gpu labels=pool=x", "gpu color=red", "gpu 8"}) {
    EXPECT_FALSE(declared_pools({wrong})) << wrong;
  }
  EXPECT_EQ(declared_pools({"gpu slots=0"}).error().message,
            "--pool \"gpu slots=0\": \"slots=0\" makes no sense, expected a name and then words "
            "such as labels=h100+fast gpus=8 cpus=32 memory=512GB slots=2 max=16");
  EXPECT_EQ(declared_pools({"a", "b", "a"}).error().message,
            "--pool a is there twice, expected each once");
}

TEST(PoolOption, OfAWorkerIsALabel) {
  const auto capacity = capacity_of({}, {.labels = "fast", .pool = "gpu"});
  ASSERT_TRUE(capacity) << capacity.error().message;
  EXPECT_EQ(capacity->labels, (std::vector<std::string>{"fast", "pool=gpu"}));
  EXPECT_FALSE(capacity_of({}, {.pool = "a,b"}));
}

}  // namespace
}  // namespace swarmlab::cli
