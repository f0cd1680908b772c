#include "common/log/repeats.h"

#include <gtest/gtest.h>

namespace swarmlab::log {
namespace {

using std::chrono::seconds;

const Repeats::Time kStart{std::chrono::hours(1)};

Line line(const std::string& text) {
  return {.level = Level::warning, .text = text, .fields = {field("task", 7)}};
}

TEST(Repeats, LetsAFewPassAndCountsTheRest) {
  Repeats repeats;
  unsigned passed = 0;
  for (int i = 0; i < 512; ++i) passed += repeats.passes(line("bad"), kStart) ? 1U : 0U;
  EXPECT_EQ(passed, Repeats::kWritten);
  EXPECT_TRUE(repeats.over(kStart + seconds(9)).empty()) << "its time is not over";
  const auto over = repeats.over(kStart + seconds(10));
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over[0].level, Level::warning);
  EXPECT_EQ(over[0].text, "bad ... repeated 507 times in 10 s");
  EXPECT_EQ(over[0].fields, (std::vector{field("task", 7), field("repeated", 507)}));
  EXPECT_TRUE(repeats.over(kStart + seconds(30)).empty()) << "told once";
}

TEST(Repeats, BeginsAnewWhenTheTimeIsOver) {
  Repeats repeats;
  for (int i = 0; i < 20; ++i) (void)repeats.passes(line("bad"), kStart);
  EXPECT_EQ(repeats.over(kStart + seconds(11)).size(), 1U);
  EXPECT_TRUE(repeats.passes(line("bad"), kStart + seconds(11)));
}

TEST(Repeats, LetsSlowOnesPassForEver) {
  Repeats repeats;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(repeats.passes(line("tick"), kStart + i * seconds(4)));
    EXPECT_TRUE(repeats.over(kStart + i * seconds(4)).empty());
  }
}

TEST(Repeats, TellsLinesApartByTextAndFields) {
  Repeats repeats;
  for (int i = 0; i < 2000; ++i) {
    EXPECT_TRUE(repeats.passes({Level::info, "began", {field("experiment", i)}}, kStart));
  }
  EXPECT_TRUE(repeats.over(kStart + seconds(60)).empty());
}

TEST(Repeats, LosesNoCountToALineThatWantsItsPlace) {
  Repeats repeats;
  for (int i = 0; i < 100; ++i) (void)repeats.passes(line("flood"), kStart);
  for (int i = 0; i < 5000; ++i) {
    EXPECT_TRUE(repeats.passes({Level::info, "one of many", {field("experiment", i)}}, kStart));
  }
  const auto over = repeats.over(kStart + seconds(10));
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over[0].text, "flood ... repeated 95 times in 10 s");
}

}  // namespace
}  // namespace swarmlab::log
