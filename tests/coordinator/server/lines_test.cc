#include "coordinator/server/lines.h"

#include <gtest/gtest.h>

#include <string>

namespace swarmlab::server {
namespace {

TEST(LinesOfAText, AreThoseWithSomethingInThem) {
  EXPECT_EQ(lines_in(""), 0U);
  EXPECT_EQ(lines_in("a\n\n  \t\r\nb\r\n"), 2U);
}

TEST(LinesOfAText, NeedNoEndAtTheLast) {
  EXPECT_EQ(lines_in("a\nb"), 2U);
}

TEST(LinesOfAText, AreNoFewerWhenTheyAreJoined) {
  std::string apart;
  std::string joined;
  for (int i = 0; i < 10; ++i) {
    apart += std::string(50, 'x') + ";\n";
    joined += std::string(50, 'x') + ";";
  }
  EXPECT_EQ(lines_in(apart), 10U);
  EXPECT_EQ(lines_in(joined), 6U) << "510 bytes";
  EXPECT_EQ(lines_in(std::string(100, 'x')), 1U);
  EXPECT_EQ(lines_in(std::string(101, 'x')), 2U);
}

}  // namespace
}  // namespace swarmlab::server
