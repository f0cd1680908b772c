// Peers of other releases at the desk.
#include <gtest/gtest.h>

#include "tests/coordinator/server/desk_under_test.h"

namespace swarmlab::server {
namespace {

using Body = schema::Envelope::Body::Builder;

wire::Incoming say_in(DeskUnderTest& desk, wire::Protocol protocol, const Fill& fill,
                      std::uint64_t session = 0) {
  wire::Outgoing message(9, session, protocol);
  fill(message.body());
  std::vector<net::Letter> letters;
  letters.push_back({.peer = "peer", .bytes = message.bytes()});
  auto answers = desk.burst(std::move(letters));
  if (answers.size() != 1) throw std::runtime_error("no answer");
  return std::move(answers.front());
}

Fill hello_of(wire::ProtocolRange range) {
  return [range](Body body) {
    DeskUnderTest::hello("w")(body);
    body.getHello().setProtocolMin(range.oldest);
    body.getHello().setProtocolMax(range.newest);
    body.getHello().initCapabilities(1).set(0, "capabilities");
  };
}

TEST(Versions, AWorkerAndTheCoordinatorSpeakTheNewestThatBothUnderstand) {
  DeskUnderTest desk;
  const wire::Protocol ours = wire::our_protocols().newest;
  const auto one_newer = static_cast<wire::Protocol>(ours + 1);
  const auto newer = say_in(desk, ours, hello_of({.oldest = 1, .newest = one_newer}));
  EXPECT_EQ(newer.body().getWelcome().getProtocol(), ours);
  EXPECT_EQ(wire::read_capabilities(newer.body().getWelcome().getCapabilities()),
            wire::our_capabilities(ours));
  const auto older = say_in(desk, 1, hello_of({.oldest = 1, .newest = 1}));
  EXPECT_EQ(older.body().getWelcome().getProtocol(), 1U);
  EXPECT_EQ(older.envelope().getVersion(), 1U);
  EXPECT_FALSE(older.body().getWelcome().hasCapabilities());
}

TEST(Versions, AWorkerOfProtocolOneWorks) {
  DeskUnderTest desk;
  desk.open_lab();
  const auto welcome = say_in(desk, 1, hello_of({.oldest = 1, .newest = 1}));
  const auto session = welcome.body().getWelcome().getSession();
  const auto given = say_in(desk, 1, DeskUnderTest::asking(), session);
  const auto assignment = must(wire::read(given.body().getWorkReply().getTask().getAssignment()));
  const Report report = desk.baseline(desk.task_of(assignment));
  const auto answer = say_in(desk, 1, DeskUnderTest::delivering(report), session);
  EXPECT_TRUE(answer.body().getWorkReply().getReport().isCounted());
}

TEST(Versions, AWorkerOfProtocolOneGetsTheBriefWithItsTaskAndANewerOneWhenItAsks) {
  DeskUnderTest desk;
  desk.joined_lab("first");
  const auto task_in = [&](wire::Protocol protocol) {
    const auto welcome = say_in(desk, protocol, hello_of({.oldest = 1, .newest = protocol}));
    const auto session = welcome.body().getWelcome().getSession();
    const auto given = say_in(desk, protocol, DeskUnderTest::asking(), session);
    return std::pair(session,
                     must(wire::read(given.body().getWorkReply().getTask().getAssignment())));
  };
  const auto [old_session, old_task] = task_in(1);
  EXPECT_NE(old_task.briefing.brief.find("# "), std::string::npos);
  EXPECT_NE(old_task.briefing.results.find("exp_"), std::string::npos);
  const auto [session, task] = task_in(2);
  EXPECT_EQ(task.briefing, Briefing{});
  const auto ask_for = [&](FencingToken token) {
    return say_in(
        desk, 2,
        [&, id = task.task](Body body) {
          auto lease = body.initBrief();
          lease.setTask(id.value());
          lease.setToken(token.value());
        },
        session);
  };
  EXPECT_EQ(wire::string_of(ask_for(task.token).body().getBriefReply().getResults()),
            old_task.briefing.results);
  EXPECT_EQ(error_of(ask_for(FencingToken(1))).code, ErrorCode::not_found)
      << "under another's token there is nothing to read";
}

TEST(Versions, EveryKindOfPeerIsRefusedWithBothRangesWhenNothingFits) {
  DeskUnderTest desk;
  const Error worker = error_of(say_in(desk, 1, hello_of({.oldest = 7, .newest = 9})));
  EXPECT_NE(worker.message.find("this worker (0.9) speaks protocol 7 to 9"), std::string::npos)
      << worker.message;
  EXPECT_NE(worker.message.find("the coordinator speaks"), std::string::npos) << worker.message;
  const auto asks = [](Body body) { body.initQuery().setLabs(); };
  const Error command_line = error_of(say_in(desk, 0, asks));
  EXPECT_EQ(command_line.code, ErrorCode::invalid_input);
  EXPECT_NE(command_line.message.find("this peer speaks protocol 0"), std::string::npos)
      << command_line.message;
}

TEST(Versions, ACommandLineOfANewerReleaseThatUnderstandsOursIsAnsweredInOurs) {
  DeskUnderTest desk;
  wire::Outgoing message(9);
  message.envelope().setVersion(77);
  message.envelope().setOldestVersion(1);
  message.body().initQuery().setLabs();
  std::vector<net::Letter> letters;
  letters.push_back({.peer = "peer", .bytes = message.bytes()});
  const auto answers = desk.burst(std::move(letters));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers[0].body().isLabs());
  EXPECT_EQ(answers[0].envelope().getVersion(), wire::our_protocols().newest);
}

}  // namespace
}  // namespace swarmlab::server
