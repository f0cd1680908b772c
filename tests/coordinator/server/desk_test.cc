// What peers may say, and what they hear.
#include "coordinator/server/desk.h"

#include <gtest/gtest.h>

#include "common/wire/lab_codec.h"
#include "tests/coordinator/server/desk_under_test.h"

namespace swarmlab::server {
namespace {

using Body = schema::Envelope::Body::Builder;

TEST(Desk, DropsBytesThatAreNoMessageAndServesTheRestOfTheBurst) {
  DeskUnderTest desk;
  std::vector<net::Letter> letters;
  letters.push_back({.peer = "bad", .bytes = "hello, I am no message"});
  letters.push_back({.peer = "bad", .bytes = ""});
  letters.push_back(DeskUnderTest::letter(DeskUnderTest::hello("w")));
  const auto answers = desk.burst(std::move(letters));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers[0].body().isWelcome());
}

TEST(Desk, AnswersToWhoAskedWithTheNumberOfTheRequest) {
  DeskUnderTest desk;
  std::vector<net::Letter> letters;
  letters.push_back(DeskUnderTest::letter(DeskUnderTest::hello("a"), 0, 11, "peer a"));
  letters.push_back(DeskUnderTest::letter(DeskUnderTest::hello("b"), 0, 12, "peer b"));
  const auto answers = desk.desk().serve(std::move(letters), false);
  ASSERT_TRUE(answers);
  ASSERT_EQ(answers->size(), 2U);
  EXPECT_EQ((*answers)[0].peer, "peer a");
  EXPECT_EQ((*answers)[1].peer, "peer b");
  const auto second = must(wire::Incoming::parse(wire::bytes_of((*answers)[1].bytes)));
  EXPECT_EQ(second.envelope().getRequestId(), 12U);
}

TEST(Desk, RefusesAMessageOfAnUnknownKind) {
  DeskUnderTest desk;
  EXPECT_EQ(error_of(desk.say([](Body body) { body.setNone(); })).code, ErrorCode::invalid_input);
}

TEST(Desk, AsksWhoeverHasNoSessionToSayHello) {
  DeskUnderTest desk;
  Report report;
  report.task = TaskId(1);
  EXPECT_TRUE(desk.say(DeskUnderTest::asking(), 4711).body().isSayHello());
  EXPECT_TRUE(desk.say([](Body body) { body.initHeartbeat(); }, 4711).body().isSayHello());
  EXPECT_TRUE(desk.say([](Body body) { body.setBye(); }, 4711).body().isSayHello());
  EXPECT_TRUE(desk.say(DeskUnderTest::chunk(report, 0, "x"), 4711).body().isSayHello());
  EXPECT_TRUE(desk.say(DeskUnderTest::delivering(report), 0).body().isSayHello());
}

TEST(Desk, EndsTheSessionOfAWorkerThatSaysHelloAgain) {
  DeskUnderTest desk;
  desk.open_lab();
  const auto first = desk.join("w");
  const auto second = desk.join("w");
  EXPECT_NE(first, second);
  EXPECT_TRUE(desk.say(DeskUnderTest::asking(), first).body().isSayHello());
  EXPECT_TRUE(desk.say(DeskUnderTest::asking(), second).body().isWorkReply());
}

TEST(Desk, RefusesAWorkerOfAnotherProtocolAndSaysWhatToDo) {
  DeskUnderTest desk;
  const auto of_protocols = [](std::uint16_t least, std::uint16_t most) {
    return [=](Body body) {
      DeskUnderTest::hello("w")(body);
      body.getHello().setProtocolMin(least);
      body.getHello().setProtocolMax(most);
    };
  };
  const auto newer =
      error_of(desk.say(of_protocols(schema::PROTOCOL_VERSION + 1, schema::PROTOCOL_VERSION + 3)));
  EXPECT_EQ(newer.code, ErrorCode::invalid_input);
  EXPECT_NE(newer.message.find("use the same release"), std::string::npos) << newer.message;
  EXPECT_EQ(error_of(desk.say(of_protocols(0, 0))).code, ErrorCode::invalid_input);
  EXPECT_TRUE(desk.say(of_protocols(1, schema::PROTOCOL_VERSION + 3)).body().isWelcome());
}

TEST(Desk, RefusesNamesThatAreNone) {
  DeskUnderTest desk;
  for (const std::string& name :
       {std::string(), std::string(101, 'a'), std::string("a b"), std::string("../x"),
        std::string("a\nb"), std::string("h\xc3\xa9llo")}) {
    EXPECT_EQ(error_of(desk.say(DeskUnderTest::hello(name))).code, ErrorCode::invalid_input)
        << name;
  }
  EXPECT_TRUE(desk.say(DeskUnderTest::hello("Host-1.slot_2")).body().isWelcome());
}

TEST(Desk, LetsAWorkerKeepWhatItHolds) {
  DeskUnderTest desk;
  desk.open_lab();
  const Assignment task = desk.given(desk.join("w"));
  const auto again = desk.say(
      DeskUnderTest::hello("w", {{task.task, task.token}, {TaskId(77), FencingToken(88)}}));
  const auto keep = again.body().getWelcome().getKeep();
  ASSERT_EQ(keep.size(), 1U);
  EXPECT_EQ(keep[0].getTask(), task.task.value());
}

TEST(Desk, SurvivesAListOfLeasesThatNobodyCanHold) {
  DeskUnderTest desk;
  desk.open_lab();
  std::vector<swarm::HeldLease> all;
  for (std::uint64_t i = 1; i <= 100'000; ++i) all.push_back({TaskId(i), FencingToken(i)});
  EXPECT_TRUE(desk.say(DeskUnderTest::hello("w", all)).body().isWelcome());
  const auto session = desk.join("w");
  const auto heard = desk.say(
      [&](Body body) {
        auto list = body.initHeartbeat().initHeld(static_cast<unsigned>(all.size()));
        for (unsigned i = 0; i < all.size(); ++i) list[i].setTask(all[i].task.value());
      },
      session);
  ASSERT_TRUE(heard.body().isHeartbeatReply());
  EXPECT_LE(heard.body().getHeartbeatReply().getDrop().size(), 10'000U);
}

TEST(Desk, TellsAWorkerWhatToDrop) {
  DeskUnderTest desk;
  const auto session = desk.join("w");
  const auto heard = desk.say(
      [](Body body) {
        auto list = body.initHeartbeat().initHeld(1);
        list[0].setTask(5);
        list[0].setToken(6);
      },
      session);
  const auto drop = heard.body().getHeartbeatReply().getDrop();
  ASSERT_EQ(drop.size(), 1U);
  EXPECT_EQ(drop[0].getTask(), 5U);
  EXPECT_EQ(drop[0].getToken(), 6U);
}

TEST(Desk, TellsOneWorkerToDrain) {
  DeskUnderTest desk;
  const auto a = desk.join("a");
  const auto b = desk.join("b");
  const auto drains = [&](std::uint64_t session) {
    const auto heard = desk.say([](Body body) { body.initHeartbeat(); }, session);
    return heard.body().getHeartbeatReply().getDrain();
  };
  EXPECT_TRUE(desk.say([](Body body) { body.setDrain("a"); }).body().isDone());
  EXPECT_TRUE(drains(a));
  EXPECT_FALSE(drains(b));
  const auto unknown = error_of(desk.say([](Body body) { body.setDrain("c"); }));
  EXPECT_EQ(unknown.code, ErrorCode::not_found);
  EXPECT_NE(unknown.message.find("expected one of: "), std::string::npos) << unknown.message;
}

TEST(Desk, GivesASlotTheSameTaskIfItAsksAgain) {
  DeskUnderTest desk;
  desk.joined_lab();
  const auto session = desk.join("v");
  const Assignment first = desk.given(session, 0);
  EXPECT_EQ(desk.given(session, 0), first);
  EXPECT_NE(desk.given(session, 1).task, first.task);
}

TEST(Desk, DoesNotTellAWorkerOfTheLeaseThatAnotherGotInTheSameBurst) {
  DeskUnderTest desk;
  desk.joined_lab();
  const auto loses = desk.join("loses");
  const auto gains = desk.join("gains");
  std::vector<net::Letter> burst;
  burst.push_back(DeskUnderTest::letter(DeskUnderTest::asking(), loses, 1, "loses"));
  burst.push_back(DeskUnderTest::letter(DeskUnderTest::hello("loses"), 0, 2, "loses"));
  burst.push_back(DeskUnderTest::letter(DeskUnderTest::asking(), gains, 3, "gains"));
  const auto answers = desk.burst(std::move(burst));
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_TRUE(answers[0].body().getWorkReply().getTask().isNothing());
  EXPECT_TRUE(answers[2].body().getWorkReply().getTask().isAssignment());
}

TEST(Desk, CountsAReportWithItsPackAndGivesTheNextTask) {
  DeskUnderTest desk;
  const auto session = desk.joined_lab();
  const Assignment task = desk.given(session);
  const Candidate made = desk.candidate(desk.task_of(task));
  const Report report = desk.scored(desk.task_of(task), 9, made);
  const std::string_view pack = made.pack;
  const auto ack = desk.say(DeskUnderTest::chunk(report, 0, pack.substr(0, 50)), session);
  EXPECT_EQ(ack.body().getChunkAck().getReceived(), 50U);
  desk.say(DeskUnderTest::chunk(report, 50, pack.substr(50)), session);

  const auto reply = desk.say(DeskUnderTest::delivering(report, pack.size(), true), session);

  const auto work = reply.body().getWorkReply();
  ASSERT_TRUE(work.getReport().isCounted());
  EXPECT_EQ(must(wire::read(work.getReport().getCounted().getVerdict())), Verdict::keep);
  ASSERT_TRUE(work.getTask().isAssignment());
  EXPECT_NE(work.getTask().getAssignment().getTask(), task.task.value());
}

TEST(Desk, CountsAReportOnceThatIsSentAgainAsItsAnswerWasLost) {
  DeskUnderTest desk;
  const auto session = desk.joined_lab();
  const Assignment task = desk.given(session);
  const Candidate made = desk.candidate(desk.task_of(task));
  const Report report = desk.scored(desk.task_of(task), 9, made);
  for (int i = 0; i < 3; ++i) {
    std::vector<net::Letter> letters;
    letters.push_back(DeskUnderTest::letter(DeskUnderTest::chunk(report, 0, made.pack), session));
    letters.push_back(
        DeskUnderTest::letter(DeskUnderTest::delivering(report, made.pack.size()), session));
    const auto answers = desk.burst(std::move(letters));
    ASSERT_EQ(answers.size(), 2U);
    // Chunks are answered in their place, whenever they were taken.
    EXPECT_EQ(answers[0].body().getChunkAck().getReceived(), made.pack.size());
    EXPECT_TRUE(answers[1].body().getWorkReply().getReport().isCounted());
  }
  EXPECT_EQ(desk.engine->state().labs.at(LabId(1)).counters.iterations, 1U);
}

TEST(Desk, AsksForThePackAgainIfSomeOfItIsMissing) {
  DeskUnderTest desk;
  const auto session = desk.joined_lab();
  const Assignment task = desk.given(session);
  const Candidate made = desk.candidate(desk.task_of(task));
  const Report report = desk.scored(desk.task_of(task), 9, made);
  desk.say(DeskUnderTest::chunk(report, 0, std::string_view(made.pack).substr(0, 10)), session);
  const auto refused =
      error_of(desk.say(DeskUnderTest::delivering(report, made.pack.size()), session));
  EXPECT_EQ(refused.code, ErrorCode::conflict);
  EXPECT_NE(refused.message.find("10 bytes of the pack arrived"), std::string::npos);
  const auto gap = error_of(desk.say(DeskUnderTest::chunk(report, 20, "x"), session));
  EXPECT_EQ(gap.code, ErrorCode::conflict);
}

TEST(Desk, IsNotConfusedByChunksThatComeWithTheirReportInOneBurst) {
  DeskUnderTest desk;
  const auto session = desk.joined_lab();
  const Assignment task = desk.given(session);
  const Candidate made = desk.candidate(desk.task_of(task));
  const Report report = desk.scored(desk.task_of(task), 9, made);
  desk.say(DeskUnderTest::chunk(report, 0, made.pack), session);
  std::vector<net::Letter> letters;
  letters.push_back(
      DeskUnderTest::letter(DeskUnderTest::delivering(report, made.pack.size()), session));
  // More of the same pack, behind the report that was to end it.
  letters.push_back(DeskUnderTest::letter(
      DeskUnderTest::chunk(report, made.pack.size(), std::string(200'000, 'x')), session));
  const auto answers = desk.burst(std::move(letters));
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(error_of(answers[0]).code, ErrorCode::conflict);
}

TEST(Desk, ForgetsAPackThatNobodyClaimedBeforeAReportCanNameIt) {
  DeskUnderTest desk;
  const auto session = desk.joined_lab();
  const Assignment task = desk.given(session);
  const Candidate made = desk.candidate(desk.task_of(task));
  const Report report = desk.scored(desk.task_of(task), 9, made);
  desk.say(DeskUnderTest::chunk(report, 0, made.pack), session);
  desk.clock.pass(std::chrono::minutes(61));
  std::vector<net::Letter> letters;
  letters.push_back(
      DeskUnderTest::letter(DeskUnderTest::delivering(report, made.pack.size()), session));
  const auto answers = desk.burst(std::move(letters), true);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(error_of(answers[0]).code, ErrorCode::conflict);
}

TEST(Desk, RefusesAReportThatMakesNoSenseAndStillGivesWork) {
  DeskUnderTest desk;
  const auto session = desk.joined_lab();
  const Assignment task = desk.given(session);
  Report report = desk.ended(desk.task_of(task), Outcome::crash);
  report.cost.usd = MicroUsd(-5);
  const auto wrong = desk.say(DeskUnderTest::delivering(report, 0, true), session);
  EXPECT_NE(std::string(wrong.body().getWorkReply().getReport().getRefused().cStr()).find("cost"),
            std::string::npos);
  EXPECT_TRUE(wrong.body().getWorkReply().getTask().isAssignment());

  const auto unreadable = desk.say(
      [&](Body body) {
        DeskUnderTest::delivering(desk.ended(desk.task_of(task), Outcome::crash), 0, true)(body);
        body.getWork().getReport().setCommit(
            kj::arrayPtr(reinterpret_cast<const kj::byte*>("short"), 5));
      },
      session);
  EXPECT_TRUE(unreadable.body().getWorkReply().getReport().isRefused());
  EXPECT_TRUE(unreadable.body().getWorkReply().getTask().isAssignment());
}

TEST(Desk, TakesReportsLaterAndGivesNothingWhileTheDiskIsFull) {
  DeskUnderTest desk;
  const auto session = desk.joined_lab();
  const Assignment task = desk.given(session);
  const Candidate made = desk.candidate(desk.task_of(task));
  const Report report = desk.scored(desk.task_of(task), 9, made);
  desk.start_on_full_disk();
  const auto hello = error_of(desk.say(DeskUnderTest::hello("w", {{task.task, task.token}})));
  EXPECT_EQ(hello.code, ErrorCode::unavailable) << "the worker tries again";

  desk.start();
  const auto back = desk.say(DeskUnderTest::hello("w", {{task.task, task.token}}));
  const auto renewed = back.body().getWelcome().getSession();
  desk.say(DeskUnderTest::chunk(report, 0, made.pack), renewed);
  const auto counted = desk.say(DeskUnderTest::delivering(report, made.pack.size()), renewed);
  EXPECT_TRUE(counted.body().getWorkReply().getReport().isCounted());
}

TEST(Desk, RefusesALabWhoseCommitItDoesNotHaveOrWhoseScopeIsNone) {
  DeskUnderTest desk;
  const auto opening = [&](const ObjectId& commit, const std::string& editable) {
    return [=](Body body) {
      auto open = body.initOpenLab();
      LabSettings settings = lab_named("lab");
      settings.artifact.editable = {editable};
      wire::write(open.initSettings(), settings);
      open.setLabCommit(wire::data_of(commit));
      open.setEvaluatorHash(wire::data_of(swarm::object(7)));
      open.setDataHash(wire::data_of(ObjectId{}));
      open.setWho("ann");
    };
  };
  EXPECT_EQ(error_of(desk.say(opening(swarm::object(1), "pipeline/**"))).code,
            ErrorCode::not_found);
  const ObjectId commit = desk.opening(lab_named("x")).segment.lab_commit;  // imports it
  EXPECT_EQ(error_of(desk.say(opening(commit, "../**"))).code, ErrorCode::invalid_input);
  const auto opened = desk.say(opening(commit, "pipeline/**"));
  ASSERT_TRUE(opened.body().isLabOpen());
  EXPECT_EQ(opened.body().getLabOpen().getLab(), 1U);
}

TEST(Desk, SteersALabByName) {
  DeskUnderTest desk;
  desk.open_lab();
  const auto wish = [&](const char* lab, schema::SetLabStatus::Wish what) {
    return desk.say([&](Body body) {
      auto to = body.initSetLabStatus();
      to.setLab(lab);
      to.setWish(what);
    });
  };
  EXPECT_TRUE(wish("lab", schema::SetLabStatus::Wish::PAUSE).body().isDone());
  EXPECT_EQ(desk.engine->state().labs.at(LabId(1)).status, swarm::LabStatus::paused);
  EXPECT_EQ(error_of(wish("other", schema::SetLabStatus::Wish::PAUSE)).code, ErrorCode::not_found);
  const auto of_the_future = static_cast<schema::SetLabStatus::Wish>(99);
  EXPECT_EQ(error_of(wish("lab", of_the_future)).code, ErrorCode::invalid_input);
  EXPECT_EQ(desk.engine->state().labs.at(LabId(1)).status, swarm::LabStatus::paused);
}

TEST(Desk, SaysSoIfAnAnswerIsMoreThanAMessageCanCarry) {
  DeskUnderTest desk;
  const auto session = desk.joined_lab();
  for (int i = 0; i < 3; ++i) {
    const Assignment task = desk.given(session);
    Report report = desk.ended(desk.task_of(task), Outcome::crash);
    report.reason = std::string(2'000'000, 'x');  // of a worker that does not cut it
    desk.say(DeskUnderTest::delivering(report), session);
  }
  const auto all = error_of(desk.say([](Body body) { body.initQuery().setResults("lab"); }));
  EXPECT_EQ(all.code, ErrorCode::invalid_input);
  EXPECT_NE(all.message.find("ask for less"), std::string::npos) << all.message;
  const auto page = desk.say([](Body body) { body.initQuery().initExperiments().setLab("lab"); });
  ASSERT_TRUE(page.body().isExperiments()) << "pages fit";
  EXPECT_TRUE(page.body().getExperiments().getMore());
}

}  // namespace
}  // namespace swarmlab::server
