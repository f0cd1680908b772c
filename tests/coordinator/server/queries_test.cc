// What can be asked of a swarm, whether a coordinator runs or not.
#include "coordinator/server/queries.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/wire/message_codec.h"
#include "tests/coordinator/server/coordinator_under_test.h"

namespace swarmlab::server {
namespace {

using Fill = std::function<void(schema::Query::Builder)>;

class Queries : public testing::Test {
 protected:
  Queries() : store(store::open_store(folder.store())), swarm(store) {}

  // The answer, or its error.
  Result<wire::Incoming> ask(const Fill& fill, const store::ObjectStore* objects = nullptr) {
    EXPECT_TRUE(swarm.commit());
    wire::Outgoing query(0);
    fill(query.body().initQuery());
    wire::Outgoing reply(0);
    const Source source{swarm.state, store, objects, answerer};
    SWARMLAB_CHECK(answer(source, query.body().getQuery().asReader(), swarm.now, reply.body()));
    return wire::Incoming::parse(wire::bytes_of(reply.bytes()));
  }
  Result<wire::Incoming> page(std::uint64_t after, std::uint32_t limit,
                              const std::string& verdict = {}) {
    return ask([&](schema::Query::Builder query) {
      auto experiments = query.initExperiments();
      experiments.setLab("lab");
      experiments.setAfter(after);
      experiments.setLimit(limit);
      experiments.setVerdict(verdict);
    });
  }
  // All pages put together: the numbers.
  std::vector<std::uint32_t> all(std::uint32_t limit, const std::string& verdict = {}) {
    std::vector<std::uint32_t> numbers;
    for (bool more = true; more;) {
      const auto reply = page(numbers.empty() ? 0 : numbers.back(), limit, verdict);
      if (!reply) {
        ADD_FAILURE() << reply.error().message;
        return numbers;
      }
      const auto list = reply->body().getExperiments();
      for (const auto view : list.getExperiments()) numbers.push_back(view.getNumber());
      more = list.getMore();
      if (more && list.getExperiments().size() == 0) {
        ADD_FAILURE() << "an empty page says that there is more";
        return numbers;
      }
    }
    return numbers;
  }
  Result<wire::Incoming> show(std::uint64_t number, const std::string& lab = "lab") {
    return ask([&](schema::Query::Builder query) {
      query.initShow().setLab(lab);
      query.getShow().setNumber(number);
    });
  }
  void expect_unknown_lab(const Result<wire::Incoming>& reply) {
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::not_found);
    EXPECT_EQ(reply.error().message, "no lab other here, expected one of: lab");
  }
  // A swarm of one lab: baseline 10, then these scores.
  void run(const std::vector<double>& scores) {
    LabSettings settings = swarm::settings_named("lab");
    settings.stop.max_iterations = 0;
    swarm.start(settings);
    for (const double score : scores) swarm.run(score);
  }

  store::Folder folder;
  store::Store store;
  store::StoredSwarm swarm;
  Answerer answerer{.version = "1.2", .address = "ipc:///x", .started_at = {}, .store = "/store"};
};

TEST_F(Queries, SayThatNothingWasRunYet) {
  const auto none = ask([](schema::Query::Builder query) { query.setBest("lab"); });
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "no lab was run here yet");
  const auto labs = ask([](schema::Query::Builder query) { query.setLabs(); });
  EXPECT_EQ(labs->body().getLabs().getLabs().size(), 0U);
}

TEST_F(Queries, OfALabThatIsNotThereNameThoseThatAre) {
  run({});
  expect_unknown_lab(show(1, "other"));
  expect_unknown_lab(ask([](schema::Query::Builder query) { query.setBest("other"); }));
  expect_unknown_lab(ask([](schema::Query::Builder query) { query.setFrontier("other"); }));
  expect_unknown_lab(ask([](schema::Query::Builder query) { query.setResults("other"); }));
  expect_unknown_lab(
      ask([](schema::Query::Builder query) { query.initExperiments().setLab("other"); }));
}

