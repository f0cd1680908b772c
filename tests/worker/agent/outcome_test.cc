#include "worker/agent/outcome.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "common/os/file.h"
#include "common/os/unique_fd.h"

namespace swarmlab::worker {
namespace {

TEST(ParseOutcome, ReadsEveryField) {
  const AgentSaid said = parse_outcome(R"({
    "hypothesis": "a larger step helps", "mechanism": "it leaves the plateau\nsooner",
    "mechanismConfirmed": true, "notes": "score 0.1 here", "ideas": ["one", "two"],
    "score": 1e9, "verdict": "keep"})");
  EXPECT_EQ(said.notes, (AgentNotes{"a larger step helps",
                                    "it leaves the plateau\nsooner",
                                    true,
                                    "score 0.1 here",
                                    {"one", "two"}}));
  EXPECT_EQ(said.warning, "");
}

TEST(ParseOutcome, NeedsNoField) {
  EXPECT_EQ(parse_outcome("{}").notes, AgentNotes{});
  EXPECT_EQ(parse_outcome("{}").warning, "");
  EXPECT_EQ(parse_outcome(R"({"hypothesis": null, "mechanism_confirmed": false})").notes,
            (AgentNotes{"", "", false, "", {}}));
}

TEST(ParseOutcome, NotesWrongTypesAndKeepsTheRest) {
  const AgentSaid said = parse_outcome(
      R"({"hypothesis": 3, "mechanism": ["x"], "mechanismConfirmed": "yes", "notes": "kept", "ideas": {"a": 1}})");
  EXPECT_EQ(said.notes, (AgentNotes{"", "", std::nullopt, "kept", {}}));
  EXPECT_EQ(said.warning,
            "outcome.json: hypothesis is a number, expected a text; mechanism is a list, expected "
            "a text; mechanismConfirmed is a text, expected true or false; ideas is an object, "
            "expected a list of texts");
}

TEST(ParseOutcome, TakesIdeasThatAreTexts) {
  const AgentSaid said = parse_outcome(R"({"ideas": ["a", 7, "", "b\nc"]})");
  EXPECT_EQ(said.notes.ideas, (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(said.warning, "outcome.json: ideas has a number, expected a list of texts");
  EXPECT_EQ(parse_outcome(R"({"ideas": "just one"})").notes.ideas,
            std::vector<std::string>{"just one"});
}

TEST(ParseOutcome, SaysWhatIsNoOutcome) {
  EXPECT_EQ(parse_outcome("").warning, "outcome.json is empty");
  EXPECT_EQ(parse_outcome(" \n").warning, "outcome.json is empty");
  EXPECT_EQ(parse_outcome("I changed the loss.").warning, "outcome.json is no JSON: not read");
  EXPECT_EQ(parse_outcome("{\"hypothesis\": \"x\"").warning, "outcome.json is no JSON: not read");
  EXPECT_EQ(parse_outcome("[]").warning, "outcome.json is no JSON object: not read");
  EXPECT_EQ(parse_outcome(std::string(200'000, '[')).warning,
            "outcome.json is no JSON object with texts: not read");
  EXPECT_EQ(parse_outcome(std::string(300'000, ' ')).warning,
            "outcome.json is larger than 256 KiB: not read");
}

TEST(ParseOutcome, ForgivesWhatAgentsWriteByHand) {
  EXPECT_EQ(parse_outcome("\xEF\xBB\xBF{\"notes\": \"x\"}").notes.notes, "x");
  EXPECT_EQ(parse_outcome("{\"notes\": \"two\nlines\"}").notes.notes, "two lines");
  EXPECT_EQ(parse_outcome("{\"notes\": \"caf\xE9\"}").notes.notes, "caf\xEF\xBF\xBD");
}

TEST(ParseOutcome, CleansTexts) {
  const AgentSaid said = parse_outcome(
      R"({"hypothesis": "line\none\u0000\u001b[31m red\u202e", "notes": "a\tb\u0007\r\nc"})");
  EXPECT_EQ(said.notes.hypothesis, "line one red");
  EXPECT_EQ(said.notes.notes, "a b\nc");
}

TEST(ParseOutcome, CutsLongTextsAndSaysSo) {
  const std::string text(100'000, 'x');
  const AgentSaid said =
      parse_outcome(fmt::format(R"({{"hypothesis": "{0}", "notes": "{0}"}})", text));
  EXPECT_EQ(said.notes.hypothesis.size(), 1000U);
  EXPECT_EQ(said.notes.notes.size(), 8000U);
  EXPECT_EQ(said.warning,
            "outcome.json: hypothesis is longer than 1000 bytes: cut; notes is longer than 8000 "
            "bytes: cut");
  std::string ideas = "\"i\"";
  for (int i = 0; i < 100; ++i) ideas += ",\"i\"";
  EXPECT_EQ(parse_outcome(fmt::format(R"({{"ideas": [{}]}})", ideas)).notes.ideas.size(), 20U);
}

TEST(ParseOutcome, NeverFailsInAnotherWay) {
  const std::string whole =
      R"({"hypothesis": "h", "mechanismConfirmed": true, "ideas": ["a", {"b": [1]}], "n": 1e9})";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    (void)parse_outcome(whole.substr(0, i));
    for (const char c : {'\0', '"', '[', '}', '9', '\xFF', '\\', '\n', '/'}) {
      std::string changed = whole;
      changed[i] = c;
      (void)parse_outcome(changed);
    }
  }
}

class ReadOutcome : public testing::Test {
 protected:
  void SetUp() override {
    auto made = TempFolder::create(testing::TempDir(), "outcome-test");
    ASSERT_TRUE(made);
    folder_ = std::make_unique<TempFolder>(std::move(*made));
    path_ = folder_->path() + "/outcome.json";
  }
  [[nodiscard]] std::string warning() const { return read_outcome(path_).warning; }

  std::unique_ptr<TempFolder> folder_;
  std::string path_;
};

TEST_F(ReadOutcome, ReadsAFile) {
  std::ofstream(path_) << R"({"notes": "from a file"})";
  EXPECT_EQ(read_outcome(path_).notes.notes, "from a file");
}

TEST_F(ReadOutcome, TakesAMissingFileForNothingToSay) {
  EXPECT_EQ(warning(), "");
}

TEST_F(ReadOutcome, FollowsNoLink) {
  const std::string secret = folder_->path() + "/secret";
  std::ofstream(secret) << R"({"notes": "secret"})";
  std::filesystem::create_symlink(secret, path_);
  EXPECT_EQ(read_outcome(path_).notes.notes, "");
  EXPECT_EQ(warning(), "outcome.json is a link: not read");
}

TEST_F(ReadOutcome, WaitsForNoFifoAndReadsNoFolderDeviceOrSocket) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(warning(), "outcome.json is no regular file: not read");
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_EQ(warning(), "outcome.json is no regular file: not read");
  std::filesystem::remove(path_);
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  ASSERT_LT(path_.size(), sizeof(address.sun_path));
  path_.copy(address.sun_path, path_.size());
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(warning(), "outcome.json is no regular file: not read");
}

TEST_F(ReadOutcome, ReadsNothingOfAHugeFile) {
  std::ofstream(path_) << "{}";
  std::filesystem::resize_file(path_, 1ULL << 40U);  // sparse
  EXPECT_EQ(warning(), "outcome.json is larger than 256 KiB: not read");
}

}  // namespace
}  // namespace swarmlab::worker
