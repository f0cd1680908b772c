// `swarmlab keys` in a repository of its own.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "common/git/library.h"
#include "common/keys/key_folder.h"
#include "common/os/file.h"
#include "tests/cli/command_line.h"

namespace swarmlab::cli {
namespace {

namespace fs = std::filesystem;

class KeysTest : public ::testing::Test {
 protected:
  KeysTest() : temp_(*TempFolder::create(::testing::TempDir(), "keys")) {
    const Ran made = run({"init", "lab"}, temp_.path(), {{"PATH", "/usr/bin:/bin"}});
    EXPECT_EQ(made.exit_code, kDone) << made.err;
  }

  [[nodiscard]] Ran keys(std::vector<std::string> words) const {
    words.insert(words.begin(), "keys");
    return run(words, lab());
  }
  [[nodiscard]] fs::path lab() const { return fs::path(temp_.path()) / "lab"; }
  [[nodiscard]] fs::path file(const std::string& name) const {
    return lab() / ".swarmlab/keys" / name;
  }

 private:
  git::Library library_{{.fsync = false}};
  TempFolder temp_;
};

TEST_F(KeysTest, NewWritesTheKeyAndPrintsItsFile) {
  const Ran ran = keys({"new", "gpu-box-3", "--role", "worker"});
  ASSERT_EQ(ran.exit_code, kDone) << ran.err;
  EXPECT_EQ(fs::canonical(ran.out.substr(0, ran.out.size() - 1)),
            fs::canonical(file("gpu-box-3.key")));
  EXPECT_NE(ran.err.find("server.pub"), std::string::npos);
  struct stat about {};
  ASSERT_EQ(::stat(file("gpu-box-3.key").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  EXPECT_TRUE(fs::exists(lab() / ".swarmlab/.gitignore"));
  const auto secret = keys::read_secret_key(file("gpu-box-3.key").string());
  const auto allowed = keys::read_allowlist(file("allowed").string());
  ASSERT_TRUE(secret && allowed);
  EXPECT_EQ(allowed->find(secret->public_key().text())->role, keys::Role::worker);
  EXPECT_EQ((ran.out + ran.err).find(std::string(secret->reveal())), std::string::npos);
}

TEST_F(KeysTest, NewSaysAsJsonWhereTheKeysAre) {
  const Ran ran = keys({"new", "anna", "--role", "operator", "--json"});
  ASSERT_EQ(ran.exit_code, kDone) << ran.err;
  const auto body = nlohmann::json::parse(ran.out);
  EXPECT_EQ(body["name"], "anna");
  EXPECT_EQ(body["role"], "operator");
  const std::string path = body["file"];
  EXPECT_EQ(keys::read_secret_key(path)->public_key().text(), body["publicKey"]);
  EXPECT_TRUE(keys::read_public_key(body["serverKeyFile"]));
}

TEST_F(KeysTest, AFolderThatIsNamedNeedsNoRepository) {
  const std::string folder = lab().parent_path() / "elsewhere";
  const auto in = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "keys");
    words.insert(words.end(), {"--keys", folder});
    return run(words, "/");
  };
  const Ran made = in({"new", "w1", "--role", "worker"});
  ASSERT_EQ(made.exit_code, kDone) << made.err;
  EXPECT_EQ(made.out, folder + "/w1.key\n");
  EXPECT_TRUE(keys::KeyFolder(folder).exists());
  EXPECT_NE(in({"list"}).out.find("w1"), std::string::npos);
  EXPECT_EQ(in({"revoke", "w1"}).exit_code, kDone);
  EXPECT_NE(in({"list"}).out.find("revoked"), std::string::npos);
  EXPECT_FALSE(fs::exists(file("w1.key")));
}

TEST_F(KeysTest, NewNeedsARoleThatExists) {
  EXPECT_EQ(keys({"new", "anna"}).exit_code, kWrongUsage);
  EXPECT_EQ(keys({"new", "anna", "--role", "root"}).exit_code, kWrongUsage);
  EXPECT_FALSE(fs::exists(file("anna.key")));
}

TEST_F(KeysTest, NewRefusesATakenName) {
  ASSERT_EQ(keys({"new", "w1", "--role", "worker"}).exit_code, kDone);
  const Ran ran = keys({"new", "w1", "--role", "viewer"});
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_EQ(ran.err, "swarmlab: w1 has a key already; revoke it first\n");
}

TEST_F(KeysTest, ListShowsAllowedAndRevokedKeys) {
  ASSERT_EQ(keys({"new", "w1", "--role", "worker"}).exit_code, kDone);
  ASSERT_EQ(keys({"new", "eve", "--role", "viewer"}).exit_code, kDone);
  const Ran revoked = keys({"revoke", "eve"});
  ASSERT_EQ(revoked.exit_code, kDone) << revoked.err;
  EXPECT_FALSE(fs::exists(file("eve.key")));

  const Ran text = keys({"list"});
  EXPECT_NE(text.out.find("allowed"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("revoked 20"), std::string::npos) << text.out;
  const auto body = nlohmann::json::parse(keys({"list", "--json"}).out)["keys"];
  ASSERT_EQ(body.size(), 2U);
  EXPECT_EQ(body[0]["name"], "w1");
  EXPECT_TRUE(body[0]["revokedAt"].is_null());
  EXPECT_EQ(body[1]["role"], "viewer");
  EXPECT_TRUE(body[1]["revokedAt"].is_string());
}

TEST_F(KeysTest, ListOfNoKeysSaysHowToMakeOneAndMakesNothing) {
  const Ran ran = keys({"list"});
  EXPECT_EQ(ran.exit_code, kDone);
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("keys new"), std::string::npos);
  EXPECT_FALSE(fs::exists(file("server.key")));
}

TEST_F(KeysTest, RevokeOfNobodyFails) {
  ASSERT_EQ(keys({"new", "w1", "--role", "worker"}).exit_code, kDone);
  const Ran ran = keys({"revoke", "w2"});
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_NE(ran.err.find("no allowed key is named w2"), std::string::npos);
}

TEST_F(KeysTest, HelpOfEachWordEndsWithExamplesOfItself) {
  for (const char* word : {"new", "list", "revoke"}) {
    const Ran ran = keys({word, "--help"});
    EXPECT_EQ(ran.exit_code, kDone);
    EXPECT_NE(ran.out.find("Examples:\n  swarmlab keys " + std::string(word)), std::string::npos)
        << ran.out;
  }
}

TEST_F(KeysTest, AloneIsWrongUsage) {
  const Ran ran = keys({});
  EXPECT_EQ(ran.exit_code, kWrongUsage);
  EXPECT_NE(ran.err.find("see: swarmlab keys --help"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace swarmlab::cli
