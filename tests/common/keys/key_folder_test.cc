#include "common/keys/key_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "common/os/file.h"

namespace swarmlab::keys {
namespace {

constexpr Timestamp kMadeAt{std::chrono::milliseconds(1'795'254'756'000)};

class KeyFolderTest : public ::testing::Test {
 protected:
  KeyFolderTest() : temp_(*TempFolder::create(::testing::TempDir(), "keys")) {}

  static unsigned mode_of(const std::string& path) {
    struct stat about {};
    EXPECT_EQ(::stat(path.c_str(), &about), 0) << path;
    return about.st_mode & 0777U;
  }
  [[nodiscard]] std::string file(const std::string& name) const {
    return temp_.path() + "/" + name;
  }
  [[nodiscard]] std::string written(const std::string& text, mode_t mode = 0600) const {
    EXPECT_TRUE(write_file(file("some.key"), text, mode));
    return file("some.key");
  }

  TempFolder temp_;
  KeyFolder keys_{temp_.path() + "/keys"};
};

TEST_F(KeyFolderTest, IsMadeWithAServerKeyThatOnlyItsOwnerReads) {
  EXPECT_FALSE(keys_.exists());
  EXPECT_EQ(keys_.server_key().error().code, ErrorCode::not_found);
  const auto key = keys_.prepare();
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_TRUE(keys_.exists());
  EXPECT_EQ(mode_of(file("keys")), 0700U);
  EXPECT_EQ(mode_of(file("keys/server.key")), 0600U);
  EXPECT_EQ(keys_.server_key()->public_key(), *key);
  EXPECT_EQ(*read_public_key(keys_.public_file()), *key);
  EXPECT_EQ(*keys_.prepare(), *key);  // the one that is there stays
}

TEST_F(KeyFolderTest, WritesTheServersPublicKeyAgainWhenItIsMissing) {
  const PublicKey key = *keys_.prepare();
  ASSERT_EQ(::unlink(keys_.public_file().c_str()), 0);
  ASSERT_TRUE(keys_.prepare());
  EXPECT_EQ(*read_public_key(keys_.public_file()), key);
}

TEST_F(KeyFolderTest, MakesAKeyThatIsAllowed) {
  const auto made = keys_.make("w1", Role::worker);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->file, file("keys/w1.key"));
  EXPECT_EQ(mode_of(made->file), 0600U);
  EXPECT_EQ(mode_of(keys_.allowed_file()), 0600U);
  const auto secret = read_secret_key(made->file);
  ASSERT_TRUE(secret) << secret.error().message;
  EXPECT_EQ(secret->public_key(), made->holder.key);
  const auto list = keys_.allowed();
  ASSERT_TRUE(list);
  EXPECT_EQ(*list->find(made->holder.key.text()), made->holder);
}

TEST_F(KeyFolderTest, RefusesANameThatIsTakenAndLeavesItsKey) {
  const auto first = keys_.make("w1", Role::worker);
  ASSERT_TRUE(first);
  const auto second = keys_.make("w1", Role::steerer);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_EQ(read_secret_key(first->file)->public_key(), first->holder.key);
  EXPECT_EQ(keys_.allowed()->entries().size(), 1U);
}

TEST_F(KeyFolderTest, RefusesNamesThatAreNone) {
  for (const char* name : {"", "../w1", "server", "a b"}) {
    EXPECT_EQ(keys_.make(name, Role::worker).error().code, ErrorCode::invalid_input) << name;
  }
  ASSERT_TRUE(keys_.prepare());
  EXPECT_TRUE(keys_.allowed()->entries().empty());
}

TEST_F(KeyFolderTest, RevokesAKeyForGood) {
  const auto made = keys_.make("w1", Role::worker);
  ASSERT_TRUE(made);
  const auto revoked = keys_.revoke("w1", kMadeAt);
  ASSERT_TRUE(revoked) << revoked.error().message;
  EXPECT_EQ(*revoked, made->holder);
  EXPECT_EQ(::access(made->file.c_str(), F_OK), -1);
  const auto list = keys_.allowed();
  ASSERT_TRUE(list);
  EXPECT_EQ(list->find(made->holder.key.text()), nullptr);
  EXPECT_EQ(list->entries().front().revoked_at, kMadeAt);
  EXPECT_EQ(keys_.revoke("w1", kMadeAt).error().code, ErrorCode::not_found);
  ASSERT_TRUE(keys_.make("w1", Role::worker));  // the name may be used again
  EXPECT_EQ(keys_.allowed()->entries().size(), 2U);
}

TEST_F(KeyFolderTest, RevokesNothingWhereNoKeysAre) {
  EXPECT_EQ(keys_.revoke("w1", kMadeAt).error().code, ErrorCode::not_found);
}

TEST_F(KeyFolderTest, ChangesNothingWhenTheListIsBroken) {
  ASSERT_TRUE(keys_.prepare());
  ASSERT_TRUE(write_file(keys_.allowed_file(), "worker w1\n"));
  EXPECT_NE(keys_.make("w2", Role::worker).error().message.find("allowed:1: "), std::string::npos);
  EXPECT_FALSE(keys_.revoke("w1", kMadeAt));
  EXPECT_EQ(*read_file(keys_.allowed_file(), 100), "worker w1\n");
  EXPECT_EQ(::access(file("keys/w2.key").c_str(), F_OK), -1);
}

TEST_F(KeyFolderTest, LosesNoKeyWhenManyAreMadeAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back(
        [this, i] { EXPECT_TRUE(keys_.make("w" + std::to_string(i), Role::worker)); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(keys_.allowed()->entries().size(), 8U);
}

TEST_F(KeyFolderTest, RefusesASecretKeyThatOthersMayReadOrWrite) {
  const std::string secret(make_secret_key()->reveal());
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0644U}) {
    const auto key = read_secret_key(written("secret " + secret + "\n", mode));
    ASSERT_FALSE(key) << mode;
    EXPECT_EQ(key.error().code, ErrorCode::invalid_input);
    EXPECT_NE(key.error().message.find("chmod 600"), std::string::npos);
  }
  for (const mode_t mode : {0600U, 0400U, 0700U}) {
    EXPECT_TRUE(read_secret_key(written("secret " + secret + "\n", mode))) << mode;
  }
}

TEST_F(KeyFolderTest, FollowsALinkToASecretKey) {  // as Kubernetes mounts them
  const std::string secret(make_secret_key()->reveal());
  const std::string target = written("secret " + secret + "\n");
  ASSERT_EQ(::symlink(target.c_str(), file("link").c_str()), 0);
  EXPECT_TRUE(read_secret_key(file("link")));
}

TEST_F(KeyFolderTest, RefusesAFileThatHoldsNoKeyWithoutRepeatingIt) {
  const std::string secret(make_secret_key()->reveal());
  const std::vector<std::string> wrong{
      "",
      "# only a comment\n",
      secret,
      "public " + secret + "\n",
      "secret\n",
      "secret " + secret.substr(1) + "\n",
      "secret " + secret + "\nsecret " + secret + "\n",
      "secret " + secret + " more\n",
      std::string(5000, '#'),
  };
  for (const std::string& text : wrong) {
    const auto key = read_secret_key(written(text));
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error().code, ErrorCode::invalid_input);
    EXPECT_NE(key.error().message.find("some.key"), std::string::npos);
    EXPECT_EQ(key.error().message.find(secret.substr(5, 10)), std::string::npos);
  }
  EXPECT_TRUE(read_secret_key(written("# comment\n\nsecret " + secret + " \r\n")));
  EXPECT_EQ(read_secret_key(temp_.path()).error().code, ErrorCode::invalid_input);
  EXPECT_FALSE(read_public_key(written("secret " + secret + "\n")));
}

TEST_F(KeyFolderTest, WatchTellsTheListOnceForEachChange) {
  AllowlistWatch watch(keys_.allowed_file());
  EXPECT_TRUE(watch.changed()->value().entries().empty());  // nobody, at first
  EXPECT_FALSE(watch.changed()->has_value());
  ASSERT_TRUE(keys_.make("w1", Role::worker));
  EXPECT_EQ(watch.changed()->value().entries().size(), 1U);
  EXPECT_FALSE(watch.changed()->has_value());
  ASSERT_TRUE(keys_.revoke("w1", kMadeAt));
  EXPECT_EQ(watch.changed()->value().find_name("w1"), nullptr);
  ASSERT_TRUE(write_file(keys_.allowed_file(), "nonsense\n"));
  EXPECT_FALSE(watch.changed());
  EXPECT_TRUE(watch.changed().has_value());  // told once
  ASSERT_EQ(::unlink(keys_.allowed_file().c_str()), 0);
  EXPECT_TRUE(watch.changed()->value().entries().empty());
}

}  // namespace
}  // namespace swarmlab::keys
