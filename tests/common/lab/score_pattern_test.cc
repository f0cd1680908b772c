#include "common/lab/score_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace swarmlab {
namespace {

std::string last(const std::string& pattern, const std::string& text) {
  return ScorePattern::from(pattern).value().last_match(text).value_or("none");
}

TEST(ScorePattern, TakesTheLastMatchOfTheLastLineThatMatches) {
  EXPECT_EQ(last("^val_bpb:\\s+(\\S+)", "val_bpb: 3\nval_bpb:   0.9979\ndone\n"), "0.9979");
  EXPECT_EQ(last("loss=([0-9.]+)", "loss=3 loss=2\n\n"), "2");
  EXPECT_EQ(last("(?:acc|accuracy) = (\\S+)", "accuracy = 1e-3"), "1e-3");
}

TEST(ScorePattern, SeesALineAfterACarriageReturn) {
  EXPECT_EQ(last("^score (\\d+)$", "10%\r50%\rscore 7\r\n"), "7");
  EXPECT_EQ(last("^score (\\d+)$", "\r\r\n\n"), "none");
}

TEST(ScorePattern, FindsNothingInOtherText) {
  EXPECT_EQ(last("^score: (\\S+)", ""), "none");
  EXPECT_EQ(last("^score: (\\S+)", "the score: 5"), "none");
}

TEST(ScorePattern, NeedsOneGroupOrTwo) {
  EXPECT_EQ(ScorePattern::from("score").error().message, "has 0 groups");
  EXPECT_EQ(ScorePattern::from("(a)(b)(c)").error().message, "has 3 groups");
  EXPECT_TRUE(ScorePattern::from("(a)(b)")->names_metrics());
  EXPECT_FALSE(ScorePattern::from("(a)")->names_metrics());
  EXPECT_TRUE(ScorePattern::from("(?:a)(b)").has_value());
}

TEST(ScorePattern, WithTwoGroupsTakesTheLastValueOfEachName) {
  using Named = std::map<std::string, std::string>;
  const ScorePattern pattern = ScorePattern::from("^(\\w+):\\s+(\\S+)").value();
  EXPECT_EQ(pattern.named_matches("step 1\rstep 2\nval_bpb:   0.9979\npeak_vram_mb: 45060.2\n"
                                  "val_bpb: 0.9981\nvocab size: 8192\n"),
            (Named{{"peak_vram_mb", "45060.2"}, {"val_bpb", "0.9981"}}));
  EXPECT_EQ(pattern.named_matches(""), Named());
}

TEST(ScorePattern, RefusesWhatIsNoExpression) {
  EXPECT_NE(ScorePattern::from("score: (\\S+").error().message.find("does not compile"),
            std::string::npos);
  EXPECT_FALSE(ScorePattern::from("(a)\\1"));
  EXPECT_EQ(ScorePattern::from("(" + std::string(1000, 'a') + ")").error().message, "is too long");
}

TEST(ScorePattern, RefusesNumbersThatNoIntegerHolds) {
  const std::string number(40, '5');
  for (const char* start : {"\\", "x{", "x{1,"}) {
    EXPECT_FALSE(ScorePattern::from(std::string("(a)") + start + number + "}")) << start;
  }
  EXPECT_TRUE(ScorePattern::from("(a)" + number)) << "a text of digits";
  EXPECT_TRUE(ScorePattern::from("(a{1,1000})"));
}

TEST(ScorePattern, CannotBeHungOrCrashedByWhatACandidatePrints) {
  const std::string evil = std::string(1'000'000, 'a') + "b\nscore 5\n" + std::string(500'000, 'a');
  EXPECT_EQ(last("^(?:a+)+$|score (\\d)", evil), "5");
  EXPECT_EQ(last("^score (\\d)", evil), "5");
  EXPECT_EQ(last("^(?:(?:a|aa)+)+c(x)", evil), "none");
  EXPECT_EQ(last("(.*)", std::string(1'000'000, 'a')).size(), 0U);
}

TEST(ScorePattern, ReadsOnlyTheBeginningOfAVeryLongLine) {
  const std::string padding(ScorePattern::kLineBytes, ' ');
  EXPECT_EQ(last("score (\\d)", "score 1\n" + padding + "score 2"), "1");
}

}  // namespace
}  // namespace swarmlab
