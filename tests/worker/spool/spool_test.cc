#include "worker/spool/spool.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/os/file.h"

namespace swarmlab::worker {
namespace {

class SpoolTest : public testing::Test {
 protected:
  TempFolder folder_ = *TempFolder::create(testing::TempDir(), "spool");
  Spool spool_ = *Spool::open(folder_.path() + "/spool");

  static SpooledReport report(std::uint64_t task, std::uint64_t token) {
    SpooledReport spooled;
    spooled.report.task = TaskId(task);
    spooled.report.token = FencingToken(token);
    spooled.report.outcome = Outcome::crash;
    spooled.report.reason = "exit code 1";
    spooled.attachments.agent_log = std::string("a\0b", 3);
    spooled.pack = std::string(100'000, 'p');
    return spooled;
  }
};

TEST_F(SpoolTest, GivesBackWhatWasPutUntilItIsRemoved) {
  ASSERT_TRUE(spool_.put(report(1, 2)));
  ASSERT_TRUE(spool_.put(report(1, 3)));
  auto contents = spool_.read_all();
  ASSERT_TRUE(contents);
  ASSERT_EQ(contents->reports.size(), 2U);
  EXPECT_EQ(contents->reports.front(), report(1, 2));
  ASSERT_TRUE(spool_.remove(TaskId(1), FencingToken(2)));
  ASSERT_TRUE(spool_.remove(TaskId(1), FencingToken(2)));
  EXPECT_EQ(spool_.read_all()->reports.size(), 1U);
}

TEST_F(SpoolTest, TheFileOfALargePackComesAndGoesWithItsReport) {
  const std::string folder = folder_.path() + "/spool";
  SpooledReport large = report(1, 2);
  large.pack.clear();
  large.pack_file = Spool::pack_file(folder, TaskId(1), FencingToken(2));
  ASSERT_TRUE(write_file(large.pack_file, "PACK of many objects"));
  ASSERT_TRUE(spool_.put(large));
  const auto next_life = Spool::open(folder);
  ASSERT_TRUE(next_life);
  const auto contents = next_life->read_all();
  ASSERT_EQ(contents->reports.size(), 1U);
  EXPECT_EQ(contents->reports.front(), large);
  EXPECT_EQ(*read_file(large.pack_file, 100), "PACK of many objects");
  ASSERT_TRUE(next_life->remove(TaskId(1), FencingToken(2)));
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(SpoolTest, AReportWhosePackIsNotAsItWasIsSetAside) {
  SpooledReport large = report(1, 2);
  large.pack_file = Spool::pack_file(folder_.path() + "/spool", TaskId(1), FencingToken(2));
  ASSERT_TRUE(write_file(large.pack_file, "PACK of many objects"));
  ASSERT_TRUE(spool_.put(large));
  ASSERT_TRUE(write_file(large.pack_file, "PACK of"));
  const auto contents = spool_.read_all();
  ASSERT_TRUE(contents);
  EXPECT_TRUE(contents->reports.empty());
  EXPECT_EQ(contents->broken.size(), 1U);
}

TEST_F(SpoolTest, APackWithoutAReportIsOfAnAttemptThatWasKilledAndIsRemoved) {
  const std::string folder = folder_.path() + "/spool";
  const std::string alone = Spool::pack_file(folder, TaskId(7), FencingToken(8));
  ASSERT_TRUE(write_file(alone, "PACK of a killed attempt"));
  ASSERT_TRUE(Spool::open(folder));
  EXPECT_FALSE(std::filesystem::exists(alone));
}

TEST_F(SpoolTest, TheSameReportAgainTakesItsOwnPlace) {
  ASSERT_TRUE(spool_.put(report(1, 2)));
  ASSERT_TRUE(spool_.put(report(1, 2)));
  EXPECT_EQ(spool_.read_all()->reports.size(), 1U);
}

TEST_F(SpoolTest, WhatAKilledPutLeftIsNoReportAndIsRemoved) {
  const std::string folder = folder_.path() + "/spool";
  const std::string left = folder + "/1-2.report.tmp-4711-3";
  ASSERT_TRUE(write_file(left, "half a rep"));
  EXPECT_FALSE(Spool::has_reports(folder));
  ASSERT_TRUE(spool_.put(report(5, 6)));
  EXPECT_TRUE(Spool::has_reports(folder));
  const auto again = Spool::open(folder);
  ASSERT_TRUE(again);
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_EQ(again->read_all()->reports.size(), 1U);
}

TEST_F(SpoolTest, ATornFileIsSetAsideAndNamedWhileTheOthersAreRead) {
  ASSERT_TRUE(spool_.put(report(1, 2)));
  ASSERT_TRUE(spool_.put(report(5, 6)));
  const std::string torn = folder_.path() + "/spool/1-2.report";
  std::filesystem::resize_file(torn, std::filesystem::file_size(torn) - 7);
  const auto contents = spool_.read_all();
  ASSERT_TRUE(contents);
  ASSERT_EQ(contents->reports.size(), 1U);
  EXPECT_EQ(contents->reports.front().report.task, TaskId(5));
  ASSERT_EQ(contents->broken.size(), 1U);
  EXPECT_NE(contents->broken.front().find("1-2.report"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(torn + ".broken"));
  EXPECT_TRUE(spool_.read_all()->broken.empty());
}

}  // namespace
}  // namespace swarmlab::worker
