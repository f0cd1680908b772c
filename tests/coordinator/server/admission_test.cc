// Who may ask what: by the key that a message came from, whatever the message says of itself.
#include <gtest/gtest.h>

#include "tests/coordinator/server/desk_under_test.h"

namespace swarmlab::server {
namespace {

using Body = schema::Envelope::Body::Builder;
using keys::Role;

// A desk that lets in the keys of w1 and w2 (workers), vera (viewer) and otto (operator).
class Guarded : public DeskUnderTest {
 public:
  Guarded() {
    allow("w1", Role::worker);
    allow("w2", Role::worker);
    allow("vera", Role::viewer);
    allow("otto", Role::steerer);
    tell_desk();
  }

  void allow(const std::string& name, Role role) {
    const auto key = must(keys::make_secret_key()).public_key();
    EXPECT_TRUE(allowed_.add({.key = key, .name = name, .role = role}));
    holders_.insert_or_assign(name, keys::Holder{.key = key, .name = name, .role = role});
  }
  void revoke(const std::string& name) {
    EXPECT_TRUE(allowed_.revoke(name, clock.now()));
    tell_desk();
  }

  wire::Incoming say_as(const std::string& who, const Fill& fill, std::uint64_t session = 0) {
    net::Letter one = letter(fill, session, 1, "peer of " + who);
    one.sender = holders_.at(who);
    std::vector<net::Letter> letters;
    letters.push_back(std::move(one));
    auto answers = burst(std::move(letters));
    if (answers.size() != 1) throw std::runtime_error("no answer");
    return std::move(answers.front());
  }
  std::uint64_t join_as(const std::string& who, const std::string& name) {
    const auto reply = say_as(who, hello(name));
    EXPECT_TRUE(reply.body().isWelcome());
    return reply.body().getWelcome().getSession();
  }
  Assignment given_as(const std::string& who, std::uint64_t session) {
    const auto reply = say_as(who, asking(), session);
    if (!reply.body().isWorkReply() || !reply.body().getWorkReply().getTask().isAssignment())
      throw std::runtime_error("no task was given");
    return must(wire::read(reply.body().getWorkReply().getTask().getAssignment()));
  }
  // Another lab in the same swarm.
  void open_second_lab() { open_lab(lab_named("second")); }
  [[nodiscard]] const keys::Holder& holder(const std::string& name) const {
    return holders_.at(name);
  }
  [[nodiscard]] std::uint64_t refused(Refusal reason) { return desk().refusals().of(reason); }

 private:
  void tell_desk() { desk().admit_only(std::make_shared<const keys::Allowlist>(allowed_)); }

