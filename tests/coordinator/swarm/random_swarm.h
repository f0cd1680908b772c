// A random swarm, decided by a seed: workers that crash, lie, come late and say things twice; a
// coordinator that dies; people who change their minds. It tells what happened, line by line.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "common/model/names.h"
#include "tests/coordinator/swarm/checked_swarm.h"
#include "tests/coordinator/swarm/random_labs.h"
#include "tests/coordinator/swarm/random_machines.h"
#include "tests/coordinator/swarm/random_people.h"

namespace swarmlab::swarm {

class RandomSwarm {
 public:
  CheckedSwarm swarm;
  const std::uint64_t seed;

  explicit RandomSwarm(std::uint64_t seed_of_all) : seed(seed_of_all), random_(seed_of_all) {}

  // What happened, one line each, and how to see it again.
  [[nodiscard]] std::string story() const {
    std::string all;
    for (const std::string& line : trace_) all += line + '\n';
    return all + fmt::format("SWARMLAB_SEED={} reproduces it\n", seed);
  }

  // One thing happens.
  void happen() {
    struct Kind {
      std::uint64_t weight;
      void (RandomSwarm::*happens)();
    };
    static constexpr std::array<Kind, 17> kKinds = {{{26, &RandomSwarm::ask},
                                                     {30, &RandomSwarm::report},
                                                     {6, &RandomSwarm::repeat_report},
                                                     {6, &RandomSwarm::malformed_report},
                                                     {10, &RandomSwarm::heartbeat},
                                                     {5, &RandomSwarm::arrive},
                                                     {1, &RandomSwarm::leave},
                                                     {7, &RandomSwarm::time_passes},
                                                     {2, &RandomSwarm::coordinator_dies},
                                                     {3, &RandomSwarm::open},
                                                     {2, &RandomSwarm::steer},
                                                     {2, &RandomSwarm::long_silence},
                                                     {2, &RandomSwarm::release},
                                                     {5, &RandomSwarm::people},
                                                     {1, &RandomSwarm::distrust},
                                                     {3, &RandomSwarm::steer_candidate},
                                                     {1, &RandomSwarm::all_fall_silent}}};
    std::uint64_t all = 0;
    for (const Kind& kind : kKinds) all += kind.weight;
    std::uint64_t drawn = below(all);
    for (const Kind& kind : kKinds) {
      if (drawn < kind.weight) return (this->*kind.happens)();
      drawn -= kind.weight;
    }
  }

  void begin() {
    // Rare paths, in some of the swarms.
    swarm.rules.most_failures = one_in(2) ? 1 + static_cast<std::uint32_t>(below(3)) : 5;
    swarm.rules.most_expired = one_in(2) ? 1 : 100;
    swarm.rules.most_absent = one_in(2) ? 1 : 1000;
    swarm.rules.absent_after = std::chrono::seconds(one_in(2) ? 20 : 120);
    open();
    for (const char* name : kWorkers) arrive(name, {});
  }

  // No more trouble: two honest workers finish all that there is.
  void drain() {
    swarm.pass(std::chrono::minutes(10));
    tell("the trouble ends", TimePassed{});
    for (const auto& [id, lab] : std::map(swarm.state.labs)) {
      LabSettings settings = lab.settings;
      settings.stop = {};
      settings.stop.plateau_threshold = 0;
      settings.stop.max_time = Milliseconds(0);
      settings.stop.max_iterations = lab.counters.iterations +
                                     swarm.state.index.labs.at(id).waiting.size() +
                                     swarm.state.index.labs.at(id).leased.size() + 8;
      tell("drain opens " + settings.name,
           OpenLab{.settings = settings, .segment = lab.segment, .who = "drain"});
      tell("drain resumes " + settings.name, SetLabStatus{.lab = settings.name,
                                                          .wish = SetLabStatus::Wish::resume,
                                                          .reason = {},
                                                          .who = "drain"});
    }
    for (const char* name : {"honest", "candid"}) arrive_with(name, {}, everything());
    constexpr int kEnough = 200;
    for (int tick = 0; tick < kEnough && !is_over(); ++tick) {
      for (const char* name : {"honest", "candid"}) work_honestly(name);
      swarm.pass(std::chrono::seconds(1));
      tell("a second passes", TimePassed{});
    }
    swarm.require(is_over(), "I3: something never ends");
    swarm.check_replay();
  }

