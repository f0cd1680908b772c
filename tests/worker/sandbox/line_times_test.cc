#include "worker/sandbox/line_times.h"

#include <gtest/gtest.h>

namespace swarmlab::sandbox {
namespace {

TEST(LineTimes, AreThoseOfTheEndsOfLines) {
  LineTimes times;
  times.note("one\ntw", Milliseconds(10));
  times.note("", Milliseconds(15));
  times.note("o\nthree\nfo", Milliseconds(20));
  EXPECT_EQ(times.of(0), Milliseconds(10));
  EXPECT_EQ(times.of(1), Milliseconds(20));
  EXPECT_EQ(times.of(2), Milliseconds(20));
  EXPECT_EQ(times.of(3), std::nullopt) << "it has no end yet";
  EXPECT_EQ(times.lines(), 3U);
}

TEST(LineTimes, OfVeryManyPiecesAreALittleLate) {
  LineTimes times;
  for (int i = 0; i < 100'000; ++i) times.note("x\n", Milliseconds(i));
  for (const std::uint64_t line : {0U, 17U, 50'000U, 99'998U}) {
    const auto at = times.of(line);
    ASSERT_TRUE(at);
    EXPECT_GE(at->count(), static_cast<std::int64_t>(line));
    EXPECT_LE(at->count(), static_cast<std::int64_t>(line) + 100);
  }
}

}  // namespace
}  // namespace swarmlab::sandbox
