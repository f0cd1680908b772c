#include "common/log/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>
#include <vector>

#include "common/os/file.h"
#include "common/os/unique_fd.h"

namespace swarmlab::log {
namespace {

class LogTest : public ::testing::Test {
 protected:
  LogTest() : folder_(*TempFolder::create(::testing::TempDir(), "log")) {}
  ~LogTest() override { EXPECT_TRUE(init({.level = Level::warning, .file = {}, .json = false})); }

  [[nodiscard]] std::string file() const { return folder_.path() + "/log"; }

  void log_to_file(bool json, Level level = Level::debug) {
    const auto done = init({.level = level, .file = file(), .json = json});
    ASSERT_TRUE(done) << done.error().message;
  }
  [[nodiscard]] std::string text() const { return *read_file(file(), 10 << 20); }
  // With "TIME" for what has the form of one.
  [[nodiscard]] std::string lines() const {
    const std::string_view form = "dddd-dd-ddTdd:dd:dd.dddZ";
    const auto fits = [](char wanted, char c) {
      return wanted == 'd' ? c >= '0' && c <= '9' : c == wanted;
    };
    std::string found = text();
    for (;;) {
      const auto at = std::search(found.begin(), found.end(), form.begin(), form.end(),
                                  [&](char c, char wanted) { return fits(wanted, c); });
      if (at == found.end()) return found;
      found.replace(at, at + static_cast<std::ptrdiff_t>(form.size()), "TIME");
    }
  }