TEST_F(Queries, StatusShowsLabsWorkersAndWhoAnswers) {
  run({9, 11});
  swarm.work_for("w");
  swarm.pass(std::chrono::seconds(4));
  const auto reply = ask([](schema::Query::Builder query) { query.setStatus(); });
  const auto status = reply->body().getStatus();
  ASSERT_EQ(status.getLabs().size(), 1U);
  const auto lab = status.getLabs()[0];
  EXPECT_STREQ(lab.getName().cStr(), "lab");
  EXPECT_STREQ(lab.getState().cStr(), "running");
  EXPECT_EQ(lab.getExperiments(), 3U);
  EXPECT_EQ(lab.getIterations(), 2U);
  EXPECT_EQ(lab.getKept(), 2U);
  EXPECT_EQ(lab.getBest().getValue(), 9);
  EXPECT_EQ(lab.getBestExperiment().getValue(), 2U);
  EXPECT_EQ(lab.getBaseline().getValue(), 10);
  EXPECT_EQ(lab.getRunning(), 1U);
  ASSERT_EQ(status.getWorkers().size(), 1U);
  const auto worker = status.getWorkers()[0];
  EXPECT_STREQ(worker.getName().cStr(), "w");
  EXPECT_STREQ(worker.getState().cStr(), "ready");
  EXPECT_EQ(worker.getBusy(), 1U);
  EXPECT_EQ(worker.getLastSeenSecondsAgo().getValue(), 4);
  EXPECT_TRUE(status.getCoordinator().getRunning());
  EXPECT_STREQ(status.getCoordinator().getAddress().cStr(), "ipc:///x");
}

TEST_F(Queries, StatusTellsHowAWorkerIs) {
  run({});
  const auto state_of = [&] {
    const auto reply = ask([](schema::Query::Builder query) { query.setStatus(); });
    return std::string(reply->body().getStatus().getWorkers()[0].getState().cStr());
  };
  swarm.pass(std::chrono::seconds(16));
  EXPECT_EQ(state_of(), "silent");
  swarm.tell(swarm::Heartbeat{
      .worker = WorkerName("w"), .session = swarm.sessions["w"], .held = {}, .leaving = true});
  EXPECT_EQ(state_of(), "leaving");
  swarm.tell(swarm::WorkerLeft{.worker = WorkerName("w"), .session = swarm.sessions["w"]});
  EXPECT_EQ(state_of(), "gone");
}

TEST_F(Queries, StatusOfAStoreSaysThatNoCoordinatorRuns) {
  answerer.address.clear();
  const auto reply = ask([](schema::Query::Builder query) { query.setStatus(); });
  const auto coordinator = reply->body().getStatus().getCoordinator();
  EXPECT_FALSE(coordinator.getRunning());
  EXPECT_STREQ(coordinator.getStore().cStr(), "/store");
  EXPECT_EQ(coordinator.getPid(), 0U);
}

TEST_F(Queries, ExperimentsComeInPagesByNumber) {
  run({9, 11, 8, 12, 7});
  const auto first = page(0, 4);
  ASSERT_TRUE(first);
  const auto list = first->body().getExperiments();
  ASSERT_EQ(list.getExperiments().size(), 4U);
  EXPECT_EQ(list.getExperiments()[0].getNumber(), 1U);
  EXPECT_STREQ(list.getExperiments()[0].getKind().cStr(), "baseline");
  EXPECT_STREQ(list.getExperiments()[1].getVerdict().cStr(), "keep");
  EXPECT_TRUE(list.getMore());
  const auto rest = page(4, 4);
  EXPECT_EQ(rest->body().getExperiments().getExperiments().size(), 2U);
  EXPECT_FALSE(rest->body().getExperiments().getMore());
  for (std::uint32_t limit = 0; limit <= 7; ++limit)
    EXPECT_EQ(all(limit), (std::vector<std::uint32_t>{1, 2, 3, 4, 5, 6})) << limit;
}

TEST_F(Queries, OfOneVerdictMissNoneWhateverThePagesAre) {
  run({9, 11, 8, 12, 13, 7, 6, 5});  // keeps: 1, 2, 4, 7, 8, 9
  for (std::uint32_t limit = 1; limit <= 10; ++limit) {
    EXPECT_EQ(all(limit, "keep"), (std::vector<std::uint32_t>{1, 2, 4, 7, 8, 9})) << limit;
    EXPECT_EQ(all(limit, "discard"), (std::vector<std::uint32_t>{3, 5, 6})) << limit;
    EXPECT_EQ(all(limit, "crash"), std::vector<std::uint32_t>{}) << limit;
  }
}

TEST_F(Queries, OfAVerdictThatIsNoneAreRefused) {
  run({});
  const auto reply = page(0, 0, "brilliant");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::invalid_input);
}

