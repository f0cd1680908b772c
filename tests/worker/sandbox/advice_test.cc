#include "worker/sandbox/advice.h"

#include <gtest/gtest.h>

namespace swarmlab::sandbox {
namespace {

constexpr std::string_view kRefused = "bwrap: No permissions to create a new namespace";

TEST(Advice, NamesTheSwitchThatForbidsUserNamespaces) {
  EXPECT_NE(advice_for(kRefused, {.unprivileged_userns_clone = "0"}).find("unprivileged_userns"),
            std::string::npos);
  EXPECT_NE(advice_for(kRefused, {.apparmor_restrict_unprivileged_userns = "1"}).find("AppArmor"),
            std::string::npos);
  EXPECT_NE(advice_for(kRefused, {.max_user_namespaces = "0"}).find("max_user_namespaces"),
            std::string::npos);
}

TEST(Advice, SpeaksOfTheContainerInAContainer) {
  const std::string advice = advice_for(kRefused, {.in_container = true});
  EXPECT_NE(advice.find("seccomp"), std::string::npos);
}

TEST(Advice, IsEmptyWhenNothingIsKnownToHelp) {
  EXPECT_EQ(advice_for("bwrap: Can't chdir to /x: No such file or directory", {}), "");
}

}  // namespace
}  // namespace swarmlab::sandbox
