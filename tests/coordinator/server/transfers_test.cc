#include "coordinator/server/transfers.h"

#include <gtest/gtest.h>

namespace swarmlab::server {
namespace {

TEST(Transfers, AreReadInChunks) {
  Transfers transfers(100);
  const auto number = transfers.add("abcdefg");
  EXPECT_GE(number, 1U);
  EXPECT_EQ(transfers.chunk(number, 0, 3), "abc");
  EXPECT_EQ(transfers.chunk(number, 6, 3), "g");
  EXPECT_EQ(transfers.chunk(number, 7, 3), "");
  EXPECT_EQ(transfers.chunk(number, 1'000'000, 3), "");
}

TEST(Transfers, AreGoneWhenTheyAreDropped) {
  Transfers transfers(100);
  const auto number = transfers.add("abc");
  EXPECT_FALSE(transfers.ends_with(number, 2));
  EXPECT_TRUE(transfers.ends_with(number, 3));
  transfers.drop(number);
  transfers.drop(number);
  EXPECT_FALSE(transfers.chunk(number, 0, 3));
  EXPECT_FALSE(transfers.ends_with(number, 3));
}

TEST(Transfers, LoseTheOldestWhenTheyAreTooMuchTogether) {
  Transfers transfers(10);
  const auto first = transfers.add("12345");
  const auto second = transfers.add("12345");
  const auto third = transfers.add("1");
  EXPECT_FALSE(transfers.chunk(first, 0, 1));
  EXPECT_TRUE(transfers.chunk(second, 0, 1));
  EXPECT_TRUE(transfers.chunk(third, 0, 1));
}

TEST(Transfers, KeepTheLatestHoweverLargeItIs) {
  Transfers transfers(2);
  const auto number = transfers.add("12345");
  EXPECT_EQ(transfers.chunk(number, 0, 9), "12345");
}

}  // namespace
}  // namespace swarmlab::server
