#include "common/lab/units.h"

#include <gtest/gtest.h>

#include <chrono>

namespace swarmlab {
namespace {

using namespace std::chrono_literals;

TEST(Durations, HaveANumberAndAUnit) {
  EXPECT_EQ(parse_duration("500ms").value(), 500ms);
  EXPECT_EQ(parse_duration("90s").value(), 90s);
  EXPECT_EQ(parse_duration("10m").value(), 10min);
  EXPECT_EQ(parse_duration("2h").value(), 2h);
  EXPECT_EQ(parse_duration("1d").value(), 24h);
  EXPECT_EQ(parse_duration("1.5h").value(), 90min);
  EXPECT_EQ(parse_duration("10 m").value(), 10min);
  EXPECT_EQ(parse_duration("0s").value(), 0s);
}

TEST(Durations, AreRefusedIfTheyAreAnythingElse) {
  for (const char* text : {"", "10", "m", "10x", "10mm", "-1s", "-0s", "1e3s", "nans", "infs",
                           "10m 5s", " 10m", "10m ", "+5s", "11000d",
                           "1"
                           "0000000000000000000h"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
  EXPECT_EQ(parse_duration("10").error().message,
            R"(10 is no duration, expected one such as "90s", "10m" or "2h")");
}

TEST(Sizes, WithABAreDecimalAndWithoutBinary) {
  EXPECT_EQ(parse_size("10MB").value(), 10'000'000U);
  EXPECT_EQ(parse_size("512KiB").value(), 512U * 1024);
  EXPECT_EQ(parse_size("2G").value(), 2ULL << 30U);
  EXPECT_EQ(parse_size("1.5 GiB").value(), 3ULL << 29U);
  EXPECT_EQ(parse_size("1kB").value(), 1000U);
  EXPECT_EQ(parse_size("7B").value(), 7U);
  EXPECT_EQ(parse_size("0B").value(), 0U);
  EXPECT_EQ(parse_size("4T").value(), 4ULL << 40U);
}

TEST(Sizes, AreRefusedIfTheyAreAnythingElse) {
  for (const char* text : {"", "10", "MB", "10mb", "-1MB", "1e3B", "10 Mb", "nanB", "8388608T",
                           "99999999999999999999B", "1GBB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
  EXPECT_EQ(parse_size("10").error().message,
            R"(10 is no size, expected one such as "10MB", "512KiB" or "2G")");
}

}  // namespace
}  // namespace swarmlab
