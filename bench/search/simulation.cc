#include "bench/search/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <utility>

#include "coordinator/judge/judge.h"
#include "coordinator/swarm/command.h"
#include "coordinator/swarm/simplicity.h"
#include "coordinator/swarm/verdict.h"

namespace swarmlab::search {
namespace {

using namespace swarmlab::swarm;

constexpr double kBaseline = 100.0;
constexpr double kAgentMinutes = 10.0;     // medians
constexpr double kEvaluatorMinutes = 3.0;  // of a run
constexpr double kTimeSpread = 0.5;        // of their logarithms
constexpr double kSame = 1e-9;

[[noreturn]] void give_up(const std::string& what) {
  fmt::print(stderr, "search: {}\n", what);
  std::exit(1);
}

// Experiments that a worker's report can be about.
struct Known {
  Ideas ideas;
  double worth = 0.0;
};

ObjectId commit_of(std::size_t place) {
  ObjectId commit;
  commit.bytes[0] = 1;
  for (unsigned i = 0; i < 8; ++i) {
    commit.bytes.at(1 + i) = static_cast<std::uint8_t>(place >> (8 * i));
  }
  return commit;
}

std::size_t place_of(const ObjectId& commit) {
  std::size_t place = 0;
  for (unsigned i = 0; i < 8; ++i) {
    place |= static_cast<std::size_t>(commit.bytes.at(1 + i)) << (8 * i);
  }
  return place;
}

class Simulation {
 public:
  Simulation(const Setup& setup, std::uint64_t seed, std::uint64_t luck)
      : setup_(setup),
        landscape_(make_landscape(setup.terrain, seed)),
        agents_(*landscape_, setup.agent),
        random_(luck) {
    constexpr Milliseconds kForever = std::chrono::hours(24 * 365 * 100);  // nobody is ever lost
    rules_.lease = kForever;
    rules_.worker_silence = kForever;
    known_.push_back({});
    open(luck);
  }

  Found run() {
    for (std::uint32_t worker = 0; worker < setup_.workers; ++worker) ask(worker);
    while (!is_over()) {
      if (events_.empty()) give_up("nobody has anything to do: " + last_refusal_);
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      hand_in(event.worker);
      ask(event.worker);
      for (const std::uint32_t worker : std::exchange(idle_, {})) ask(worker);
    }
    found_.hours = hours();
    if (lab().best) {
      const ExperimentNumber best = lab().best->number;
      found_.overstated = lab().best->score - kBaseline - worth_of(best);
      found_.lines = lines_of(known_.at(place_of(lab().best->commit)).ideas);
      found_.gain = part_of_reachable();
      found_.given_up = most_worth_ - worth_of(best);
    }
    if (found_.experiments < kEarly) found_.early_gain = part_of_reachable();
    return std::move(found_);
  }

 private:
  // A worker is done with what it holds.
  struct Event {
    Timestamp at;
    std::uint32_t worker = 0;
    auto operator<=>(const Event&) const = default;
  };

  void open(std::uint64_t luck) {
    LabSettings settings;
    settings.name = "simulated";
    settings.policy = setup_.policy;
    settings.search = setup_.search;
    settings.search.seed = luck;
    settings.metric.direction = Direction::maximize;
    settings.metric.confidence = setup_.confidence;
    settings.stop.max_time = Milliseconds(0);
    settings.stop.max_iterations = 0;
    settings.stop.plateau_threshold = 0;
    Segment segment;
    segment.lab_commit = commit_of(0);
    segment.evaluator_hash = commit_of(7);
    tell(OpenLab{.settings = settings, .segment = segment, .who = "bench"});
    for (std::uint32_t i = 0; i < setup_.workers; ++i) {
      Worker worker;
      worker.name = name_of_worker(i);
      worker.slots = 1;
      worker.measures = true;
      worker.simplifies = true;
      tell(WorkerArrived{.worker = worker, .session = SessionId(i + 1), .held = {}});
    }
    reports_.resize(setup_.workers);
  }

  Reply tell(const Command& command) {
    Decision decision = decide(state_, rules_, command, now_);
    for (const Change& change : decision.changes) {
      const auto* finished = std::get_if<ExperimentFinished>(&change);
      if (finished != nullptr) note(*finished);
      evolve(state_, change);
      if (finished != nullptr) foresee(*finished);
    }
    if (const auto* error = std::get_if<Error>(&decision.reply)) give_up(error->message);
    return std::move(decision.reply);
  }

