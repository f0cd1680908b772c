#include "common/lab/gain_limit.h"

#include <gtest/gtest.h>

#include "common/lab/lab.h"

namespace swarmlab {
namespace {

TEST(GainLimits, AreAChanceWithinSoManyExperiments) {
  const auto limit = parse_gain_limit("5% in 20");
  ASSERT_TRUE(limit);
  EXPECT_DOUBLE_EQ(limit->chance, 0.05);
  EXPECT_EQ(limit->experiments, 20U);
  EXPECT_EQ(limit->per_dollar, 0.0);
  EXPECT_EQ(parse_gain_limit(" 5 %  in  20 ").value(), limit.value());
}

TEST(GainLimits, OrAGainPerDollarOrBoth) {
  EXPECT_DOUBLE_EQ(parse_gain_limit("0.01 per dollar")->per_dollar, 0.01);
  const auto both = parse_gain_limit("2.5% in 100, 1e-3 per dollar");
  ASSERT_TRUE(both);
  EXPECT_DOUBLE_EQ(both->chance, 0.025);
  EXPECT_DOUBLE_EQ(both->per_dollar, 0.001);
  EXPECT_EQ(parse_gain_limit("off").value(), GainLimit{});
}

TEST(GainLimits, ReadBackAsTheyAreWritten) {
  for (const char* text : {"5% in 20", "0.01 per dollar", "2.5% in 100, 0.001 per dollar", "off"}) {
    EXPECT_EQ(to_text(*parse_gain_limit(text)), text);
  }
}

TEST(GainLimits, ThatMakeNoSenseAreRefusedWithWhatWouldDo) {
  for (const char* text : {"", "5", "5%", "5% in", "0% in 20", "100% in 20", "5% in 0",
                           "5% in 20 days", "-1 per dollar", "0 per dollar", "nan per dollar",
                           "5% in 20, 6% in 30", "5% in 20,", "5% in 2000000"}) {
    const auto limit = parse_gain_limit(text);
    ASSERT_FALSE(limit) << text;
    EXPECT_NE(limit.error().message.find("\"5% in 20\""), std::string::npos) << text;
  }
}

TEST(GainLimits, StandInLabToml) {
  const std::string lab =
      "[lab]\nname = \"a\"\n[artifact]\neditable = [\"x\"]\n[metric]\nname = \"score\"\n"
      "direction = \"minimize\"\n[evaluator]\ncommand = \"true\"\n[agent]\ncommand = \"true\"\n"
      "[stop]\nexpected_gain = ";
  const auto settings = read_lab(lab + "\"10% in 30\"\n", "");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_DOUBLE_EQ(settings->stop.expected_gain.chance, 0.1);
  EXPECT_EQ(settings->stop.expected_gain.experiments, 30U);
  const auto wrong = read_lab(lab + "\"soon\"\n", "");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("[stop] expected_gain is \"soon\", expected a text such as"),
            std::string::npos)
      << wrong.error().message;
}

TEST(GainLimits, OfAFlagGoBeforeThoseOfLabToml) {
  LabSettings settings;
  settings.stop.expected_gain.chance = 0.5;
  LabOverrides flags;
  flags.expected_gain = parse_gain_limit("1% in 50").value();
  EXPECT_EQ(with_overrides(settings, flags)->stop.expected_gain, *flags.expected_gain);
}

}  // namespace
}  // namespace swarmlab