TEST_F(Queries, KeepPagesBelowWhatAMessageCanCarry) {
  run({});
  constexpr std::uint32_t kMany = 60;
  for (std::uint32_t i = 0; i < kMany; ++i) {
    Report report = swarm.ended(swarm.work_for("w"), Outcome::crash);
    report.reason = std::string(100'000, 'x');
    report.notes.notes = std::string(100'000, 'y');
    swarm.counted("w", report);
  }
  const auto first = page(0, 0);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(first->body().getExperiments().getMore());
  EXPECT_EQ(all(0).size(), kMany + 1);

  std::uint64_t after = 0;
  std::size_t told = 0;
  while (true) {
    const auto reply =
        ask([&](schema::Query::Builder query) { query.initEvents().setAfter(after); });
    ASSERT_TRUE(reply) << reply.error().message;
    const auto events = reply->body().getEvents();
    if (events.getEvents().size() == 0) break;
    told += events.getEvents().size();
    after = static_cast<std::uint64_t>(events.getLast());
  }
  EXPECT_EQ(told, store.last_sequence().value()) << "none is left out";
}

TEST_F(Queries, ShowWhatRunsNow) {
  run({9});
  const auto task = swarm.work_for("w");
  const auto reply = page(0, 0, "running");
  const auto list = reply->body().getExperiments().getExperiments();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].getNumber(), task.experiment.value());
  EXPECT_STREQ(list[0].getVerdict().cStr(), "running");
  EXPECT_STREQ(list[0].getWorker().cStr(), "w");
  EXPECT_TRUE(list[0].getEndedAt().isNone());

  const auto detail = show(task.experiment.value());
  EXPECT_STREQ(detail->body().getExperiment().getExperiment().getReason().cStr(), "it runs");
  swarm.arrive("w");  // lost: it waits
  const auto waits = show(task.experiment.value());
  EXPECT_STREQ(waits->body().getExperiment().getExperiment().getReason().cStr(),
               "it waits for a worker");
  EXPECT_EQ(page(0, 0, "running")->body().getExperiments().getExperiments().size(), 0U);
}

TEST_F(Queries, ShowAnExperimentWithItsTexts) {
  run({});
  const auto task = swarm.work_for("w");
  auto report = swarm.scored(task, 9);
  report.notes = {.hypothesis = "halve it",
                  .mechanism = "steps",
                  .mechanism_confirmed = true,
                  .notes = "n",
                  .ideas = {"more"}};
  report.cost = {.usd = MicroUsd(1'500'000), .input_tokens = 10, .output_tokens = 20};
  swarm.counted("w", report);
  store::AttachmentsOf texts{.lab = LabId(1), .number = task.experiment, .attachments = {}};
  texts.attachments.agent_log = "agent";
  texts.attachments.guard_log = "guard";
  texts.attachments.evaluator_log = "evaluator";
  texts.attachments.samples = {
      {.id = "s1", .score = 0.5, .error = "", .extra = "{\"a\": 1}"},
      {.id = "s2", .score = std::numeric_limits<double>::quiet_NaN(), .error = "bad", .extra = ""}};
  texts.attachments.transcript = {{.kind = StepKind::tool,
                                   .at = Milliseconds(1200),
                                   .tool = "Bash",
                                   .text = "ls",
                                   .result = "AGENT.md",
                                   .took = Milliseconds(30)},
                                  {.kind = StepKind::words, .text = "Done.", .output_tokens = 5}};
  store::AttachmentsOf parents{.lab = LabId(1), .number = ExperimentNumber(1), .attachments = {}};
  parents.attachments.samples = {{.id = "s1", .score = 0.25, .error = "", .extra = ""},
                                 {.id = "s2", .score = 1, .error = "", .extra = ""}};
  ASSERT_TRUE(swarm.commit({texts, parents}));

  const auto reply = show(task.experiment.value());
  ASSERT_TRUE(reply) << reply.error().message;
  const auto detail = reply->body().getExperiment();
  const auto view = detail.getExperiment();
  EXPECT_STREQ(view.getHypothesis().cStr(), "halve it");
  EXPECT_TRUE(view.getMechanismConfirmed().getValue());
  EXPECT_EQ(view.getIdeas().size(), 1U);
  EXPECT_EQ(view.getCostUsd(), 1.5);
  EXPECT_EQ(view.getParent().getValue(), 1U);
  EXPECT_TRUE(view.getIsBest());
  EXPECT_EQ(view.getScore().getValue(), 9);
  EXPECT_EQ(view.getMeasurements().size(), 1U);
  EXPECT_STREQ(detail.getAgentLog().cStr(), "agent");
  EXPECT_STREQ(detail.getGuardLog().cStr(), "guard");
  EXPECT_STREQ(detail.getEvaluatorLog().cStr(), "evaluator");
  ASSERT_EQ(detail.getSamples().size(), 2U);
  EXPECT_EQ(detail.getSamples()[0].getScore().getValue(), 0.5);
  EXPECT_TRUE(detail.getSamples()[1].getScore().isNone());
  const auto steps = detail.getTranscript();
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_STREQ(steps[0].getKind().cStr(), "tool");
  EXPECT_STREQ(steps[0].getResult().cStr(), "AGENT.md");
  EXPECT_EQ(steps[0].getAtMs().getValue(), 1200);
  EXPECT_EQ(steps[0].getTookMs().getValue(), 30);
  EXPECT_TRUE(steps[1].getAtMs().isNone());
  EXPECT_EQ(steps[1].getOutputTokens(), 5);
  const auto changed = detail.getChangedSamples();
  ASSERT_EQ(changed.size(), 2U);
  EXPECT_STREQ(changed[0].getId().cStr(), "s2") << "it has no score any more";
  EXPECT_EQ(changed[1].getBefore().getValue(), 0.25);
  EXPECT_EQ(changed[1].getScore().getValue(), 0.5);
  EXPECT_EQ(detail.getChangedAgainst().getValue(), 1U);
}