 private:
  static constexpr std::array<const char*, 3> kWorkers = {"a", "b", "c"};
  static constexpr std::array<const char*, 4> kLabs = {"north", "south", "east", "west"};
  struct Memory {
    std::string worker;
    Task task;  // as it was when it was leased
  };
  struct Sent {
    std::string worker;
    Report report;
  };

  std::mt19937_64 random_;
  std::vector<std::string> trace_;
  std::vector<Memory> memories_;
  std::vector<Sent> sent_;

  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <class List>
  auto& any_of(List& list) {
    return list[below(list.size())];
  }
  std::string any_worker() { return any_of(kWorkers); }

  void tell(const std::string& what, const Command& command) {
    trace_.push_back(fmt::format("{:>9} ms  {}", swarm.now.time_since_epoch().count(), what));
    const Reply reply = swarm.step(command);
    trace_.back() += " -> " + SwarmUnderTest::said(reply);
    const auto* granted = std::get_if<Granted>(&reply);
    const auto* ask = std::get_if<WorkAsked>(&command);
    if (granted != nullptr && ask != nullptr) {
      memories_.push_back({ask->worker.value(), swarm.state.tasks.at(granted->task)});
    }
  }

  SessionId session_of(const std::string& worker) {
    return one_in(20) ? SessionId(below(5)) : swarm.sessions[worker];
  }

  void ask() {
    const std::string worker = any_worker();
    WorkAsked command{.worker = WorkerName(worker), .session = session_of(worker)};
    if (one_in(2)) command.slot = static_cast<std::uint32_t>(below(3));
    if (one_in(3) && !memories_.empty()) {
      const Task& task = any_of(memories_).task;
      command.reported = HeldLease{.task = task.id, .token = task.lease->token};
    }
    tell(worker + " asks", command);
  }

  Report report_of(const Task& task) {
    const auto cost = static_cast<std::int64_t>(below(3) * 20);
    const std::uint64_t kind = below(20);
    const auto tree = object(60, static_cast<std::uint8_t>(below(12)));
    if (kind < 12) {
      return swarm.scored(task, static_cast<double>(below(12)), cost,
                          one_in(3) ? std::optional(tree) : std::nullopt);
    }
    static constexpr std::array<Outcome, 8> kOutcomes = {
        Outcome::crash,     Outcome::timeout,   Outcome::guard_failed, Outcome::out_of_scope,
        Outcome::duplicate, Outcome::no_change, Outcome::invalid,      Outcome::returned};
    if (one_in(6)) {
      Report failed = swarm.ended(task, Outcome::returned, cost);
      failed.own_failure = true;
      return failed;
    }
    const Outcome outcome =
        task.kind == TaskKind::baseline && !one_in(4) ? Outcome::returned : any_of(kOutcomes);
    Report report = swarm.ended(task, outcome, cost);
    if (outcome == Outcome::duplicate || one_in(3)) report.tree = tree;
    return report;
  }

  void send(const std::string& worker, const Report& report, const std::string& how) {
    ReportArrived command{.worker = WorkerName(worker), .report = report, .decided = {}};
    const auto found = swarm.stored.find({report.lab, report.experiment});
    if (found != swarm.stored.end()) command.decided = found->second;
    if (!one_in(4)) command.lines = 1 + below(20);
    tell(fmt::format("{} {}: task {} token {} experiment {}", worker, how, report.task.value(),
                     report.token.value(), report.experiment.value()),
         command);
  }

