#include "worker/agent/handshake.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/os/file.h"

namespace swarmlab::worker {
namespace {

class Handshake : public testing::Test {
 protected:
  void signal(const std::string& text) { std::ofstream(at(kSignalFile)) << text; }
  [[nodiscard]] std::string at(const std::string& name) const {
    return folder_.path() + "/" + name;
  }
  [[nodiscard]] std::string told() const {
    std::ifstream file(at(kToldFile));
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  TempFolder folder_ = TempFolder::create(testing::TempDir(), "handshake").value();
};

TEST_F(Handshake, IsASignalOnceTheObjectIsWhole) {
  EXPECT_FALSE(read_signal(folder_.path()));
  for (const char* part : {"", "{", R"({"action": "keep", "notes": "a)", "[1]", "7"}) {
    signal(part);
    EXPECT_FALSE(read_signal(folder_.path())) << part;
  }
  signal(R"({"action": "keep", "score": 1.5, "metrics": {}, "notes": "a larger\nstep"})");
  EXPECT_EQ(read_signal(folder_.path()), (Signal{.action = "keep", .notes = "a larger step"}));
  signal(R"({"action": "win", "notes": 7})");
  EXPECT_EQ(read_signal(folder_.path()), Signal{});
  signal("{}");
  EXPECT_EQ(read_signal(folder_.path()), Signal{});
}

TEST_F(Handshake, ReadsNothingButAFileOfItsOwn) {
  std::ofstream(at("elsewhere")) << R"({"action": "keep"})";
  std::filesystem::create_symlink(at("elsewhere"), at(kSignalFile));
  EXPECT_FALSE(read_signal(folder_.path()));
  std::filesystem::remove(at(kSignalFile));
  ASSERT_EQ(::mkfifo(at(kSignalFile).c_str(), 0600), 0);
  EXPECT_FALSE(read_signal(folder_.path()));
  std::filesystem::remove(at(kSignalFile));
  signal(R"({"notes": ")" + std::string(1U << 20U, 'x') + "\"}");
  EXPECT_FALSE(read_signal(folder_.path()));
  signal(std::string(100'000, '['));
  EXPECT_FALSE(read_signal(folder_.path()));
}

TEST_F(Handshake, TellsWhatBecameOfItAsAutoresearchLabDoes) {
  const Told told{.experiment = ExperimentNumber(7),
                  .is_decided = true,
                  .is_kept = false,
                  .verdict = "crash",
                  .score = {},
                  .metrics = {{.name = "ms", .value = 3}},
                  .reason = "exit code 1"};
  EXPECT_EQ(
      told_text(told, NextOne{.experiment = ExperimentNumber(9), .parent = "ab", .of_session = 2}),
      R"({
  "action": "discard",
  "verdict": "crash",
  "score": null,
  "metrics": {
    "ms": 3.0
  },
  "notes": "exit code 1",
  "experiment_id": "exp_007",
  "experiment": 7,
  "next": {
    "experiment": 9,
    "parent": "ab",
    "of_session": 2
  }
}
)");
  const std::string open = told_text({.experiment = ExperimentNumber(7)}, std::nullopt);
  EXPECT_EQ(open.find("action"), std::string::npos) << "nobody has decided yet";
  EXPECT_NE(open.find(R"("next": null)"), std::string::npos);
}

TEST_F(Handshake, AnswersBeforeItTakesTheSignalAway) {
  signal("{}");
  ASSERT_TRUE(answer_signal(folder_.path(), "one"));
  EXPECT_EQ(told(), "one");
  EXPECT_FALSE(std::filesystem::exists(at(kSignalFile)));
  EXPECT_TRUE(answer_signal(folder_.path(), "two")) << "an agent may have taken it away itself";
  EXPECT_EQ(told(), "two");
}

TEST_F(Handshake, WritesNowhereElseAndIsRefusedWhereSomethingIsInTheWay) {
  std::ofstream(at("elsewhere")) << "theirs";
  std::filesystem::create_symlink(at("elsewhere"), at(kToldFile));
  ASSERT_TRUE(answer_signal(folder_.path(), "ours"));
  EXPECT_EQ(told(), "ours");
  EXPECT_FALSE(std::filesystem::is_symlink(at(kToldFile)));
  EXPECT_EQ(read_file(at("elsewhere"), 100).value(), "theirs");
  std::filesystem::remove(at(kToldFile));
  std::filesystem::create_directories(at(kToldFile) + "/x");
  EXPECT_FALSE(answer_signal(folder_.path(), "ours"));
}

}  // namespace
}  // namespace swarmlab::worker
