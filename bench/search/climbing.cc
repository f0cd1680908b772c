#include "bench/search/climbing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <memory>
#include <queue>
#include <utility>
#include <vector>

#include "bench/search/agents.h"
#include "bench/search/landscape.h"
#include "coordinator/judge/judge.h"
#include "coordinator/ladder/correlation.h"
#include "coordinator/swarm/climb.h"
#include "coordinator/swarm/command.h"

namespace swarmlab::search {
namespace {

using namespace swarmlab::swarm;

constexpr double kBaseline = 100.0;
constexpr double kAgentMinutes = 10.0;  // medians
constexpr double kSmallMinutes = 3.0;   // of a run
constexpr double kLargeMinutes = 60.0;
constexpr double kTimeSpread = 0.5;  // of their logarithms
constexpr Idea kIdeas = 40;          // of the additive landscape

[[noreturn]] void give_up(const std::string& what) {
  fmt::print(stderr, "ladder: {}\n", what);
  std::exit(1);
}

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

// What each idea does at the large scale: its effect at the small one, as far as they correlate,
// and for the rest an effect of its own, of the same size on average.
class LargeScale {
 public:
  LargeScale(const Landscape& small, double correlation, std::uint64_t seed)
      : small_(small), correlation_(correlation) {
    Random random(seed * 7919 + 17);
    std::normal_distribution<double> normal;
    double squares = 0.0;
    for (Idea idea = 0; idea < kIdeas; ++idea) squares += std::pow(small.worth({idea}), 2.0);
    const double size = std::sqrt(squares / kIdeas);
    const double rest = std::sqrt(1.0 - correlation * correlation) * size;
    for (Idea idea = 0; idea < kIdeas; ++idea) own_.push_back(rest * normal(random));
  }

  [[nodiscard]] double worth(const Ideas& ideas) const {
    double worth = 0.0;
    for (const Idea idea : ideas) {
      worth += idea < kIdeas ? of(idea) : small_.worth({idea});
    }
    return worth;
  }
  [[nodiscard]] double reachable() const {
    double most = 0.0;
    for (Idea idea = 0; idea < kIdeas; ++idea) most += std::max(0.0, of(idea));
    return most;
  }

 private:
  [[nodiscard]] double of(Idea idea) const {
    return correlation_ * small_.worth({idea}) + own_.at(idea);
  }

  const Landscape& small_;
  double correlation_;
  std::vector<double> own_;
};

class Climbing {
 public:
  Climbing(const ClimbingSetup& setup, std::uint64_t seed, std::uint64_t luck)
      : setup_(setup),
        small_(make_landscape(Terrain::additive, seed)),
        large_(*small_, setup.correlation, seed),
        agents_(*small_, AgentModel{}),
        random_(luck) {
    constexpr Milliseconds kForever = std::chrono::hours(24 * 365 * 100);  // nobody is ever lost
    rules_.lease = kForever;
    rules_.worker_silence = kForever;
    known_.emplace_back();
    open(luck);
  }

  Climbed run() {
    for (std::uint32_t worker = 0; worker < setup_.workers; ++worker) ask(worker);
    while (!events_.empty() && !is_over()) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      hand_in(event.worker);
      tell(TimePassed{});
      ask(event.worker);
      for (const std::uint32_t worker : std::exchange(idle_, {})) ask(worker);
    }
    return result();
  }

 private:
  struct Event {
    Timestamp at;
    std::uint32_t worker = 0;
    auto operator<=>(const Event&) const = default;
  };

  void open(std::uint64_t luck) {
    LabSettings settings;
    settings.name = "simulated";
    settings.policy = PolicyKind::beam;
    settings.search.seed = luck;
    settings.metric.direction = Direction::maximize;
    settings.stop.max_time = Milliseconds(0);
    settings.stop.max_iterations = setup_.experiments;
    settings.stop.plateau_threshold = 0;
    if (setup_.has_ladder) {
      settings.scale = "small";
      settings.scales = {Scale{.name = "small"}, Scale{.name = "large"}};
      settings.scales[1].promotion.fraction = setup_.fraction;
    }
    Segment segment;
    segment.lab_commit = commit_of(0);
    segment.evaluator_hash = commit_of(7);
    tell(OpenLab{.settings = settings, .segment = segment, .who = "bench"});
    for (std::uint32_t i = 0; i < setup_.workers; ++i) {
      Worker worker;
      worker.name = name_of_worker(i);
      worker.slots = 1;
      worker.measures = true;
      worker.scales = true;
      tell(WorkerArrived{.worker = worker, .session = SessionId(i + 1), .held = {}});
    }
    reports_.resize(setup_.workers);
  }

  Reply tell(const Command& command) {
    Decision decision = decide(state_, rules_, command, now_);
    for (const Change& change : decision.changes) evolve(state_, change);
    if (const auto* error = std::get_if<Error>(&decision.reply)) give_up(error->message);
    return std::move(decision.reply);
  }

  [[nodiscard]] static WorkerName name_of_worker(std::uint32_t worker) {
    return WorkerName(fmt::format("w{}", worker));
  }
  [[nodiscard]] const Lab& lab() const { return state_.labs.begin()->second; }
  [[nodiscard]] bool is_over() const {
    return lab().status == LabStatus::stopped ||
           (setup_.large_hours > 0.0 && climbed_.large_hours >= setup_.large_hours);
  }

