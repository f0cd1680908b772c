// Settings of the daemons: flag, variable, file, default; and that the documentation has them all.
#include "cli/settings.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "common/os/file.h"
#include "tests/cli/command_line.h"

namespace swarmlab::cli {
namespace {

namespace fs = std::filesystem;

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() : folder_(*TempFolder::create(::testing::TempDir(), "settings")) {}

  std::string write(const std::string& text) {
    const std::string path = folder_.path() + "/swarmlab.toml";
    EXPECT_TRUE(write_file(path, text));
    return path;
  }
  [[nodiscard]] Ran print(const std::string& daemon, const std::string& file,
                          std::vector<std::string> flags = {},
                          const std::map<std::string, std::string>& environment = {}) const {
    std::vector<std::string> words = {daemon, "--print-config", "--config", file};
    words.insert(words.end(), flags.begin(), flags.end());
    return run(words, folder_.path(), environment);
  }
  // "VALUE  # SOURCE" of a key; empty: it is not there.
  static std::string line_of(const Ran& ran, const std::string& key) {
    std::istringstream lines(ran.out);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(key + " = ")) return line.substr(key.size() + 3);
      if (line.starts_with("# " + key + " ")) return "not set";
    }
    return {};
  }

 private:
  TempFolder folder_;
};

TEST_F(SettingsTest, TheFirstThatSaysSomethingCounts) {
  EXPECT_TRUE(line_of(print("worker", write("")), "slots").starts_with("1 "));
  const std::string file = write("[worker]\nslots = 2\n");
  const std::map<std::string, std::string> variable = {{"SWARMLAB_WORKER_SLOTS", "3"}};
  EXPECT_TRUE(line_of(print("worker", file), "slots").starts_with("2 "));
  EXPECT_TRUE(line_of(print("worker", file, {}, variable), "slots").starts_with("3 "));
  const Ran flag = print("worker", file, {"--slots", "4"}, variable);
  EXPECT_TRUE(line_of(flag, "slots").starts_with("4 "));
  EXPECT_TRUE(line_of(flag, "slots").ends_with("# --slots"));
}

TEST_F(SettingsTest, ATableOfTheDaemonGoesBeforeTheSharedOneOfTheLog) {
  const std::string file = write("[log]\nlevel = \"debug\"\n[worker]\nlog_level = \"error\"\n");
  EXPECT_TRUE(line_of(print("worker", file), "log_level").starts_with("\"error\""));
  EXPECT_TRUE(line_of(print("coordinator", file), "log_level").starts_with("\"debug\""));
}

TEST_F(SettingsTest, AnEmptyVariableSaysNothing) {
  const Ran ran = print("worker", write(""), {}, {{"SWARMLAB_WORKER_SLOTS", ""}});
  EXPECT_TRUE(line_of(ran, "slots").ends_with("# default")) << ran.out << ran.err;
}

TEST_F(SettingsTest, VariablesThatAreNoneOfOursAreLeftAlone) {
  // Kubernetes sets such ones for a service of that name.
  const Ran ran = print("worker", write(""), {}, {{"SWARMLAB_WORKER_SERVICE_HOST", "10.0.0.1"}});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
}

TEST_F(SettingsTest, ListsComeFromAFileAndFromAVariable) {
  const std::string file = write("[worker]\nexpose = [\"/a b\", \"/c\"]\n");
  EXPECT_TRUE(line_of(print("worker", file), "expose").starts_with("[\"/a b\", \"/c\"]"));
  const Ran ran = print("worker", file, {}, {{"SWARMLAB_WORKER_EXPOSE", "/x,/y"}});
  EXPECT_TRUE(line_of(ran, "expose").starts_with("[\"/x\", \"/y\"]"));
}

TEST_F(SettingsTest, ALeaseMayBeSecondsOrADuration) {
  EXPECT_TRUE(line_of(print("coordinator", write("[coordinator]\nlease_seconds = 30\n")), "lease")
                  .starts_with("\"30\""));
  EXPECT_TRUE(line_of(print("coordinator", write("[coordinator]\nlease = \"2m\"\n")), "lease")
                  .starts_with("\"2m\""));
}

