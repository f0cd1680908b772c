#include "common/os/open_files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace swarmlab {
namespace {

TEST(OpenFiles, AreAsManyAsTheHardLimitAllows) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = std::min<rlim_t>(64, before.rlim_max);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);

  const auto now = raise_open_files();

  ASSERT_TRUE(now) << now.error().message;
  EXPECT_EQ(*now, before.rlim_max);
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace swarmlab
