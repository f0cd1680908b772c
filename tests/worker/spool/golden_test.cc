// A report that a released worker left in its spool is delivered by this build.
#include <gtest/gtest.h>

#include <filesystem>

#include "common/os/file.h"
#include "worker/spool/spool.h"

namespace swarmlab::worker {
namespace {

namespace fs = std::filesystem;

TEST(GoldenSpool, IsReadAsItWasWritten) {
  const auto folder = TempFolder::create(testing::TempDir(), "spool");
  ASSERT_TRUE(folder);
  const fs::path tests = fs::path(__FILE__).parent_path().parent_path().parent_path();
  fs::copy(tests / "golden" / "protocol-1" / "spool", folder->path() + "/spool");
  const auto spool = Spool::open(folder->path() + "/spool");
  ASSERT_TRUE(spool);
  const auto contents = spool->read_all();
  ASSERT_TRUE(contents);
  EXPECT_TRUE(contents->broken.empty());
  ASSERT_EQ(contents->reports.size(), 1U);
  const SpooledReport& spooled = contents->reports[0];
  EXPECT_EQ(spooled.report.task, TaskId(7));
  EXPECT_EQ(spooled.report.token, FencingToken(70));
  EXPECT_EQ(spooled.report.outcome, Outcome::crash);
  EXPECT_EQ(spooled.report.reason, "the agent crashed");
  EXPECT_EQ(spooled.attachments.agent_log, "last words");
  EXPECT_EQ(spooled.pack, "PACK");
}

}  // namespace
}  // namespace swarmlab::worker