TEST_F(SettingsTest, ValuesThatCannotBeAreRefusedWithWhatWasExpected) {
  const auto said = [&](const std::string& daemon, const std::string& line) {
    const Ran ran = print(daemon, write("[" + daemon + "]\n" + line + "\n"));
    EXPECT_EQ(ran.exit_code, 1) << line;
    const auto at = ran.err.find(":2: ");
    return at == std::string::npos ? ran.err : ran.err.substr(at + 4);
  };
  EXPECT_EQ(said("worker", "slots = 0"),
            "[worker] slots is 0, expected a whole number in [1 - 1024]\n");
  EXPECT_EQ(said("worker", "slots = 1.5"),
            "[worker] slots is 1.5, expected a whole number in [1 - 1024]\n");
  EXPECT_EQ(said("worker", "expose = 1"), "[worker] expose is 1, expected a list of texts\n");
  EXPECT_EQ(said("worker", "name = \"\""), "[worker] name is \"\", expected a text\n");
  EXPECT_EQ(said("worker", "once = 1"), "[worker] once is 1, expected true or false\n");
  EXPECT_EQ(said("worker", "drain_timeout = 10"),
            "[worker] drain_timeout is \"10\", expected a duration such as \"10m\", 0s to 365d, or "
            "\"unlimited\"\n");
  EXPECT_EQ(said("coordinator", "lease = \"1s\""),
            "[coordinator] lease is \"1s\", expected a duration such as \"10m\", 2s to 1h\n");
  EXPECT_EQ(said("coordinator", "max_hours = -1"),
            "[coordinator] max_hours is -1, expected a number, 0 or more\n");
  EXPECT_EQ(said("coordinator", "policy = \"best\""),
            "[coordinator] policy is \"best\", expected one of greedy, best-of-n, beam, ucb, "
            "islands\n");
  EXPECT_EQ(said("coordinator", "config = \"x\"").find("config is no known key"), 14U);
}

TEST_F(SettingsTest, AFileThatIsNoTomlIsToldWithItsLine) {
  const Ran ran = print("worker", write("[worker]\nslots = = 2\n"));
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_NE(ran.err.find("swarmlab.toml:2: not valid TOML"), std::string::npos) << ran.err;
}

TEST_F(SettingsTest, AFileThatIsNotThereIsToldByItsName) {
  const Ran ran = print("worker", "nowhere.toml");
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_NE(ran.err.find("nowhere.toml"), std::string::npos);
}

TEST_F(SettingsTest, CommandsThatAskAreToldByTheFileWhereTheCoordinatorIs) {
  const std::string file = write("[client]\nconnect = \"tcp://not an address\"\n");
  const Ran told = run({"labs"}, "/", {{"SWARMLAB_CONFIG", file}});
  EXPECT_NE(told.err.find("not an address"), std::string::npos) << told.err;
  const Ran flag = run({"labs", "--connect", "tcp://also none"}, "/", {{"SWARMLAB_CONFIG", file}});
  EXPECT_NE(flag.err.find("also none"), std::string::npos) << flag.err;
}

TEST_F(SettingsTest, AContextByFlagGoesBeforeAnAddressInTheFile) {
  const std::string file = write("[worker]\nconnect = \"tcp://127.0.0.1:1\"\n");
  EXPECT_TRUE(line_of(print("worker", file), "connect").starts_with("\"tcp://127.0.0.1:1\""));
  const Ran ran = print("worker", file, {"--context", "office"});
  EXPECT_EQ(line_of(ran, "connect"), "not set");
  EXPECT_TRUE(line_of(ran, "context").starts_with("\"office\""));
}

TEST_F(SettingsTest, AKeyThatWasTypedForItsFileIsNotShown) {
  const std::string secret = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6";  // an example of RFC 32
  const Ran ran = print("worker", write(""), {}, {{"SWARMLAB_WORKER_KEY", secret}});
  EXPECT_EQ((ran.out + ran.err).find(secret), std::string::npos) << ran.out;
}

// With SWARMLAB_REWRITE=1 the page is written instead.
TEST(SettingsReference, IsWhatTheProgramTakes) {
  constexpr std::string_view kBegin = "<!-- settings: begin -->\n\n";
  constexpr std::string_view kEnd = "\n<!-- settings: end -->";
  const std::string page =
      (fs::path(__FILE__).parent_path().parent_path().parent_path() / "docs/operations.md")
          .string();
  const auto read = read_file(page, 10U << 20U);
  ASSERT_TRUE(read) << read.error().message << ": the test runs in the folder of the build";
  std::string text = *read;
  const auto begin = text.find(kBegin);
  const auto end = text.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const auto from = begin + kBegin.size();
  if (std::getenv("SWARMLAB_REWRITE") != nullptr) {
    ASSERT_TRUE(write_file(page, text.replace(from, end - from, settings_reference())));
    return;
  }
  EXPECT_EQ(text.substr(from, end - from), settings_reference())
      << "run the test with SWARMLAB_REWRITE=1 to bring docs/operations.md up to date";
}

}  // namespace
}  // namespace swarmlab::cli
