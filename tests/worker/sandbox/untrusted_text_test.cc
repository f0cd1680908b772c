#include "worker/sandbox/untrusted_text.h"

#include <gtest/gtest.h>

#include <string>

namespace swarmlab::sandbox {
namespace {

std::string clean(std::string_view text) {
  return clean_text(text, 1000, Lines::keep);
}

TEST(CleanText, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(clean("a b\nc, \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x9D"),
            "a b\nc, \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x9D");
}

TEST(CleanText, TakesTerminalEscapesOut) {
  EXPECT_EQ(clean("\x1B[31;1mred\x1B[0m"), "red");
  EXPECT_EQ(clean("a\x1B]0;title\ab"), "ab");
  EXPECT_EQ(clean("a\x1B]8;;http://x\x1B\\b"), "ab");
  EXPECT_EQ(clean("a\x1B"
                  "cb"),
            "ab");
  EXPECT_EQ(clean("a\x1B[31"), "a");
  EXPECT_EQ(clean("a\x1B"), "a");
  EXPECT_EQ(clean("a\x1B]never closed\nb"), "a\nb");
}

TEST(CleanText, TakesControlCharactersOut) {
  EXPECT_EQ(clean(std::string_view("a\0b\bc\x7F", 6)), "abc");
  EXPECT_EQ(clean("a\xC2\x9B"
                  "b"),
            "ab");  // C1: an escape in one character
  EXPECT_EQ(clean("a\xE2\x80\xAE"
                  "b"),
            "ab");  // would turn what follows around
}

TEST(CleanText, MarksWhatIsNoUtf8) {
  EXPECT_EQ(clean("a\xFF"
                  "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(clean("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  EXPECT_EQ(clean("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // cut
  EXPECT_EQ(clean("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
}

TEST(CleanText, CutsBetweenCodePoints) {
  EXPECT_EQ(clean_text("\xE2\x82\xAC\xE2\x82\xAC", 5, Lines::keep), "\xE2\x82\xAC");
  EXPECT_EQ(clean_text("abc", 3, Lines::keep), "abc");
  EXPECT_EQ(clean_text("abc", 0, Lines::keep), "");
}

TEST(CleanText, JoinsLinesWhereTheyMayNotBe) {
  EXPECT_EQ(clean_text("  a\r\nb\nc\td \n", 100, Lines::join), "a b c d");
}

TEST(LastLines, AreTheEndWithoutBlankLines) {
  EXPECT_EQ(last_lines("a\n\n b \n"), "a\nb");
  std::string many;
  for (int i = 0; i < 100; ++i) many += "line " + std::to_string(i) + "\n";
  const std::string last = last_lines(many);
  EXPECT_TRUE(last.starts_with("line 88\n")) << last;
  EXPECT_TRUE(last.ends_with("\nline 99")) << last;
}

TEST(LastLines, TakeTheLastStateOfAProgressBar) {
  EXPECT_TRUE(last_lines("start\n10%\r20%\r30%\nend").ends_with("30%\nend"));
}

TEST(LastLines, AreNeverLong) {
  EXPECT_LE(last_lines(std::string(1'000'000, 'x')).size(), 2000U);
  std::string wide;
  for (int i = 0; i < 12; ++i) wide += std::string(900, 'y') + "\n";
  EXPECT_LE(last_lines(wide).size(), 2000U);
}

TEST(DescribeFailure, PrefersWhatStoodOnStderr) {
  SandboxResult result;
  result.code = 2;
  EXPECT_EQ(describe_failure("guard", result), "guard: exit code 2");
  result.out = "out\n";
  EXPECT_EQ(describe_failure("guard", result), "guard: exit code 2\nout");
  result.err = "err\n";
  EXPECT_EQ(describe_failure("guard", result), "guard: exit code 2\nerr");
}

}  // namespace
}  // namespace swarmlab::sandbox
