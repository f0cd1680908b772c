// Each peer is heard its share in a turn, whatever others send.
#include "coordinator/server/turnstile.h"

#include <gtest/gtest.h>

namespace swarmlab::server {
namespace {

class TurnstileTest : public testing::Test {
 protected:
  static std::vector<net::Letter> from(const net::PeerId& peer, int count, int first = 0) {
    std::vector<net::Letter> letters;
    for (int i = first; i < first + count; ++i) {
      letters.push_back({.peer = peer, .bytes = std::to_string(i)});
    }
    return letters;
  }
  static std::vector<net::Letter> both(std::vector<net::Letter> one,
                                       const std::vector<net::Letter>& other) {
    one.insert(one.end(), other.begin(), other.end());
    return one;
  }
  std::vector<std::string> admit(Turnstile& turnstile, std::vector<net::Letter> burst) {
    std::vector<std::string> heard;
    for (const auto& letter : turnstile.admit(std::move(burst), now, refusals)) {
      heard.push_back(letter.peer + letter.bytes);
    }
    return heard;
  }

  Timestamp now{Milliseconds(1'000'000)};
  Refusals refusals;
};

using Heard = std::vector<std::string>;

TEST_F(TurnstileTest, HearsOthersInTheSameTurnAsAPeerThatFloods) {
  Turnstile turnstile({.requests = 2});
  EXPECT_EQ(admit(turnstile, both(from("a", 5), from("b", 1))), (Heard{"a0", "a1", "b0"}));
  EXPECT_TRUE(turnstile.has_waiting());
}

TEST_F(TurnstileTest, HearsWhatWaitedInOrderBeforeWhatCameLater) {
  Turnstile turnstile({.requests = 2});
  EXPECT_EQ(admit(turnstile, from("a", 3)), (Heard{"a0", "a1"}));
  EXPECT_EQ(admit(turnstile, from("a", 2, 3)), (Heard{"a2", "a3"}));
  EXPECT_EQ(admit(turnstile, {}), (Heard{"a4"}));
  EXPECT_FALSE(turnstile.has_waiting());
}

TEST_F(TurnstileTest, DropsAndCountsWhatIsMoreThanMayWait) {
  Turnstile turnstile({.requests = 1, .waiting = 2});
  EXPECT_EQ(admit(turnstile, from("a", 10)), (Heard{"a0"}));
  EXPECT_EQ(refusals.of(Refusal::flood), 7U);
  EXPECT_EQ(admit(turnstile, {}), (Heard{"a1"}));
  EXPECT_EQ(admit(turnstile, {}), (Heard{"a2"}));
  EXPECT_EQ(admit(turnstile, {}), Heard{});
}

TEST_F(TurnstileTest, KeepsABoundedNumberOfBytes) {
  Turnstile turnstile({.requests = 1, .peer_bytes = 100, .total_bytes = 150});
  const std::string text(60, 'x');
  std::vector<net::Letter> burst;
  for (const char* peer : {"a", "b", "c"}) {
    for (int i = 0; i < 3; ++i) burst.push_back({.peer = peer, .bytes = text});
  }
  EXPECT_EQ(admit(turnstile, std::move(burst)).size(), 3U);
  EXPECT_EQ(refusals.of(Refusal::flood), 4U) << "one of each peer may wait, of two peers in all";
}

TEST_F(TurnstileTest, DoesNotHearMorePeersThanItsLimitUntilOthersAreSilent) {
  Turnstile turnstile({.peers = 2, .silence = Milliseconds(60'000)});
  EXPECT_EQ(admit(turnstile, both(both(from("a", 1), from("b", 1)), from("c", 1))),
            (Heard{"a0", "b0"}));
  EXPECT_EQ(refusals.of(Refusal::peers), 1U);
  now += Milliseconds(30'000);
  EXPECT_EQ(admit(turnstile, from("a", 1, 1)), (Heard{"a1"}));
  now += Milliseconds(30'000);
  EXPECT_EQ(admit(turnstile, from("c", 1, 1)), (Heard{"c1"})) << "b was silent for a minute";
  EXPECT_EQ(turnstile.peers(), 2U);
}

}  // namespace
}  // namespace swarmlab::server