  // Of anything that a worker ever held: right, late, or under a token of long ago.
  void report() {
    if (memories_.empty()) return;
    const std::size_t recent = std::min<std::size_t>(memories_.size(), 4);
    const Memory& memory =
        one_in(4) ? any_of(memories_) : memories_[memories_.size() - 1 - below(recent)];
    Report report = report_of(memory.task);
    if (one_in(2)) report.agent = AgentRun{.said = "as its provider said"};
    // Keys are refused seldom: the lab stops then.
    if (report.agent && report.outcome == Outcome::returned) {
      report.agent->end = one_in(20)  ? AgentEnd::authentication_failed
                          : one_in(2) ? AgentEnd::rate_limited
                                      : AgentEnd::unavailable;
      report.agent->retry_after = Milliseconds(static_cast<std::int64_t>(below(3) * 5'000));
    }
    if (one_in(15) && report.measurement) report.measurement->identity.evaluator = object(99);
    if (one_in(15)) report.token = FencingToken(below(swarm.state.next_token.value() + 3));
    const std::string worker = one_in(12) ? any_worker() : memory.worker;
    send(worker, report, "reports");
    sent_.push_back({worker, report});
  }

  void repeat_report() {
    if (sent_.empty()) return;
    const Sent& sent = any_of(sent_);
    send(sent.worker, sent.report, "repeats");
  }

  void malformed_report() {
    if (memories_.empty()) return;
    const Memory& memory = memories_.back();
    Report report = swarm.scored(memory.task, 0.0, 20);
    if (memory.task.pending) {  // of a pair
      report.more.front().score = std::numeric_limits<double>::infinity();
      send(memory.worker, report, "reports a pair of nonsense");
      return swarm.require(swarm.last.empty(), "a malformed pair changed something");
    }
    switch (below(7)) {
      case 0:
        report.measurement.reset();
        break;
      case 1:
        report.commit.reset();
        break;
      case 2:
        report.tree.reset();
        break;
      case 3:
        report.measurement->score = std::numeric_limits<double>::quiet_NaN();
        break;
      case 4:
        report.outcome = Outcome::crash;
        break;
      case 5:
        report.cost.usd = MicroUsd(-5);
        break;
      default:
        report.measurement->identity.tree = object(1, 2);
        break;
    }
    send(memory.worker, report, "reports nonsense");
    swarm.require(swarm.last.empty(), "a malformed report changed something");
  }

  std::vector<HeldLease> some_held_by(const std::string& worker) {
    std::vector<HeldLease> held;
    for (const Memory& memory : memories_) {
      if (memory.worker != worker || one_in(5)) continue;
      held.push_back({.task = memory.task.id, .token = memory.task.lease->token});
    }
    if (one_in(10)) held.push_back({.task = TaskId(below(50)), .token = FencingToken(below(50))});
    return held;
  }

  void heartbeat() {
    const std::string worker = any_worker();
    Heartbeat command{.worker = WorkerName(worker),
                      .session = session_of(worker),
                      .held = some_held_by(worker),
                      .leaving = one_in(15)};
    for (const HeldLease& held : command.held) {
      if (one_in(2)) continue;
      command.announced.push_back({.lease = held, .said = {std::to_string(below(3)), "so"}});
    }
    tell(worker + " is alive", command);
  }

  void arrive(const std::string& name, std::vector<HeldLease> held) {
    arrive_with(name, std::move(held),
                any_capacity([this](std::uint64_t end) { return below(end); }));
  }

  void arrive_with(const std::string& name, std::vector<HeldLease> held, Capacity capacity) {
    swarm.sessions[name] = SessionId(100 + trace_.size());
    Worker worker;
    worker.name = WorkerName(name);
    worker.host_class = one_in(4) ? "old" : "new";
    worker.slots = 2;
    worker.measures = worker.injects = worker.presets = name != "c";  // of an old release
    worker.scales = worker.simplifies = worker.measures;
    worker.capacity = std::move(capacity);
    tell(name + " arrives", WorkerArrived{.worker = worker,
                                          .session = swarm.sessions[name],
                                          .held = std::move(held),
                                          .again = one_in(3)});
  }

  void arrive() {
    const std::string name = any_worker();
    arrive(name, one_in(2) ? some_held_by(name) : std::vector<HeldLease>{});
  }

  void leave() {
    const std::string worker = any_worker();
    tell(worker + " leaves",
         WorkerLeft{.worker = WorkerName(worker), .session = session_of(worker)});
  }

  void time_passes() {
    swarm.pass(Milliseconds(below(8'000)));
    if (!one_in(4)) tell("time passes", TimePassed{});
  }

  void long_silence() {
    swarm.pass(std::chrono::seconds(50 + below(30)));
    if (one_in(2)) tell("time jumps", TimePassed{});
  }

  void release() {
    const std::string worker = any_worker();
    tell("ann releases " + worker, ReleaseWorker{.worker = WorkerName(worker), .who = "ann"});
  }

  // As if its measurements had been unlike those of others often enough.
  void distrust() {
    const WorkerName worker(any_worker());
    const auto known = swarm.state.workers.find(worker);
    if (known == swarm.state.workers.end() || known->second.distrust) return;
    trace_.push_back("measurements of " + worker.value() + " do not count any more");
    swarm.take(WorkerQuarantined{
        .worker = worker, .why = "it is off", .at = swarm.now, .measures_only = true});
  }

  // Each works, then nobody is heard of for longer than a lease; who comes back may hold what it
  // had.
  void all_fall_silent() {
    for (const char* name : kWorkers) {
      tell(std::string(name) + " asks",
           WorkAsked{.worker = WorkerName(name), .session = swarm.sessions[name]});
    }
    for (int i = 0; i < 3; ++i) {
      swarm.pass(std::chrono::seconds(30));
      tell("time passes in silence", TimePassed{});
    }
    if (one_in(2)) arrive();
  }

  void coordinator_dies() {
    trace_.emplace_back("coordinator restarts");
    swarm.restart();
  }

  void open() {
    const auto draw = [this](std::uint64_t end) { return below(end); };
    LabSettings settings = any_settings(any_of(kLabs), draw);
    const auto changed = static_cast<std::uint8_t>(one_in(4) ? below(3) : 0);
    Segment segment = measured_by(1, changed);
    if (settings.name == "south") {
      add_ladder(settings, draw);
      segment.holdout_hash = object(77);
    }
    tell("ann opens " + settings.name,
         OpenLab{.settings = settings, .segment = segment, .who = "ann"});
  }

  void steer_candidate() {
    const std::string lab = one_in(8) ? "north" : "south";
    const ExperimentNumber number(below(8));
    const auto wish = one_in(3) ? SteerCandidate::Wish::reject : SteerCandidate::Wish::promote;
    tell(
        fmt::format("ann steers {} of {}", number.value(), lab),
        SteerCandidate{.lab = lab, .experiment = number, .wish = wish, .reason = {}, .who = "ann"});
  }

  void steer() {
    static constexpr std::array<SetLabStatus::Wish, 3> kWishes = {
        SetLabStatus::Wish::pause, SetLabStatus::Wish::resume, SetLabStatus::Wish::stop};
    const std::string lab = one_in(8) ? "nowhere" : any_of(kLabs);
    tell("ann steers " + lab,
         SetLabStatus{.lab = lab, .wish = any_of(kWishes), .reason = {}, .who = "ann"});
  }

  void people() {
    const std::string lab = one_in(10) ? "nowhere" : any_of(kLabs);
    auto [what, command] =
        any_wish_of_people(swarm.state, lab, [this](std::uint64_t end) { return below(end); });
    tell(what + " in " + lab, command);
  }

  [[nodiscard]] bool is_over() const {
    return swarm.state.tasks.empty() &&
           std::all_of(swarm.state.labs.begin(), swarm.state.labs.end(),
                       [](const auto& one) { return one.second.status == LabStatus::stopped; });
  }

  void work_honestly(const std::string& worker) {
    const WorkerName name(worker);
    tell(worker + " is alive",
         Heartbeat{.worker = name, .session = swarm.sessions[worker], .held = {}});
    const std::size_t before = memories_.size();
    tell(worker + " asks", WorkAsked{.worker = name, .session = swarm.sessions[worker]});
    if (memories_.size() == before) return;
    const Task task = memories_.back().task;
    send(worker, swarm.scored(task, 50.0, 1), "reports");
  }
};

}  // namespace swarmlab::swarm
