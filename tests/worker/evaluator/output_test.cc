#include "worker/evaluator/output.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace swarmlab::worker {
namespace {

TEST(ReadNumber, TakesWhatPeopleWrite) {
  for (const auto& [text, value] : std::vector<std::pair<const char*, double>>{
           {"1", 1}, {"-.5", -0.5}, {"+5", 5}, {"1e-3", 0.001}, {" 2 ", 2}, {"1.", 1}, {"-0", 0}}) {
    const auto number = read_number(text);
    ASSERT_TRUE(number) << text;
    EXPECT_EQ(*number, value) << text;
  }
}

TEST(ReadNumber, RefusesEverythingElse) {
  for (const char* text : {"", " ", "x", "1x", "1 2", "0x10", "1,5", "--1", "+-1", "nan", "inf",
                           "-Infinity", "1e999", "NaN(1)", "0b1", "1_000", "."}) {
    EXPECT_FALSE(read_number(text)) << text;
  }
}

TEST(ReadBackend, RefusesWhatIsNoMessageAndNeverFailsInAnotherWay) {
  for (const char* text :
       {"", "\n", "{}\n", "[]\n", "1\n", "{\"score\": 1}", "{\"metrics\": 3}\n"}) {
    EXPECT_FALSE(read_backend("score", text)) << text;
  }
  const std::string whole =
      "{\"score\": 1, \"metrics\": {\"m\": 2}, \"samples\": [{\"id\": \"a\", \"score\": 1, "
      "\"error\": \"\", \"extra\": \"{\\\"k\\\": [1]}\"}], \"warnings\": [\"w\"]}\n";
  ASSERT_TRUE(read_backend("score", whole)->scored);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    (void)read_backend("score", whole.substr(0, i).append("\n"));
    for (const char c : {'\0', '"', '[', '}', '9', '\xFF', '\\', 'n'}) {
      std::string changed = whole;
      changed[i] = c;
      (void)read_backend("score", changed);
    }
  }
}

TEST(ReadBackend, TakesOnlyAJsonObjectForTheExtraOfASample) {
  const auto extra = [](const std::string& text) {
    const auto said = read_backend("score",
                                   "{\"score\": 1, \"samples\": [{\"id\": \"a\", "
                                   "\"score\": 1, \"extra\": " +
                                       text + "}]}\n");
    return said->scored->samples.at(0).extra;
  };
  EXPECT_EQ(extra(R"("{\"a\": 1}")"), "{\"a\": 1}");
  EXPECT_EQ(extra(R"("[1]")"), "");
  EXPECT_EQ(extra(R"("{\"a\": ")"), "");
  EXPECT_EQ(extra(R"({"a": 1})"), "");
  EXPECT_EQ(extra("\"{\\\"a\\\": " + std::string(40, '[') + std::string(40, ']') + "}\""), "");
}

TEST(WholeLines, LeaveOutputBelowTheCapAlone) {
  EXPECT_EQ(whole_lines("a\nb", 100), "a\nb");
  EXPECT_EQ(whole_lines("a\nb", 0), "a\nb");
  EXPECT_EQ(whole_lines("", 4), "");
}

TEST(WholeLines, DropTheTwoThatWereCut) {
  EXPECT_EQ(whole_lines("ab\ncd\n[... 5 bytes dropped ...]\nef\ngh\nklmn", 20), "ab\ngh\nklmn");
  EXPECT_EQ(whole_lines("abcde\n[... 5 bytes dropped ...]\nefghijklm", 20), "");
}

TEST(Tidy, KeepsTheLastOfANameAndBoundsTheirNumber) {
  Scored scored;
  for (int i = 0; i < 1000; ++i) scored.metrics.push_back({fmt::format("m{}", i), 1.0 * i});
  scored.metrics.push_back({"m1", -1});
  scored.metrics.push_back({std::string(101, 'x'), 1});
  tidy("m0", scored);
  EXPECT_EQ(scored.metrics.size(), 200U);
  EXPECT_EQ(scored.metrics.front(), (MetricValue{"m1", -1}));
  EXPECT_EQ(scored.warnings.size(), 2U);
}

}  // namespace
}  // namespace swarmlab::worker
