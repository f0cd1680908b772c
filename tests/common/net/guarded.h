// A router with keys, and those who speak to it: what its tests have in common.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/net/dealer.h"
#include "tests/common/net/net_test.h"

namespace swarmlab::net {

using keys::Role;
using keys::SecretKey;

// Long enough for many handshakes with quick() to have failed.
constexpr Milliseconds kWhile{300};

class GuardedRouterTest : public NetTest {
 protected:
  GuardedRouterTest() {
    allow("w1", Role::worker, w1_);
    allow("boss", Role::steerer, boss_);
    gate_->replace(allowed_);
    auto bound = Router::bind("tcp://127.0.0.1:0", quick(), guard());
    EXPECT_TRUE(bound) << bound.error().message;
    router_ = std::make_unique<Router>(std::move(*bound));
  }

  [[nodiscard]] Guard guard() const { return {.server_key = server_, .gate = gate_}; }
  void allow(const std::string& name, Role role, const SecretKey& key) {
    ASSERT_TRUE(allowed_.add({.key = key.public_key(), .name = name, .role = role}));
  }
  void revoke(const std::string& name) {
    ASSERT_TRUE(allowed_.revoke(name, Timestamp{}));
    gate_->replace(allowed_);
  }
  [[nodiscard]] Dealer dealer(const SecretKey& own) const {
    return dealer(Credentials{.own = own, .server = server_.public_key()});
  }
  [[nodiscard]] Dealer dealer(const std::optional<Credentials>& credentials) const {
    auto connected = Dealer::connect(router_->address(), quick(), credentials);
    EXPECT_TRUE(connected) << connected.error().message;
    return std::move(*connected);
  }

  static SecretKey fresh() { return *keys::make_secret_key(); }

  const SecretKey server_ = fresh();
  const SecretKey w1_ = fresh();
  const SecretKey boss_ = fresh();
  keys::Allowlist allowed_;
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  std::unique_ptr<Router> router_;
};

inline void send(Dealer& dealer, const std::string& bytes) {
  const Deadline deadline = Deadline::after(kLong);
  while (!deadline.expired()) {
    const auto sent = dealer.send(bytes);
    ASSERT_TRUE(sent) << sent.error().message;
    if (*sent == Sent::queued) return;
    ASSERT_TRUE(dealer.receive(kLong, Until::message_or_room));
  }
  FAIL() << "there was no connection";
}

inline Letter one_letter(Router& router) {
  const auto letters = router.receive(kLong);
  EXPECT_TRUE(letters && letters->size() == 1);
  if (letters && !letters->empty()) return letters->front();
  return Letter{.peer = {}, .bytes = {}, .sender = keys::Holder{keys::PublicKey::of({}), "", {}}};
}

// Tries for a while to get a message through; true if the router got one.
inline bool gets_through(Dealer& dealer, Router& router) {
  const Deadline deadline = Deadline::after(kWhile);
  while (!deadline.expired()) {
    [[maybe_unused]] const auto sent = dealer.send("let me in");
    const auto letters = router.receive(Milliseconds(10));
    EXPECT_TRUE(letters) << letters.error().message;
    if (!letters || !letters->empty()) return true;
  }
  return false;
}

}  // namespace swarmlab::net
