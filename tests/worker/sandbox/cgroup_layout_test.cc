#include "worker/sandbox/cgroup_layout.h"

#include <gtest/gtest.h>

namespace swarmlab::sandbox {
namespace {

TEST(OwnGroups, AreFoundInVersion2) {
  const auto groups =
      own_groups("25 30 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
                 "0::/user.slice/user-1000.slice/session-3.scope\n");
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].version, 2);
  EXPECT_EQ(groups[0].folder, "/sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope");
  EXPECT_FALSE(groups[0].is_top);
}

TEST(OwnGroups, AreFoundInEachHierarchyOfVersion1) {
  const auto groups = own_groups(
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
      "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "36 31 0:33 / /tmp rw - tmpfs tmpfs rw\n",
      "4:memory:/slurm/job_7\n2:cpu,cpuacct:/\n1:name=systemd:/\n");
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].controllers, (std::vector<std::string>{"cpu", "cpuacct"}));
  EXPECT_EQ(groups[0].folder, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_TRUE(groups[0].is_top);
  EXPECT_EQ(groups[1].folder, "/sys/fs/cgroup/memory/slurm/job_7");
}

TEST(OwnGroups, AreWhereAContainerSeesThem) {
  const auto bound =
      own_groups("35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
                 "4:memory:/docker/abc\n");
  ASSERT_EQ(bound.size(), 1U);
  EXPECT_EQ(bound[0].folder, "/sys/fs/cgroup/memory");
  EXPECT_TRUE(bound[0].is_top);
  const auto outside =
      own_groups("25 30 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n", "0::/../../elsewhere\n");
  ASSERT_EQ(outside.size(), 1U);
  EXPECT_EQ(outside[0].folder, "/sys/fs/cgroup");
}

TEST(OwnGroups, AreNoneWithoutAHierarchy) {
  EXPECT_TRUE(own_groups("", "0::/\n").empty());
  EXPECT_TRUE(own_groups("garbage\n\n - cgroup2", "x\n::\n").empty());
}

}  // namespace
}  // namespace swarmlab::sandbox
