// `swarmlab context`, with a file of the test's own.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/known_swarms.h"
#include "common/keys/key_folder.h"
#include "common/os/file.h"
#include "tests/cli/command_line.h"

namespace swarmlab::cli {
namespace {

namespace fs = std::filesystem;

class ContextCommandTest : public ::testing::Test {
 protected:
  ContextCommandTest() : temp_(*TempFolder::create(::testing::TempDir(), "contexts")) {}

  [[nodiscard]] Ran context(std::vector<std::string> words) const {
    words.insert(words.begin(), "context");
    return run(words, temp_.path(), {{"HOME", temp_.path()}});
  }
  [[nodiscard]] std::string file() const {
    return temp_.path() + "/.config/swarmlab/contexts.toml";
  }
  [[nodiscard]] nlohmann::json listed() const {
    return nlohmann::json::parse(context({"list", "--json"}).out)["contexts"];
  }
  // What a command of this person means that names no coordinator.
  [[nodiscard]] std::string meant(const std::map<std::string, std::string>& environment = {},
                                  const std::string& name = "") const {
    std::ostringstream nowhere;
    Context asking{.out = nowhere, .err = nowhere, .cwd = temp_.path()};
    asking.environment = environment;
    asking.environment.emplace("HOME", temp_.path());
    asking.swarm_name = name;
    const auto chosen = chosen_swarm(asking);
    if (!chosen) return "error: " + chosen.error().message;
    return *chosen ? (*chosen)->address : "none";
  }
  void write(const std::string& text) const {
    fs::create_directories(fs::path(file()).parent_path());
    std::ofstream(file()) << text;
  }

 private:
  TempFolder temp_;
};

TEST_F(ContextCommandTest, TheFirstOneThatIsAddedIsInUse) {
  ASSERT_EQ(context({"add", "night", "--connect", "tcp://10.0.0.1:7000"}).exit_code, kDone);
  ASSERT_EQ(context({"add", "day", "--connect", "tcp://10.0.0.2:7000"}).exit_code, kDone);
  EXPECT_EQ(meant(), "tcp://10.0.0.1:7000");
  EXPECT_EQ(listed().size(), 2U);
}

TEST_F(ContextCommandTest, OnlyItsOwnerMayReadTheFile) {
  ASSERT_EQ(context({"add", "night", "--connect", "tcp://10.0.0.1:7000"}).exit_code, kDone);
  struct stat about {};
  ASSERT_EQ(::stat(file().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST_F(ContextCommandTest, UseChoosesAndLocalChoosesNone) {
  ASSERT_EQ(context({"add", "night", "--connect", "tcp://10.0.0.1:7000"}).exit_code, kDone);
  ASSERT_EQ(context({"add", "day", "--connect", "tcp://10.0.0.2:7000"}).exit_code, kDone);
  ASSERT_EQ(context({"use", "day"}).exit_code, kDone);
  EXPECT_EQ(meant(), "tcp://10.0.0.2:7000");
  ASSERT_EQ(context({"use", "local"}).exit_code, kDone);
  EXPECT_EQ(meant(), "none");
}

TEST_F(ContextCommandTest, TheFlagGoesBeforeTheVariableAndThatBeforeTheCurrentOne) {
  ASSERT_EQ(context({"add", "a", "--connect", "tcp://10.0.0.1:1"}).exit_code, kDone);
  ASSERT_EQ(context({"add", "b", "--connect", "tcp://10.0.0.2:1"}).exit_code, kDone);
  ASSERT_EQ(context({"add", "c", "--connect", "tcp://10.0.0.3:1"}).exit_code, kDone);
  EXPECT_EQ(meant({{"SWARMLAB_CONTEXT", "b"}}), "tcp://10.0.0.2:1");
  EXPECT_EQ(meant({{"SWARMLAB_CONTEXT", "b"}}, "c"), "tcp://10.0.0.3:1");
  EXPECT_EQ(meant({{"SWARMLAB_CONTEXT", "local"}}), "none");
}

TEST_F(ContextCommandTest, AnUnknownNameIsRefusedWithTheOnesThatThereAre) {
  ASSERT_EQ(context({"add", "night", "--connect", "tcp://10.0.0.1:7000"}).exit_code, kDone);
  const Ran ran = context({"use", "nihgt"});
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_NE(ran.err.find("no context nihgt; there are: night"), std::string::npos) << ran.err;
  EXPECT_NE(meant({}, "nihgt").find("no context nihgt"), std::string::npos);
}

TEST_F(ContextCommandTest, RemovingTheCurrentOneLeavesNone) {
  ASSERT_EQ(context({"add", "night", "--connect", "tcp://10.0.0.1:7000"}).exit_code, kDone);
  ASSERT_EQ(context({"remove", "night"}).exit_code, kDone);
  EXPECT_EQ(meant(), "none");
  EXPECT_EQ(listed().size(), 0U);
}

TEST_F(ContextCommandTest, NamesAddressesAndKeysAreCheckedWhenTheyAreAdded) {
  EXPECT_EQ(context({"add", "local", "--connect", "tcp://10.0.0.1:7000"}).exit_code, kFailed);
  EXPECT_EQ(context({"add", "a b", "--connect", "tcp://10.0.0.1:7000"}).exit_code, kFailed);
  EXPECT_EQ(context({"add", "night", "--connect", "10.0.0.1:7000"}).exit_code, kFailed);
  const Ran half =
      context({"add", "night", "--connect", "tcp://10.0.0.1:7000", "--key", "nowhere"});
  EXPECT_NE(half.err.find("--server-key is missing"), std::string::npos) << half.err;
  const Ran missing = context({"add", "night", "--connect", "tcp://10.0.0.1:7000", "--key",
                               "nowhere", "--server-key", "nowhere"});
  EXPECT_EQ(missing.exit_code, kFailed);
  EXPECT_FALSE(fs::exists(file())) << "nothing was written";
}

TEST_F(ContextCommandTest, AFileThatIsBrokenIsToldWithItsLine) {
  write("current = \"x\"\n[contexts.night]\nconect = \"tcp://10.0.0.1:7000\"\n");
  EXPECT_NE(meant().find("contexts.toml:3: unknown key conect"), std::string::npos) << meant();
  write("current = \"day\"\n[contexts.night]\nconnect = \"tcp://10.0.0.1:7000\"\n");
  EXPECT_NE(meant().find("current is day, which it does not hold"), std::string::npos) << meant();
  write("current = \n");
  EXPECT_NE(meant().find("contexts.toml:1: "), std::string::npos) << meant();
}

}  // namespace
}  // namespace swarmlab::cli
