#include "coordinator/server/refusals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "common/log/log.h"
#include "common/os/file.h"

namespace swarmlab::server {
namespace {

// The log goes to a file while it lives.
class LogFile {
 public:
  LogFile() : path_(testing::TempDir() + "/refusals-" + std::to_string(::getpid()) + ".log") {
    EXPECT_TRUE(log::init({.level = log::Level::info, .file = path_}));
  }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  LogFile(LogFile&&) = delete;
  LogFile& operator=(LogFile&&) = delete;
  ~LogFile() {
    EXPECT_TRUE(log::init({.level = log::Level::warning, .file = {}}));
    std::filesystem::remove(path_);
  }
  [[nodiscard]] std::string text() const { return read_file(path_, 1U << 20U).value_or(""); }

 private:
  std::string path_;
};

TEST(RefusalsTest, EachReasonIsCountedByItself) {
  Refusals refusals;
  refusals.count(Refusal::role, "a");
  refusals.count(Refusal::role, "b");
  refusals.count(Refusal::session, "c");
  EXPECT_EQ(refusals.of(Refusal::role), 2U);
  EXPECT_EQ(refusals.of(Refusal::session), 1U);
  EXPECT_EQ(refusals.of(Refusal::lease), 0U);
}

TEST(RefusalsTest, WhatIsCountedElsewhereOnlyGrows) {
  Refusals refusals;
  refusals.raise_to(Refusal::unknown_key, 7, "a key");
  refusals.raise_to(Refusal::unknown_key, 5, "a key");
  EXPECT_EQ(refusals.of(Refusal::unknown_key), 7U);
}

TEST(RefusalsTest, EveryReasonHasAWordOfItsOwn) {
  std::set<std::string> words;
  for (std::size_t i = 0; i < kRefusals; ++i) {
    words.insert(std::string(name_of(static_cast<Refusal>(i))));
  }
  EXPECT_EQ(words.size(), kRefusals);
  EXPECT_FALSE(words.contains(""));
}

TEST(RefusalsTest, TheLogSaysTheFirstAndThenIsQuiet) {
  const LogFile file;
  Refusals refusals(std::chrono::hours(1));
  for (int i = 0; i < 1000; ++i) refusals.count(Refusal::role, "vera asks to steer");
  const std::string text = file.text();
  EXPECT_EQ(std::ranges::count(text, '\n'), 1) << text;
  EXPECT_NE(text.find("vera asks to steer"), std::string::npos) << text;
}

TEST(RefusalsTest, AReasonThatIsLoudSilencesNoOther) {
  const LogFile file;
  Refusals refusals(std::chrono::hours(1));
  for (int i = 0; i < 10; ++i) refusals.count(Refusal::role, "a role");
  refusals.count(Refusal::lease, "a lease");
  EXPECT_NE(file.text().find("a lease"), std::string::npos);
}

TEST(RefusalsTest, ALineTellsHowManyThereWereSinceTheLast) {
  const LogFile file;
  Refusals refusals(Milliseconds(0));
  refusals.raise_to(Refusal::unknown_key, 3, "a key");
  EXPECT_NE(file.text().find("times=3"), std::string::npos) << file.text();
}

}  // namespace
}  // namespace swarmlab::server