  keys::Allowlist allowed_;
  std::map<std::string, keys::Holder> holders_;
};

Fill pausing(const std::string& lab = "lab") {
  return [lab](Body body) {
    auto wish = body.initSetLabStatus();
    wish.setLab(lab);
    wish.setWish(schema::SetLabStatus::Wish::PAUSE);
  };
}
Fill status() {
  return [](Body body) { body.initQuery().setStatus(); };
}
Fill fetching(LabId lab, const ObjectId& commit) {
  return [=](Body body) {
    auto fetch = body.initFetch();
    fetch.setLab(lab.value());
    fetch.initWanted(1).set(0, wire::data_of(commit));
  };
}
Fill checking(LabId lab, const ObjectId& tree) {
  return [=](Body body) {
    auto check = body.initTreeCheck();
    check.setLab(lab.value());
    check.setTree(wire::data_of(tree));
  };
}

TEST(Admission, AWorkersKeyNeitherLooksNorSteers) {
  Guarded desk;
  desk.open_lab();
  const auto session = desk.join_as("w1", "w1");
  const std::vector<Fill> foreign{
      status(),
      pausing(),
      [](Body body) { body.initOpenLab(); },
      [](Body body) { body.initBranchLab(); },
      [](Body body) { body.initPutCommit(); },
      [](Body body) { body.setDrain("w1"); },
      [](Body body) { body.initPackChunk(); },  // of a lab that is to be opened
      [](Body body) { body.initQuery().initEvents(); },
  };
  for (const Fill& fill : foreign) {
    const Error error = error_of(desk.say_as("w1", fill, session));
    EXPECT_EQ(error.code, ErrorCode::invalid_input);
    EXPECT_NE(error.message.find("the key of w1 is a worker's"), std::string::npos)
        << error.message;
  }
  EXPECT_EQ(desk.refused(Refusal::role), foreign.size());
  EXPECT_EQ(desk.engine->state().labs.at(LabId(1)).status, swarm::LabStatus::running);
}

TEST(Admission, AViewersKeyLooksOnly) {
  Guarded desk;
  desk.open_lab();
  EXPECT_TRUE(desk.say_as("vera", status()).body().isStatus());
  for (const Fill& fill :
       {pausing(), DeskUnderTest::hello("vera"), DeskUnderTest::asking(),
        Fill([](Body body) { body.setBye(); }), fetching(LabId(1), desk.lab.base())}) {
    EXPECT_EQ(error_of(desk.say_as("vera", fill)).code, ErrorCode::invalid_input);
  }
  EXPECT_EQ(desk.refused(Refusal::role), 5U);
  EXPECT_TRUE(desk.engine->state().workers.empty());
}

TEST(Admission, AnOperatorsKeyLooksAndSteersAndTakesNoTasks) {
  Guarded desk;
  desk.open_lab();
  EXPECT_TRUE(desk.say_as("otto", status()).body().isStatus());
  EXPECT_TRUE(desk.say_as("otto", pausing()).body().isDone());
  EXPECT_EQ(desk.engine->state().labs.at(LabId(1)).status, swarm::LabStatus::paused);
  EXPECT_EQ(error_of(desk.say_as("otto", DeskUnderTest::hello("otto"))).code,
            ErrorCode::invalid_input);
}

TEST(Admission, AMessageWithoutAKeyIsRefusedWhateverItAsks) {
  Guarded desk;
  desk.open_lab();
  for (const Fill& fill : {status(), pausing(), DeskUnderTest::hello("w")}) {
    EXPECT_EQ(error_of(desk.say(fill)).code, ErrorCode::invalid_input);
  }
  EXPECT_EQ(desk.refused(Refusal::unknown_key), 3U);
}

TEST(Admission, ASessionIsOfTheKeyThatSaidHello) {
  Guarded desk;
  desk.open_lab();
  const auto session = desk.join_as("w1", "w1");
  desk.given_as("w1", session);
  for (const Fill& fill :
       {DeskUnderTest::asking(), Fill([](Body body) { body.initHeartbeat(); }),
        Fill([](Body body) { body.setBye(); }), fetching(LabId(1), desk.lab.base())}) {
    EXPECT_EQ(error_of(desk.say_as("w2", fill, session)).code, ErrorCode::invalid_input);
  }
  EXPECT_EQ(desk.refused(Refusal::session), 4U);
  const auto heard = desk.say_as(
      "w1", [](Body body) { body.initHeartbeat(); }, session);
  EXPECT_TRUE(heard.body().isHeartbeatReply()) << "its owner did not notice";
}

TEST(Admission, TheNameOfALivingWorkerIsNotGivenToAnotherKey) {
  Guarded desk;
  desk.open_lab();
  const auto session = desk.join_as("w1", "gpu-box");
  const Error error = error_of(desk.say_as("w2", DeskUnderTest::hello("gpu-box")));
  EXPECT_EQ(error.code, ErrorCode::conflict);
  EXPECT_NE(error.message.find("--name"), std::string::npos) << error.message;
  EXPECT_EQ(desk.refused(Refusal::worker_name), 1U);
  desk.given_as("w1", session);
}

TEST(Admission, ANameWithLeasesIsKeptForItsKeyOverSilenceAndRestart) {
  Guarded desk;
  desk.open_lab();
  const Assignment task = desk.given_as("w1", desk.join_as("w1", "gpu-box"));
  desk.clock.pass(desk.rules.worker_silence * 2);
  EXPECT_EQ(error_of(desk.say_as("w2", DeskUnderTest::hello("gpu-box"))).code, ErrorCode::conflict);
  desk.start();
  desk.revoke("vera");  // the desk of the new life learns the list
  EXPECT_EQ(
      error_of(desk.say_as("w2", DeskUnderTest::hello("gpu-box", {{task.task, task.token}}))).code,
      ErrorCode::conflict)
      << "it would get what another began";
  const auto back = desk.say_as("w1", DeskUnderTest::hello("gpu-box", {{task.task, task.token}}));
  EXPECT_EQ(back.body().getWelcome().getKeep().size(), 1U);
}

TEST(Admission, ANameIsFreeWhenItsWorkerIsGoneOrItsKeyIsRevoked) {
  Guarded desk;
  desk.open_lab();
  desk.join_as("w1", "a");
  desk.join_as("w1", "b");
  desk.clock.pass(desk.rules.worker_silence);
  desk.join_as("w2", "a");
  desk.join_as("w1", "c");
  desk.revoke("w1");
  desk.join_as("w2", "c");
}

TEST(Admission, AWorkerFetchesOnlyWhatATaskOfItsOwnNeeds) {
  Guarded desk;
  desk.open_lab();
  const auto w1 = desk.join_as("w1", "w1");
  const auto w2 = desk.join_as("w2", "w2");
  const Assignment task = desk.given_as("w1", w1);
  EXPECT_TRUE(desk.say_as("w1", fetching(task.lab, task.parent_commit), w1).body().isFetchReply());
  EXPECT_EQ(error_of(desk.say_as("w2", fetching(task.lab, task.parent_commit), w2)).code,
            ErrorCode::conflict)
      << "it has no lease";
  const auto foreign = desk.lab.candidate(desk.lab.base(), "pipeline/solve.py", "print(7)\n");
  EXPECT_TRUE(desk.engine->objects().take_in(foreign.pack, foreign.commit));
  EXPECT_EQ(error_of(desk.say_as("w1", fetching(task.lab, foreign.commit), w1)).code,
            ErrorCode::conflict)
      << "its task does not start from there";
  EXPECT_EQ(desk.refused(Refusal::lease), 2U);
}

TEST(Admission, AViewerFetchesWhatACandidateChangedAndNothingElse) {
  Guarded desk;
  desk.open_lab();
  const auto w1 = desk.join_as("w1", "w1");
  desk.say_as("w1", DeskUnderTest::delivering(desk.baseline(desk.task_of(desk.given_as("w1", w1)))),
              w1);
  const swarm::Task task = desk.task_of(desk.given_as("w1", w1));
  const Candidate made = desk.candidate(task);
  const Report report = desk.scored(task, 5, made);
  desk.say_as("w1", DeskUnderTest::chunk(report, 0, made.pack), w1);
  desk.say_as("w1", DeskUnderTest::delivering(report, made.pack.size()), w1);
  const auto candidate = [](std::uint64_t number) {
    return [number](Body body) {
      auto fetch = body.initFetch();
      fetch.setLabName("lab");
      fetch.setExperiment(number);
    };
  };
  const auto offer = desk.say_as("vera", candidate(2));
  ASSERT_TRUE(offer.body().isFetchReply());
  const auto transfer = offer.body().getFetchReply().getTransfer();
  const auto reading = [&](Body body) { body.initFetchChunk().setTransfer(transfer); };
  const auto piece = desk.say_as("vera", reading);
  const auto chars = piece.body().getFetchData().getData().asChars();
  const std::string_view pack(chars.begin(), chars.size());
  auto elsewhere = must(git::Repository::init_bare(desk.folder.path() / "elsewhere.git"));
  EXPECT_EQ(git::index_pack(elsewhere, pack, made.commit).error().code, ErrorCode::invalid_input)
      << "what did not change is not in it";
  const auto user = must(git::Repository::open(desk.lab.path().string()));
  ASSERT_TRUE(git::copy_commit(user, desk.lab.base(), elsewhere));
  EXPECT_TRUE(git::index_pack(elsewhere, pack, made.commit));
  EXPECT_EQ(error_of(desk.say_as("vera", candidate(1))).code, ErrorCode::not_found)
      << "the lab's own commit";
  EXPECT_EQ(error_of(desk.say_as("vera", candidate(9))).code, ErrorCode::not_found);
  EXPECT_EQ(error_of(desk.say_as("otto", reading)).code, ErrorCode::conflict) << "vera's";
  EXPECT_EQ(error_of(desk.say_as("w1", candidate(2), w1)).code, ErrorCode::invalid_input);
}

TEST(Admission, AWorkerAsksForTreesOnlyOfALabThatItWorksFor) {
  Guarded desk;
  desk.open_lab();
  desk.open_second_lab();
  const auto session = desk.join_as("w1", "w1");
  const Assignment task = desk.given_as("w1", session);
  const LabId other(task.lab == LabId(1) ? 2U : 1U);
  const ObjectId tree = must(desk.engine->objects().tree_of(desk.lab.base()));
  EXPECT_TRUE(desk.say_as("w1", checking(task.lab, tree), session).body().isTreeReply());
  EXPECT_EQ(error_of(desk.say_as("w1", checking(other, tree), session)).code, ErrorCode::conflict);
}

TEST(Admission, APackBelongsToWhoHoldsTheLease) {
  Guarded desk;
  desk.open_lab();
  const auto w1 = desk.join_as("w1", "w1");
  const auto w2 = desk.join_as("w2", "w2");
  const Assignment task = desk.given_as("w1", w1);
  Report report;
  report.task = task.task;
  report.token = task.token;
  EXPECT_EQ(error_of(desk.say_as("w2", DeskUnderTest::chunk(report, 0, "evil"), w2)).code,
            ErrorCode::invalid_input);
  report.token = FencingToken(task.token.value() + 1);
  EXPECT_EQ(error_of(desk.say_as("w2", DeskUnderTest::chunk(report, 0, "evil"), w2)).code,
            ErrorCode::invalid_input)
      << "a token that will be somebody's";
  report.token = task.token;
  const auto own = desk.say_as("w1", DeskUnderTest::chunk(report, 0, "good"), w1);
  EXPECT_EQ(own.body().getChunkAck().getReceived(), 4U);
  EXPECT_EQ(desk.refused(Refusal::transfer), 2U);
}

TEST(Admission, AReportUnderTheLeaseOfAnotherCountsForNothing) {
  Guarded desk;
  desk.open_lab();
  const Assignment task = desk.given_as("w1", desk.join_as("w1", "w1"));
  const Report forged = desk.baseline(desk.task_of(task), 1e9);
  const auto reply = desk.say_as("w2", DeskUnderTest::delivering(forged), desk.join_as("w2", "w2"));
  EXPECT_TRUE(reply.body().getWorkReply().getReport().isStale());
  EXPECT_TRUE(desk.engine->state().tasks.contains(task.task)) << "it runs on";
}

TEST(Admission, ATransferIsReadByWhoFetchedIt) {
  Guarded desk;
  desk.open_lab();
  const auto w1 = desk.join_as("w1", "w1");
  const auto w2 = desk.join_as("w2", "w2");
  const Assignment task = desk.given_as("w1", w1);
  const auto offer = desk.say_as("w1", fetching(task.lab, task.parent_commit), w1);
  const auto transfer = offer.body().getFetchReply().getTransfer();
  const Fill reading = [=](Body body) { body.initFetchChunk().setTransfer(transfer); };
  EXPECT_EQ(error_of(desk.say_as("w2", reading, w2)).code, ErrorCode::conflict);
  EXPECT_EQ(desk.refused(Refusal::transfer), 1U);
  EXPECT_TRUE(desk.say_as("w1", reading, w1).body().isFetchData());
}

TEST(Admission, ARevokedKeyLosesItsSessionAndItsLeases) {
  Guarded desk;
  desk.open_lab();
  const auto w1 = desk.join_as("w1", "w1");
  const auto w2 = desk.join_as("w2", "w2");
  const Assignment task = desk.given_as("w1", w1);
  desk.revoke("w1");
  EXPECT_TRUE(desk.burst({}, true).empty());
  EXPECT_FALSE(desk.task_of(task).lease) << "others get its work at once";
  EXPECT_EQ(desk.given_as("w2", w2).task, task.task);
  EXPECT_EQ(error_of(desk.say_as("w1", DeskUnderTest::asking(), w1)).code,
            ErrorCode::invalid_input);
  EXPECT_EQ(desk.refused(Refusal::revoked_key), 1U);
}

TEST(Admission, WhatARevokedKeyWaitsForIsDropped) {
  Guarded desk;
  desk.open_lab();
  net::Letter waits = DeskUnderTest::letter(
      [&](Body body) {
        auto events = body.initQuery().initEvents();
        events.setAfter(desk.engine->store().last_sequence().value());
        events.setWaitMs(20'000);
      },
      0, 7, "watcher");
  waits.sender = desk.holder("vera");
  std::vector<net::Letter> letters;
  letters.push_back(std::move(waits));
  EXPECT_TRUE(desk.burst(std::move(letters)).empty());
  desk.revoke("vera");
  desk.join_as("w1", "w1");  // an event
  EXPECT_FALSE(desk.desk().time_to_due()) << "nobody waits any more";
}

TEST(Admission, StatusTellsWhatWasRefused) {
  Guarded desk;
  desk.open_lab();
  EXPECT_EQ(desk.say_as("vera", status()).body().getStatus().getRefused().size(), 0U);
  (void)desk.say_as("vera", pausing());
  (void)desk.say_as("vera", pausing());
  const auto reply = desk.say_as("vera", status());
  const auto refused = reply.body().getStatus().getRefused();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_STREQ(refused[0].getReason().cStr(), "role");
  EXPECT_EQ(refused[0].getCount(), 2);
}

}  // namespace
}  // namespace swarmlab::server
