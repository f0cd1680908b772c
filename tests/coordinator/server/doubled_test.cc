// T9: a network that doubles messages and changes their order changes nothing that is stored.
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "tests/coordinator/server/desk_under_test.h"

namespace swarmlab::server {
namespace {

// Workers that ask and report until so many reports are counted, over a network that delivers each
// message of either side `copies` times, at any time before the worker gives its request up. A
// worker has one request on its way at a time, as a slot has; copies of earlier ones may come late.
class Network {
 public:
  Network(std::uint64_t seed, bool doubles) : random_(seed), doubles_(doubles) {
    LabSettings settings = lab_named("lab");
    settings.stop.plateau_threshold = 0;
    settings.stop.max_iterations = 0;
    desk_.open_lab(settings);
    for (std::size_t i = 0; i < kWorkers; ++i)
      workers_.push_back(Worker{.name = name_of(i), .session = 0, .task = {}});
  }

  // One worker after the other has its turn, so that what is decided does not hang on the order in
  // which requests of several happen to come.
  void run(std::size_t reports) {
    while (counted_ < reports) {
      for (Worker& worker : workers_) {
        if (worker.session == 0) {
          worker.session =
              ask(worker, DeskUnderTest::hello(worker.name)).body().getWelcome().getSession();
        }
        advance(worker);
      }
    }
    while (!late_.empty()) deliver_late();
  }

  [[nodiscard]] const swarm::State& state() const { return desk_.engine->state(); }
  [[nodiscard]] std::vector<Experiment> experiments() const {
    return must(desk_.engine->store().experiments(LabId(1), ExperimentNumber(0), 100'000));
  }
  [[nodiscard]] bool replays() const {
    return must(desk_.engine->store().replay()).same_facts(state());
  }
  [[nodiscard]] std::size_t delivered() const { return delivered_; }

 private:
  static constexpr std::size_t kWorkers = 4;
  struct Worker {
    std::string name;
    std::uint64_t session = 0;
    std::optional<Assignment> task;
  };
  static std::string name_of(std::size_t number) { return "w" + std::to_string(number); }

  void advance(Worker& worker) {
    if (!worker.task) {
      take(worker, ask(worker, DeskUnderTest::asking()));
      return;
    }
    const Report report = outcome_of(*worker.task);
    const auto reply = ask(worker, DeskUnderTest::delivering(report, 0, true));
    ASSERT_TRUE(reply.body().isWorkReply());
    const auto answer = reply.body().getWorkReply().getReport();
    ASSERT_TRUE(answer.isCounted() || answer.isStale());
    ++counted_;
    worker.task.reset();
    take(worker, reply);
  }

  static void take(Worker& worker, const wire::Incoming& reply) {
    ASSERT_TRUE(reply.body().isWorkReply());
    const auto task = reply.body().getWorkReply().getTask();
    if (task.isAssignment()) worker.task = must(wire::read(task.getAssignment()));
  }

  Report outcome_of(const Assignment& task) {
    const swarm::Task leased = desk_.task_of(task);
    if (leased.kind == TaskKind::baseline) return desk_.baseline(leased);
    Report report = desk_.ended(leased, Outcome::crash);
    report.cost.usd = MicroUsd(static_cast<std::int64_t>(100 + task.experiment.value() % 7));
    return report;
  }

  // A request, and its answer: the first that comes, or any copy of it.
  wire::Incoming ask(const Worker& worker, const Fill& fill) {
    const net::Letter letter = DeskUnderTest::letter(fill, worker.session, ++last_id_, worker.name);
    const bool hello = worker.session == 0;
    const std::size_t copies = doubles_ && !hello ? 1 + random_() % 3 : 1;
    std::vector<net::Letter> burst(1, letter);
    for (std::size_t i = 1; i < copies; ++i) {
      if (random_() % 2 == 0) {
        burst.push_back(letter);
      } else {
        late_.push_back(letter);
      }
    }
    while (late_.size() > 50) burst.insert(burst.begin(), take_late());
    if (doubles_) std::shuffle(burst.begin(), burst.end(), random_);
    delivered_ += burst.size();
    auto answers = desk_.burst(std::move(burst));
    if (doubles_) std::shuffle(answers.begin(), answers.end(), random_);
    for (auto& answer : answers) {
      if (answer.envelope().getRequestId() == last_id_) return std::move(answer);
    }
    throw std::runtime_error("no answer");
  }

  net::Letter take_late() {
    const auto at = static_cast<std::ptrdiff_t>(random_() % late_.size());
    net::Letter letter = late_[static_cast<std::size_t>(at)];
    late_.erase(late_.begin() + at);
    return letter;
  }
  void deliver_late() {
    std::vector<net::Letter> burst(1, take_late());
    ++delivered_;
    static_cast<void>(desk_.burst(std::move(burst)));
  }

  std::mt19937_64 random_;
  bool doubles_;
  DeskUnderTest desk_;
  std::vector<Worker> workers_;
  std::deque<net::Letter> late_;
  std::uint64_t last_id_ = 0;
  std::size_t counted_ = 0;
  std::size_t delivered_ = 0;
};

TEST(Doubled, AndReorderedMessagesOfTenThousandReportsStoreTheSame) {
  constexpr std::size_t kReports = 10'000;
  Network once(1, false);
  once.run(kReports);
  Network doubled(1, true);
  doubled.run(kReports);
  EXPECT_GT(doubled.delivered(), once.delivered() * 3 / 2);
  EXPECT_TRUE(doubled.replays());
  EXPECT_EQ(once.state().labs.at(LabId(1)).counters, doubled.state().labs.at(LabId(1)).counters);
  EXPECT_EQ(once.state().labs.at(LabId(1)).budget.spent,
            doubled.state().labs.at(LabId(1)).budget.spent);
  EXPECT_TRUE(once.state().same_facts(doubled.state()));
  EXPECT_EQ(once.experiments(), doubled.experiments());
}

}  // namespace
}  // namespace swarmlab::server