TEST_F(Queries, OfAnExperimentThatIsNotThereSayWhichThereAre) {
  run({9, 8});
  const auto reply = show(17);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::not_found);
  EXPECT_EQ(reply.error().message, "lab lab: no experiment 17, expected 1 to 3");
}

TEST_F(Queries, ShowTheBest) {
  run({9, 8, 12});
  const auto reply = ask([](schema::Query::Builder query) { query.setBest("lab"); });
  EXPECT_EQ(reply->body().getExperiment().getExperiment().getNumber(), 3U);
}

TEST_F(Queries, SayThatThereIsNoBestYet) {
  swarm.open(swarm::settings_named("lab"));
  const auto reply = ask([](schema::Query::Builder query) { query.setBest("lab"); });
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().message, "lab lab: nothing was measured yet");
  const auto frontier = ask([](schema::Query::Builder query) { query.setFrontier("lab"); });
  EXPECT_EQ(frontier->body().getFrontier().getEntries().size(), 0U);
}

TEST_F(Queries, ShowTheFrontierByPriority) {
  run({9, 8, 12});
  const auto reply = ask([](schema::Query::Builder query) { query.setFrontier("lab"); });
  const auto entries = reply->body().getFrontier().getEntries();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].getNumber(), 3U);
  EXPECT_EQ(entries[0].getScore().getValue(), 8);
  for (unsigned i = 1; i < entries.size(); ++i)
    EXPECT_GE(entries[i - 1].getPriority().getValue(), entries[i].getPriority().getValue());
}

TEST_F(Queries, EventsComeInPagesAndSayWhereToGoOn) {
  run({9});
  const auto reply = ask([](schema::Query::Builder query) {
    query.initEvents().setAfter(2);
    query.getEvents().setLimit(3);
  });
  const auto events = reply->body().getEvents();
  ASSERT_EQ(events.getEvents().size(), 3U);
  EXPECT_EQ(events.getEvents()[0].getSequence(), 3);
  EXPECT_EQ(events.getLast(), 5);
  const auto beyond = ask([](schema::Query::Builder query) {
    query.initEvents().setAfter(std::numeric_limits<std::uint64_t>::max());
  });
  EXPECT_EQ(beyond->body().getEvents().getEvents().size(), 0U);
  EXPECT_EQ(beyond->body().getEvents().getLast(),
            static_cast<double>(store.last_sequence().value()))
      << "so a watcher begins at now";
}

TEST_F(Queries, FindNothingAfterTheLargestNumber) {
  run({9});
  EXPECT_EQ(page(std::numeric_limits<std::uint64_t>::max(), 0)
                ->body()
                .getExperiments()
                .getExperiments()
                .size(),
            0U);
}

TEST_F(Queries, ResultsAreATableOfAllExperiments) {
  run({9, 11});
  const auto reply = ask([](schema::Query::Builder query) { query.setResults("lab"); });
  const std::string text = reply->body().getResults().cStr();
  EXPECT_NE(text.find("exp_001\t"), std::string::npos) << text;
  EXPECT_NE(text.find("exp_003\t"), std::string::npos) << text;
  EXPECT_NE(text.find("\t9.000000\t"), std::string::npos) << text;
}

TEST(QueriesWithObjects, ShowWhatACandidateChanged) {
  CoordinatorUnderTest coordinator;
  coordinator.begin();
  const auto number = coordinator.run(9);
  wire::Outgoing query(0);
  query.body().initQuery().initShow().setLab("lab");
  query.body().getQuery().getShow().setNumber(number.value());
  wire::Outgoing reply(0);
  const Answerer answerer;
  const Source source{coordinator.engine->state(), coordinator.engine->store(),
                      &coordinator.engine->objects(), answerer};
  ASSERT_TRUE(
      answer(source, query.body().getQuery().asReader(), coordinator.clock.now(), reply.body()));
  const std::string diff = reply.body().getExperiment().getDiff().cStr();
  EXPECT_NE(diff.find("-print(1)\n+print(2)\n"), std::string::npos) << diff;
}

}  // namespace
}  // namespace swarmlab::server
