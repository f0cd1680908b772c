#include "common/os/secret_file.h"

#include <gtest/gtest.h>

namespace swarmlab {
namespace {

constexpr uid_t kSomebody = 65532;

constexpr bool kept(uid_t owner, mode_t mode, uid_t reader) {
  struct stat about {};
  about.st_uid = owner;
  about.st_mode = S_IFREG | mode;
  return is_kept_secret(about, reader);
}

TEST(SecretFile, IsItsOwnersAlone) {
  for (const mode_t mode : {0400U, 0600U, 0700U}) {
    EXPECT_TRUE(kept(kSomebody, mode, kSomebody)) << mode;
    EXPECT_TRUE(kept(0, mode, 0)) << mode;
  }
  for (const mode_t mode : {0440U, 0640U, 0604U, 0620U, 0610U, 0644U}) {
    EXPECT_FALSE(kept(kSomebody, mode, kSomebody)) << mode;
    EXPECT_FALSE(kept(0, mode, 0)) << mode;
  }
}

TEST(SecretFile, OfRootMayBeReadByTheGroupThatItIsHandedTo) {  // as Kubernetes mounts a Secret
  EXPECT_TRUE(kept(0, 0440, kSomebody));
  EXPECT_TRUE(kept(0, 0640, kSomebody));
  for (const mode_t mode : {0444U, 0460U, 0450U, 0441U, 0442U}) {
    EXPECT_FALSE(kept(0, mode, kSomebody)) << mode;
  }
}

}  // namespace
}  // namespace swarmlab
