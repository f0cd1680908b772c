// Keys that commands are given.
#include "cli/peer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "common/keys/key_folder.h"
#include "common/os/file.h"

namespace swarmlab::cli {
namespace {

TEST(Peer, AFileWhoseNameReadsAsAKeyIsAFile) {
  const auto folder = *TempFolder::create(std::filesystem::temp_directory_path(), "peer");
  keys::KeyFolder keys(folder.path());
  const auto made = keys.make("w", keys::Role::worker);
  ASSERT_TRUE(made) << made.error().message;
  const std::string name(keys::kKeyText, '0');
  ASSERT_TRUE(keys::SecretKey::parse(name));
  ASSERT_TRUE(keys::PublicKey::parse(name));
  std::filesystem::rename(made->file, folder.path() + "/" + name);
  std::ostringstream out;
  std::ostringstream err;
  Context context{.out = out, .err = err, .cwd = folder.path()};
  context.connect = "tcp://10.0.0.1:7000";
  context.key = name;
  context.server_key = "server.pub";
  const auto peer = chosen_peer(context);
  ASSERT_TRUE(peer) << peer.error().message;
  EXPECT_TRUE((*peer)->credentials);
  std::filesystem::remove(folder.path() + "/" + name);
  const auto typed = chosen_peer(context);
  ASSERT_FALSE(typed) << "a key on a command line";
  EXPECT_EQ(typed.error().message.find(name), std::string::npos);
}

}  // namespace
}  // namespace swarmlab::cli