  [[nodiscard]] static WorkerName name_of_worker(std::uint32_t worker) {
    return WorkerName(fmt::format("w{}", worker));
  }
  [[nodiscard]] const Lab& lab() const { return state_.labs.begin()->second; }
  [[nodiscard]] double hours() const {
    return static_cast<double>((now_ - kStart).count()) / 3'600'000.0;
  }
  [[nodiscard]] double worth_of(ExperimentNumber number) const {
    return known_.at(place_of(lab().frontier.at(number).commit)).worth;
  }
  [[nodiscard]] double part_of_reachable() const {
    return lab().best ? worth_of(lab().best->number) / landscape_->reachable() : 0.0;
  }
  bool is_over() {
    found_.reached = part_of_reachable() >= setup_.target;
    return found_.reached || found_.experiments >= setup_.budget;
  }

  Milliseconds some_time(double minutes) {
    const double drawn =
        std::lognormal_distribution<double>(std::log(minutes), kTimeSpread)(random_);
    return Milliseconds(1 + static_cast<Milliseconds::rep>(drawn * 60'000.0));
  }

  Measurement run_of(const Known& candidate, Milliseconds& until) {
    until += some_time(kEvaluatorMinutes);
    ++found_.evaluator_runs;
    Measurement measurement;
    measurement.score = kBaseline + candidate.worth + setup_.noise * normal_(random_);
    measurement.identity.tree = tree_of(candidate.ideas);
    measurement.identity.evaluator = lab().segment.evaluator_hash;
    return measurement;
  }

  void ask(std::uint32_t worker) {
    const Reply reply =
        tell(WorkAsked{.worker = name_of_worker(worker), .session = SessionId(worker + 1)});
    const auto* granted = std::get_if<Granted>(&reply);
    if (granted == nullptr) {
      if (const auto* nothing = std::get_if<NothingToDo>(&reply)) last_refusal_ = nothing->because;
      idle_.push_back(worker);
      return;
    }
    Milliseconds takes{0};
    reports_.at(worker) = work(state_.tasks.at(granted->task), takes);
    events_.push({.at = now_ + takes, .worker = worker});
  }

  // What will be reported. It is settled now, only not told yet.
  Report work(const Task& task, Milliseconds& takes) {
    Report report;
    report.task = task.id;
    report.token = task.lease->token;
    report.lab = task.lab;
    report.experiment = task.experiment;
    report.outcome = Outcome::measured;
    if (task.pending) {
      report.measurement = run_of(known_.at(place_of(*task.pending->experiment.commit)), takes);
      report.more = {run_of(known_.at(place_of(task.pending->reference_commit)), takes)};
    } else if (task.kind == TaskKind::baseline) {
      report.commit = commit_of(0);
      report.tree = tree_of({});
      report.measurement = run_of(known_.front(), takes);
      while (report.more.size() + 1 < judge::runs_of_baseline(lab().settings.metric)) {
        report.more.push_back(run_of(known_.front(), takes));
      }
    } else if (task.kind == TaskKind::simplify) {
      take_out(task, report, takes);
    } else if (task.merge) {
      merge(task, report, takes);
    } else {
      explore(task, report, takes);
    }
    return report;
  }

  // What either side added is in the merge. An agent is only needed where they conflict.
  void merge(const Task& task, Report& report, Milliseconds& takes) {
    ++found_.merges;
    if (std::bernoulli_distribution(setup_.agent.conflicts)(random_)) {
      ++found_.agent_runs;
      takes += some_time(kAgentMinutes);
    }
    Ideas ideas = known_.at(place_of(task.parent_commit)).ideas;
    for (const Idea idea : known_.at(place_of(task.merge->commit)).ideas) add(ideas, idea);
    propose(std::move(ideas), report, takes);
  }

  // Without what a step added to its parent; no agent settles a conflict.
  void take_out(const Task& task, Report& report, Milliseconds& takes) {
    if (std::bernoulli_distribution(setup_.agent.conflicts)(random_)) {
      report.outcome = Outcome::no_change;
      report.reason = "what came after it changed the same lines";
      return;
    }
    const Ideas& before = known_.at(place_of(task.merge->commit)).ideas;
    Ideas ideas = known_.at(place_of(task.parent_commit)).ideas;
    for (const Idea idea : known_.at(place_of(task.merge->base)).ideas) {
      if (!has(before, idea)) remove(ideas, idea);
    }
    propose(std::move(ideas), report, takes);
  }

  void explore(const Task& task, Report& report, Milliseconds& takes) {
    ++found_.agent_runs;
    takes += some_time(kAgentMinutes);
    auto ideas = agents_.change(known_.at(place_of(task.parent_commit)).ideas, random_);
    if (!ideas) {
      report.outcome = Outcome::crash;
      report.reason = "the agent crashed";
      return;
    }
    propose(*std::move(ideas), report, takes);
  }

  void propose(Ideas ideas, Report& report, Milliseconds& takes) {
    report.commit = commit_of(known_.size());
    report.tree = tree_of(ideas);
    const double worth = landscape_->worth(ideas);
    known_.push_back({.ideas = std::move(ideas), .worth = worth});
    if (lab().trees.contains(*report.tree)) {  // a worker asks before it measures
      report.outcome = Outcome::duplicate;
    } else {
      report.measurement = run_of(known_.back(), takes);
    }
  }

  void hand_in(std::uint32_t worker) {
    ReportArrived arrived{
        .worker = name_of_worker(worker), .report = reports_.at(worker), .decided = {}};
    if (const auto& commit = arrived.report.commit) {
      arrived.lines = lines_of(known_.at(place_of(*commit)).ideas);
    }
    const Reply reply = tell(arrived);
    if (!std::holds_alternative<ReportCounted>(reply)) give_up("a right report did not count");
  }

  // Before the state knows it.
  void note(const ExperimentFinished& finished) {
    const Experiment& one = finished.experiment;
    if (one.kind != TaskKind::baseline) {
      ++found_.experiments;
      found_.decided_at.push_back(hours());
      if (found_.experiments == kEarly) found_.early_gain = part_of_reachable();
      if (one.verdict == Verdict::keep || one.verdict == Verdict::discard) {
        classify(finished);
        classify_simpler(one);
      }
    }
  }

  // As the state knows it now.
  void foresee(const ExperimentFinished& finished) {
    if (finished.experiment.kind == TaskKind::baseline) return;
    most_worth_ = std::max(most_worth_, worth_of(lab().best->number));
    found_.forecasts.push_back({.chance = judge::chance_within(lab().prospects, kHorizon),
                                .success = finished.becomes_best,
                                .gain = part_of_reachable()});
  }

  void classify(const ExperimentFinished& finished) {
    const Experiment& one = finished.experiment;
    const double worth = known_.at(place_of(*one.commit)).worth;
    const bool kept = one.verdict == Verdict::keep;
    const double gain = worth - worth_of(reference_of(finished));
    const bool better = gain > kSame;
    const bool large = gain > kLarge - kSame;
    found_.better += better ? 1 : 0;
    found_.no_better += better ? 0 : 1;
    found_.keeps += kept ? 1 : 0;
    found_.missed += better && !kept ? 1 : 0;
    found_.large += large ? 1 : 0;
    found_.missed_large += large && !kept ? 1 : 0;
    found_.false_keeps += !better && kept ? 1 : 0;
  }

  void classify_simpler(const Experiment& one) {
    found_.simplifications += one.kind == TaskKind::simplify ? 1 : 0;
    found_.simplified += one.kind == TaskKind::simplify && one.verdict == Verdict::keep ? 1 : 0;
    found_.conceded += one.simpler ? 1 : 0;
    if (!is_smaller(lab(), one)) return;
    const FrontierEntry& anchor = anchor_of(lab());
    const double allowed = allowed_loss(lab(), one, anchor.number).value_or(0.0);
    const double loss = worth_of(anchor.number) - known_.at(place_of(*one.commit)).worth;
    if (loss < allowed - kSame || loss < kSame) return;
    ++found_.too_bad;
    found_.wrongly_conceded += one.simpler ? 1 : 0;
  }

  [[nodiscard]] ExperimentNumber reference_of(const ExperimentFinished& finished) const {
    const Experiment& one = finished.experiment;
    if (one.evidence) return one.evidence->reference;
    if (one.verdict != Verdict::keep || finished.becomes_best) return lab().best->number;
    return reference_beside_best(state_, lab(), state_.tasks.at(one.task))
        .value_or(lab().best->number);
  }

  static constexpr Timestamp kStart{Milliseconds(1'000'000'000)};

  Setup setup_;
  std::unique_ptr<Landscape> landscape_;
  Agents agents_;
  Random random_;
  std::normal_distribution<double> normal_;
  State state_;
  Rules rules_;
  Timestamp now_ = kStart;
  std::vector<Known> known_;     // by commit; the first is the baseline
  std::vector<Report> reports_;  // of each worker, what it will say
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<std::uint32_t> idle_;
  std::string last_refusal_;
  double most_worth_ = 0.0;  // of all that were the best
  Found found_;
};

}  // namespace

Found simulate(const Setup& setup, std::uint64_t seed, std::uint64_t luck) {
  return Simulation(setup, seed, luck).run();
}

}  // namespace swarmlab::search
