#include "common/os/network_disk.h"

#include <gtest/gtest.h>

namespace swarmlab {
namespace {

TEST(NetworkDisk, IsKnownByItsNumber) {
  EXPECT_EQ(network_disk_name(0x6969), "NFS");
  EXPECT_EQ(network_disk_name(0xFE534D42), "SMB");
  EXPECT_EQ(network_disk_name(0xEF53), "") << "ext4";
  EXPECT_EQ(network_disk_name(0x01021994), "") << "tmpfs";
}

TEST(NetworkDisk, IsNotWhereTestsRun) {
  EXPECT_EQ(network_disk_of("/proc"), "");
  EXPECT_EQ(network_disk_of("/no/such/folder"), "");
}

}  // namespace
}  // namespace swarmlab
