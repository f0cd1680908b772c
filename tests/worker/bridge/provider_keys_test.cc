// Keys go where the operator of the worker said, whatever address a lab names.
#include "worker/bridge/provider_keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "common/os/file.h"

namespace swarmlab::worker {
namespace {

Provider provider(const std::string& url, bool is_default) {
  return {.name = "anthropic",
          .wire = Wire::anthropic,
          .base_url = url,
          .is_default_url = is_default,
          .key_variable = "ANTHROPIC_API_KEY"};
}

const Provider kOwn = provider("https://api.anthropic.com", true);
const Provider kOther = provider("https://models.example.org:8443/v1", false);

TEST(ProviderKeys, AreReadLineByLine) {
  const auto keys = ProviderKeys::parse(
      "# who pays\n\nanthropic  sk-1\n\thttps://models.example.org:8443/v1/\tsk-2\r\nopenai sk-3");
  ASSERT_TRUE(keys.has_value());
  EXPECT_EQ(keys->all().size(), 3);
  EXPECT_EQ(keys->key_for(kOwn, {}), "sk-1");
  EXPECT_EQ(keys->key_for(kOther, {}), "sk-2");
}

TEST(ProviderKeys, OfAProviderDoNotGoWhereALabPoints) {
  const auto keys = ProviderKeys::parse("anthropic sk-1");
  EXPECT_EQ(keys->key_for(kOther, {}), "");
  EXPECT_EQ(keys->key_for(provider("https://api.anthropic.com", false), {}), "");
}

TEST(ProviderKeys, MayComeFromTheEnvironment) {
  const std::vector<std::string> environment = {"PATH=/bin", "ANTHROPIC_API_KEY=sk-e"};
  EXPECT_EQ(ProviderKeys().key_for(kOwn, environment), "sk-e");
  EXPECT_EQ(ProviderKeys().key_for(kOwn, {"ANTHROPIC_API_KEYS=x"}), "");
  EXPECT_EQ(ProviderKeys::parse("anthropic sk-1")->key_for(kOwn, environment), "sk-1");
}

TEST(ProviderKeys, AreNeverInAMessage) {
  for (const char* text : {"anthropic", "anthropic sk-secret more", "http:// sk-secret"}) {
    const auto keys = ProviderKeys::parse(text);
    ASSERT_FALSE(keys.has_value()) << text;
    EXPECT_EQ(keys.error().message.find("secret"), std::string::npos);
    EXPECT_TRUE(keys.error().message.starts_with("line 1: "));
  }
}

TEST(ProviderKeys, AreNotReadFromAFileThatOthersMayRead) {
  std::string folder = testing::TempDir() + "/keys-test-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string file = folder + "/keys";
  ASSERT_TRUE(write_file(file, "anthropic sk-1\n", 0600).has_value());
  EXPECT_TRUE(ProviderKeys::read(file).has_value());
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  const auto keys = ProviderKeys::read(file);
  ASSERT_FALSE(keys.has_value());
  EXPECT_NE(keys.error().message.find("0600"), std::string::npos);
  EXPECT_EQ(ProviderKeys::read(folder + "/none").error().code, ErrorCode::not_found);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace swarmlab::worker
