// Text of others as data: nothing in it can look like ours.
#include "coordinator/server/quote.h"

#include <gtest/gtest.h>

namespace swarmlab::server {
namespace {

TEST(Quoted, IsOneLineInOnePairOfQuotes) {
  EXPECT_EQ(quoted("a \"b\"\n# c\r\nd", 100), "\"a 'b' # c  d\"");
}

TEST(Quoted, HasNoMarkupThatWouldMeanSomething) {
  EXPECT_EQ(quoted("`code` | table <b>html</b>", 100), "\" code    table  b html /b \"");
}

TEST(Quoted, HasNoControlsAndNothingThatCannotBeSeen) {
  EXPECT_EQ(quoted("a\x1b[2Jb\x7f"
                   "c\xc2\x9b"
                   "d",
                   100),
            "\"a [2Jb c d\"");
  EXPECT_EQ(quoted("a\xe2\x80\xa8"
                   "b\xe2\x80\xae"
                   "c\xe2\x80\x8b"
                   "d",
                   100),
            "\"a b c d\"")
      << "line separator, right-to-left override, zero width";
  EXPECT_EQ(quoted("a\xf3\xa0\x81\x81"
                   "b",
                   100),
            "\"a b\"")
      << "a tag character";
  EXPECT_EQ(quoted("a\xff\xc3(b", 100), "\"a\?\?(b\"") << "no UTF-8";
}

TEST(Quoted, LeavesOtherLettersAlone) {
  EXPECT_EQ(quoted("gr\xc3\xb6\xc3\x9f"
                   "er \xe2\x82\xac \xf0\x9f\x9a\x80",
                   100),
            "\"gr\xc3\xb6\xc3\x9f"
            "er \xe2\x82\xac \xf0\x9f\x9a\x80\"");
}

TEST(CodeBlock, IndentsEveryLineWhateverItSays) {
  EXPECT_EQ(code_block("+a\n```\n# rules\n\n-\tb\n", 1000),
            "    +a\n    ```\n    # rules\n    \n    - b\n");
  const std::string block = code_block("a\r# x\xe2\x80\xa9# y\n", 1000);
  EXPECT_EQ(block, "    a # x # y\n") << "no other line ends";
}

TEST(CodeBlock, IsCutAtALineAndSaysSo) {
  EXPECT_EQ(code_block("first\nsecond\nthird\n", 8), "    first\n    (the rest is left out)\n");
}

}  // namespace
}  // namespace swarmlab::server
