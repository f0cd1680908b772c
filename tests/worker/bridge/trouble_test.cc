// What a bridge remembers of a provider that fails, and when it gives it up.
#include "worker/bridge/trouble.h"

#include "tests/worker/bridge/fixture.h"

namespace swarmlab::worker {
namespace {

constexpr Troubles::Patience kAtTheThird{.times = 3, .time = Milliseconds(0)};

TEST(Troubles, AreBlamedOnTheProviderByStatusAndWords) {
  EXPECT_EQ(blame_of(429, "slow down"), AgentEnd::rate_limited);
  EXPECT_EQ(blame_of(429, "You exceeded your current quota"), AgentEnd::out_of_credit);
  EXPECT_EQ(blame_of(400, "Your credit balance is too low"), AgentEnd::out_of_credit);
  EXPECT_EQ(blame_of(401, ""), AgentEnd::authentication_failed);
  EXPECT_EQ(blame_of(403, ""), AgentEnd::authentication_failed);
  EXPECT_EQ(blame_of(529, "Overloaded"), AgentEnd::unavailable);
  EXPECT_EQ(blame_of(0, "connection refused"), AgentEnd::unavailable);
  EXPECT_EQ(blame_of(400, "no such parameter"), std::nullopt);
  EXPECT_EQ(blame_of(404, "no such model"), std::nullopt);
}

TEST(Troubles, TellTheMessageOfAnError) {
  EXPECT_EQ(words_of_error(R"({"type":"error","error":{"type":"x","message":"wait"}})"), "wait");
  EXPECT_EQ(words_of_error(R"({"error":"wait"})"), "wait");
  EXPECT_EQ(words_of_error(R"({"message":"wait"})"), "wait");
  EXPECT_EQ(words_of_error("<html>no</html>"), "<html>no</html>");
}

TEST(Troubles, AreHopelessAfterSoManyInARowOverSoLong) {
  Troubles troubles({.times = 3, .time = std::chrono::seconds(10)});
  const Troubles::Instant start{};
  const auto fails_after = [&](int seconds) {
    troubles.failed(AgentEnd::unavailable, "no", {}, start + std::chrono::seconds(seconds));
    return troubles.row()->is_hopeless;
  };
  EXPECT_FALSE(fails_after(0));
  EXPECT_FALSE(fails_after(9));
  EXPECT_FALSE(fails_after(9));
  EXPECT_TRUE(fails_after(10));
  troubles.answered();
  EXPECT_FALSE(troubles.row());
  EXPECT_FALSE(fails_after(100)) << "the row begins anew";
}

class BridgeInTrouble : public testing::Test {
 protected:
  std::unique_ptr<Bridge> bridge_of(const std::string& url) {
    BridgeOptions options = options_for(url);
    options.patience = kAtTheThird;
    options.on_hopeless = [this] { ++given_up_; };
    return bridge_to(std::move(options));
  }
  std::atomic<int> given_up_ = 0;
};

TEST_F(BridgeInTrouble, GivesAProviderUpThatOnlyFails) {
  ScriptedProvider provider([](const httplib::Request&, httplib::Response& response) {
    response.status = 429;
    response.set_header("retry-after", "7");
    response.set_content(R"({"error":{"message":"slow down, says )" + std::string(kKey) + R"("}})",
                         "application/json");
  });
  const auto bridge = bridge_of(provider.url());
  for (int i = 0; i < 2; ++i) ask(*bridge, post(kMessages, "{}"));
  EXPECT_EQ(given_up_, 0);
  ask(*bridge, post(kMessages, "{}"));
  EXPECT_EQ(given_up_, 1);
  const auto trouble = bridge->end().trouble;
  ASSERT_TRUE(trouble);
  EXPECT_EQ(*trouble, (Trouble{.end = AgentEnd::rate_limited,
                               .said = "slow down, says [redacted]",
                               .retry_after = std::chrono::seconds(7),
                               .times = 3,
                               .is_hopeless = true}));
}

TEST_F(BridgeInTrouble, ForgetsItWithTheFirstAnswer) {
  std::atomic<int> requests = 0;
  ScriptedProvider provider([&](const httplib::Request&, httplib::Response& response) {
    response.status = ++requests % 3 == 0 ? 200 : 500;
    response.set_content(kAnswer, "application/json");
  });
  const auto bridge = bridge_of(provider.url());
  for (int i = 0; i < 9; ++i) ask(*bridge, post(kMessages, "{}"));
  EXPECT_EQ(given_up_, 0);
  EXPECT_FALSE(bridge->end().trouble);
}

TEST_F(BridgeInTrouble, DoesNotBlameAProviderForWhatIsWrongWithARequest) {
  ScriptedProvider provider(says(R"({"error":{"message":"no such model"}})", 404));
  const auto bridge = bridge_of(provider.url());
  for (int i = 0; i < 5; ++i) ask(*bridge, post(kMessages, "{}"));
  EXPECT_EQ(given_up_, 0);
  EXPECT_FALSE(bridge->end().trouble);
}

TEST_F(BridgeInTrouble, TellsThatNobodyIsThere) {
  std::string url;
  {
    const ScriptedProvider gone(says(kAnswer));
    url = gone.url();
  }
  const auto bridge = bridge_of(url);
  for (int i = 0; i < 3; ++i) ask(*bridge, post(kMessages, "{}"));
  EXPECT_EQ(given_up_, 1);
  EXPECT_EQ(bridge->end().trouble->end, AgentEnd::unavailable);
}

}  // namespace
}  // namespace swarmlab::worker
