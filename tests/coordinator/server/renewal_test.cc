// The length of leases changes while workers hold some.
#include <gtest/gtest.h>

#include "tests/coordinator/server/desk_under_test.h"

namespace swarmlab::server {
namespace {

Fill heartbeat(const Assignment& held) {
  return [task = held.task, token = held.token](schema::Envelope::Body::Builder body) {
    auto list = body.initHeartbeat().initHeld(1);
    list[0].setTask(task.value());
    list[0].setToken(token.value());
  };
}

TEST(Renewal, WorkersHearHowOftenToSendHeartbeatsAndKeepTheirLeases) {
  DeskUnderTest desk;
  const std::uint64_t session = desk.joined_lab();
  const Assignment held = desk.given(session);
  swarm::Rules shorter = desk.engine->rules();
  shorter.lease = Milliseconds(4000);
  desk.engine->set_rules(shorter);
  desk.desk().renew_sessions();

  EXPECT_TRUE(desk.say(heartbeat(held), session).body().isSayHello());
  const auto reply = desk.say(DeskUnderTest::hello("w", {{held.task, held.token}}));
  ASSERT_TRUE(reply.body().isWelcome());
  const auto welcome = reply.body().getWelcome();
  EXPECT_EQ(welcome.getLeaseMs(), 4000U);
  EXPECT_LE(welcome.getHeartbeatMs(), 1000U);
  EXPECT_EQ(welcome.getKeep().size(), 1U);
  const auto heard = desk.say(heartbeat(held), welcome.getSession());
  ASSERT_TRUE(heard.body().isHeartbeatReply());
  EXPECT_EQ(heard.body().getHeartbeatReply().getDrop().size(), 0U);
}

}  // namespace
}  // namespace swarmlab::server