  Milliseconds some_time(double minutes) {
    const double drawn =
        std::lognormal_distribution<double>(std::log(minutes), kTimeSpread)(random_);
    return Milliseconds(1 + static_cast<Milliseconds::rep>(drawn * 60'000.0));
  }

  Measurement run_of(std::size_t place, bool at_large, Milliseconds& until) {
    const Ideas& ideas = known_.at(place);
    const Milliseconds took = some_time(at_large ? kLargeMinutes : kSmallMinutes);
    until += took;
    if (at_large) {
      climbed_.large_runs += 1.0;
      climbed_.large_hours += static_cast<double>(took.count()) / 3.6e6;
    }
    Measurement measurement;
    measurement.score = kBaseline + (at_large ? large_.worth(ideas) : small_->worth(ideas)) +
                        setup_.noise * normal_(random_);
    measurement.identity.tree = tree_of(ideas);
    measurement.identity.evaluator = lab().segment.evaluator_hash;
    measurement.identity.scale = setup_.has_ladder && at_large ? "large" : "small";
    measurement.took = took;
    return measurement;
  }

  void ask(std::uint32_t worker) {
    const Reply reply =
        tell(WorkAsked{.worker = name_of_worker(worker), .session = SessionId(worker + 1)});
    const auto* granted = std::get_if<Granted>(&reply);
    if (granted == nullptr) return idle_.push_back(worker);
    Milliseconds takes{0};
    reports_.at(worker) = work(state_.tasks.at(granted->task), takes);
    events_.push({.at = now_ + takes, .worker = worker});
  }

  // What will be reported. It is settled now, only not told yet.
  Report work(const Task& task, Milliseconds& takes) {
    const bool at_large = !setup_.has_ladder || task.kind == TaskKind::promote;
    Report report;
    report.task = task.id;
    report.token = task.lease->token;
    report.lab = task.lab;
    report.experiment = task.experiment;
    report.outcome = Outcome::measured;
    if (task.pending) {
      report.measurement = run_of(place_of(*task.pending->experiment.commit), at_large, takes);
      report.more = {run_of(place_of(task.pending->reference_commit), at_large, takes)};
    } else if (task.kind == TaskKind::explore) {
      explore(task, report, at_large, takes);
    } else {
      measure(task, report, at_large, takes);
    }
    return report;
  }

  // The baseline, or what was promoted.
  void measure(const Task& task, Report& report, bool at_large, Milliseconds& takes) {
    const std::size_t place = place_of(task.parent_commit);
    report.commit = task.parent_commit;
    report.tree = tree_of(known_.at(place));
    report.measurement = run_of(place, at_large, takes);
    if (place != 0) return;
    while (report.more.size() + 1 < judge::runs_of_baseline(lab().settings.metric)) {
      report.more.push_back(run_of(place, at_large, takes));
    }
  }

  void explore(const Task& task, Report& report, bool at_large, Milliseconds& takes) {
    takes += some_time(kAgentMinutes);
    auto ideas = agents_.change(known_.at(place_of(task.parent_commit)), random_);
    if (!ideas) {
      report.outcome = Outcome::crash;
      report.reason = "the agent crashed";
      return;
    }
    report.commit = commit_of(known_.size());
    report.tree = tree_of(*ideas);
    known_.push_back(*std::move(ideas));
    if (lab().trees.contains(*report.tree)) {  // a worker asks before it measures
      report.outcome = Outcome::duplicate;
    } else {
      report.measurement = run_of(known_.size() - 1, at_large, takes);
    }
  }

  void hand_in(std::uint32_t worker) {
    const Reply reply = tell(ReportArrived{
        .worker = name_of_worker(worker), .report = reports_.at(worker), .decided = {}});
    if (!std::holds_alternative<ReportCounted>(reply)) give_up("a right report did not count");
  }

  Climbed result() {
    climbed_.reachable = large_.reachable();
    climbed_.experiments = static_cast<double>(lab().counters.iterations);
    climbed_.hours = static_cast<double>((now_ - kStart).count()) / 3.6e6;
    ObjectId champion = commit_of(0);
    if (setup_.has_ladder) {
      if (const auto leads = champion_of(lab())) champion = leads->commit;
      tell_correlation();
    } else if (lab().best) {
      champion = lab().best->commit;
    }
    climbed_.champion = large_.worth(known_.at(place_of(champion)));
    return climbed_;
  }

  void tell_correlation() {
    std::vector<ladder::Scores> scores;
    for (const auto& [number, climb] : lab().rungs.front().climbs) {
      const auto below = score_at(lab(), number, 0);
      if (climb.has_score() && below) scores.push_back({.smaller = *below, .larger = climb.score});
    }
    const ladder::Correlation found = ladder::correlation_of(scores);
    climbed_.told = found.value.value_or(0.0);
    climbed_.warned = ladder::warning_of(found, "small", "large").empty() ? 0.0 : 1.0;
  }

  static constexpr Timestamp kStart{Milliseconds(1'000'000'000)};

  ClimbingSetup setup_;
  std::unique_ptr<Landscape> small_;
  LargeScale large_;
  Agents agents_;
  Random random_;
  std::normal_distribution<double> normal_;
  State state_;
  Rules rules_;
  Timestamp now_ = kStart;
  std::vector<Ideas> known_;     // by commit; the first is the baseline
  std::vector<Report> reports_;  // of each worker, what it will say
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<std::uint32_t> idle_;
  Climbed climbed_;
};

}  // namespace

Climbed simulate_climbing(const ClimbingSetup& setup, std::uint64_t seed, std::uint64_t luck) {
  return Climbing(setup, seed, luck).run();
}

}  // namespace swarmlab::search
