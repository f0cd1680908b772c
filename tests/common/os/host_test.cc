#include "common/os/host.h"

#include <gtest/gtest.h>

namespace swarmlab {
namespace {

TEST(HostClass, IsTheCpuModelAlone) {
  EXPECT_EQ(host_class({.cpu_model = "AMD EPYC 7763", .gpus = {}}), "AMD EPYC 7763");
}

TEST(HostClass, CountsEqualGpus) {
  EXPECT_EQ(host_class({.cpu_model = "X", .gpus = {"H100", "H100"}}), "X | 2x H100");
  EXPECT_EQ(host_class({.cpu_model = "X", .gpus = {"H100", "A10"}}), "X | A10 | H100");
}

TEST(CpuModel, IsReadFromTheKernelsText) {
  EXPECT_EQ(cpu_model_in("processor\t: 0\nmodel name\t: Intel(R) Xeon(R)\nflags\t: x\n"),
            "Intel(R) Xeon(R)");
  EXPECT_EQ(cpu_model_in("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"),
            "ARM 0x41 part 0xd0c");
  EXPECT_EQ(cpu_model_in(""), "");
}

TEST(HostFacts, AreThoseOfThisMachine) {
  const HostFacts facts = read_host_facts();
  EXPECT_FALSE(facts.name.empty());
  EXPECT_FALSE(facts.cpu_model.empty());
  EXPECT_GE(facts.cores, 1U);
  EXPECT_GT(facts.memory_bytes, 1ULL << 20U);
}

TEST(SelfExecutable, IsThisTest) {
  const auto path = self_executable();
  ASSERT_TRUE(path.has_value());
  EXPECT_TRUE(path->ends_with("common_os_test")) << *path;
}

TEST(FindProgram, TakesTheFirstOnThePath) {
  EXPECT_EQ(find_program("sh", "/nowhere:/bin:/usr/bin"), "/bin/sh");
  EXPECT_EQ(find_program("no-such-program", "/bin:/usr/bin"), "");
  EXPECT_EQ(find_program("bin", "/usr"), "");  // a folder is no program
}

}  // namespace
}  // namespace swarmlab
