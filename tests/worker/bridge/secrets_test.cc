// Values that must not be in a text are not.
#include "worker/bridge/secrets.h"

#include <gtest/gtest.h>

namespace swarmlab::worker {
namespace {

Secrets two() {
  Secrets secrets;
  secrets.add("0123456789");
  secrets.add("0123456789abcdef");
  secrets.add("short");
  return secrets;
}

TEST(Secrets, AreTakenOutWhereverTheyAre) {
  EXPECT_EQ(two().redacted("a 0123456789 b 01234567890123456789"),
            "a [redacted] b [redacted][redacted]");
  EXPECT_EQ(two().redacted("0123456789abcdef"), "[redacted]");  // the longer one, whole
  EXPECT_EQ(two().redacted("a short text of 012345"), "a short text of 012345");
  EXPECT_EQ(Secrets().redacted("0123456789"), "0123456789");
}

TEST(Secrets, AreKnownByWhatACutLeftOfThem) {
  EXPECT_EQ(two().redacted("89abcdef is its end"), "[redacted] is its end");
  EXPECT_EQ(two().redacted("its begin 0123456789ab"), "its begin [redacted]ab");
  EXPECT_EQ(two().redacted("its begin 01234567"), "its begin [redacted]");
  EXPECT_EQ(two().redacted("x 012345678\n[... 7 bytes dropped ...]\n789abcdef y"),
            "x [redacted]\n[... 7 bytes dropped ...]\n[redacted] y");
}

TEST(Secrets, AreFoundAsTheyAre) {
  EXPECT_TRUE(two().are_in("x0123456789x"));
  EXPECT_FALSE(two().are_in("012345678 9"));
}

}  // namespace
}  // namespace swarmlab::worker