 private:
  TempFolder folder_;
};

TEST_F(LogTest, WritesTimeLevelAndText) {
  log_to_file(false);
  debug("one {}", 1);
  info("two {}", "2");
  warning("three");
  error("four {{}}");
  EXPECT_EQ(lines(), "TIME debug one 1\nTIME info two 2\nTIME warning three\nTIME error four {}\n");
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  std::string text(19, ' ');
  EXPECT_EQ(
      std::strftime(text.data(), text.size() + 1, "%Y-%m-%dT%H:%M:%S", ::gmtime_r(&now, &utc)),
      text.size());
  return text;
}

TEST_F(LogTest, WritesUtcTimesInAnyZone) {
  ASSERT_EQ(::setenv("TZ", "XYZ-5", 1), 0);
  ::tzset();
  log_to_file(false);
  const std::string before = utc_now();
  info("now");
  const std::string written = text().substr(0, before.size());
  EXPECT_LE(before, written);
  EXPECT_LE(written, utc_now());
  ASSERT_EQ(::unsetenv("TZ"), 0);
  ::tzset();
}

TEST_F(LogTest, WritesObjectsAsJson) {
  log_to_file(true);
  info("a \"quoted\"\nline{}", field("task", 7));
  error("broken \xff bytes");
  EXPECT_EQ(lines(),
            "{\"ts\":\"TIME\",\"level\":\"info\",\"msg\":\"a \\\"quoted\\\"\\nline\",\"task\":7}\n"
            "{\"ts\":\"TIME\",\"level\":\"error\",\"msg\":\"broken \uFFFD bytes\"}\n");
}

TEST_F(LogTest, LeavesOutWhatIsBelowItsLevel) {
  log_to_file(false, Level::warning);
  debug("no");
  info("no");
  warning("yes");
  EXPECT_FALSE(enabled(Level::info));
  EXPECT_TRUE(enabled(Level::error));
  log_to_file(false, Level::off);
  error("no");
  EXPECT_FALSE(enabled(Level::error));
  EXPECT_FALSE(enabled(Level::off));
  EXPECT_EQ(lines(), "TIME warning yes\n");
}

TEST_F(LogTest, KeepsALineALine) {
  log_to_file(false);
  info("{}", std::string_view("a\nb\r\t\x1b[2Jc\0d\x7f", 12));
  EXPECT_EQ(lines(), "TIME info a\\nb\\x0d\\t\\x1b[2Jc\\x00d\n");
}

TEST_F(LogTest, TakesTextThatLooksLikeAPattern) {
  log_to_file(false);
  write(Level::info, "{} %v %% {0}");
  EXPECT_EQ(lines(), "TIME info {} %v %% {0}\n");
}

TEST_F(LogTest, AddsTheContextOfItsThread) {
  log_to_file(false);
  {
    const Context lab("lab", "circle packing");
    {
      const Context experiment("experiment", 12);
      info("leased");
      std::thread([] { info("another thread"); }).join();
    }
    info("idle");
  }
  info("end");
  EXPECT_EQ(lines(),
            "TIME info leased lab=\"circle packing\" experiment=12\nTIME info another thread\n"
            "TIME info idle lab=\"circle packing\"\nTIME info end\n");
}

TEST_F(LogTest, AddsTheContextToObjects) {
  log_to_file(true);
  const Context lab("lab", "a\"b");
  const Context experiment("experiment", 12);
  info("leased");
  EXPECT_EQ(lines(),
            "{\"ts\":\"TIME\",\"level\":\"info\",\"msg\":\"leased\","
            "\"lab\":\"a\\\"b\",\"experiment\":12}\n");
}

TEST_F(LogTest, SaysAFieldOnceWhenTheContextHasItToo) {
  log_to_file(false);
  const Context lab("lab", "of the thread");
  info("seen{}", field("lab", "a"));
  EXPECT_EQ(lines(), "TIME info seen lab=a\n");
}

TEST_F(LogTest, LetsNobodyForgeAField) {
  log_to_file(true);
  info("it said {}{}", "x\",\"lab\":\"forged", field("lab", "a"));
  EXPECT_EQ(lines(),
            "{\"ts\":\"TIME\",\"level\":\"info\","
            "\"msg\":\"it said x\\\",\\\"lab\\\":\\\"forged\",\"lab\":\"a\"}\n");
}

TEST_F(LogTest, NamesTheComponentInObjects) {
  ASSERT_TRUE(init({.level = Level::info, .file = file(), .json = true, .component = "worker"}));
  info("hello");
  EXPECT_EQ(lines(),
            "{\"ts\":\"TIME\",\"level\":\"info\",\"component\":\"worker\",\"msg\":\"hello\"}\n");
}

TEST_F(LogTest, WritesAFewOfLinesThatComeAgainAndAgain) {
  log_to_file(false);
  for (int i = 0; i < 100; ++i) info("the same");
  info("another");
  std::string expected;
  for (int i = 0; i < 5; ++i) expected += "TIME info the same\n";
  EXPECT_EQ(lines(), expected + "TIME info another\n");
}

TEST_F(LogTest, OpensItsFileAnewAfterARotation) {
  log_to_file(false);
  info("before");
  ASSERT_EQ(std::rename(file().c_str(), (file() + ".1").c_str()), 0);
  info("still to the old one");
  log_to_file(false);
  info("after");
  EXPECT_EQ(lines(), "TIME info after\n");
}

TEST_F(LogTest, QuotesFieldsWhereNeeded) {
  EXPECT_EQ(text_of(field("n", 7)), " n=7");
  EXPECT_EQ(text_of(field("path", "a/b-c.d")), " path=a/b-c.d");
  EXPECT_EQ(text_of(field("text", "two words")), " text=\"two words\"");
  EXPECT_EQ(text_of(field("text", "")), " text=\"\"");
  EXPECT_EQ(text_of(field("text", "a\"b\\c\nd")), " text=\"a\\\"b\\\\c\\nd\"");
}

TEST_F(LogTest, AppendsToItsFileThatOnlyItsOwnerReads) {
  log_to_file(false);
  info("one");
  log_to_file(false);
  info("two");
  EXPECT_EQ(lines(), "TIME info one\nTIME info two\n");
  struct stat about {};
  ASSERT_EQ(::stat(file().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST_F(LogTest, StaysAsItWasWhenItsFileCannotBeOpened) {
  log_to_file(false);
  const auto done = init({.level = Level::off, .file = file() + "/below", .json = true});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable);
  info("still here");
  EXPECT_EQ(lines(), "TIME info still here\n");
}

TEST_F(LogTest, OutlivesAFullDisk) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  ASSERT_TRUE(init({.level = Level::debug, .file = "/dev/full", .json = false}));
  error("lost");
}

TEST_F(LogTest, WritesToStderr) {
  const UniqueFd kept(::dup(STDERR_FILENO));
  UniqueFd target(::open(file().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::dup2(target.get(), STDERR_FILENO), STDERR_FILENO);
  ASSERT_TRUE(init({.level = Level::info, .file = {}, .json = false}));
  info("to stderr");
  ASSERT_EQ(::dup2(kept.get(), STDERR_FILENO), STDERR_FILENO);
  EXPECT_EQ(lines(), "TIME info to stderr\n");
}

TEST_F(LogTest, DoesNotMixTheLinesOfThreads) {
  log_to_file(false);
  const std::string long_text(3000, 'x');
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 100; ++j) info("{}{:03}{}", i, j, long_text);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string written = text();
  std::size_t lines_found = 0;
  for (std::size_t at = 0; at < written.size(); at = written.find('\n', at) + 1, ++lines_found) {
    ASSERT_EQ(written.substr(at + 34, long_text.size() + 1), long_text + "\n");
  }
  EXPECT_EQ(lines_found, 400U);
}

TEST(LogLevel, IsReadFromItsName) {
  EXPECT_EQ(level_from("debug"), Level::debug);
  EXPECT_EQ(level_from("off"), Level::off);
  EXPECT_EQ(level_from("INFO"), std::nullopt);
  EXPECT_EQ(level_from(""), std::nullopt);
}

}  // namespace
}  // namespace swarmlab::log
