// A swarm as the shell drives it, without the shell: decide, evolve, and a store that is a map.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/swarm/command.h"

namespace swarmlab::swarm {

inline ObjectId object(std::uint8_t first, std::uint8_t second = 0) {
  ObjectId id;
  id.bytes[0] = first;
  id.bytes[1] = second;
  return id;
}

inline LabSettings settings_named(const std::string& name) {
  LabSettings settings;
  settings.name = name;
  settings.stop.max_time = Milliseconds(0);
  settings.stop.plateau_threshold = 0;
  settings.metric.confidence = 0.0;  // one run decides
  return settings;
}

inline Segment measured_by(std::uint8_t evaluator, std::uint8_t data = 0, std::uint8_t commit = 1) {
  Segment segment;
  segment.lab_commit = object(commit);
  segment.evaluator_hash = object(evaluator);
  segment.data_hash = object(data);
  return segment;
}

class SwarmUnderTest {
 public:
  State state;
  Rules rules;
  Timestamp now{Milliseconds(1'000'000'000)};
  std::map<std::pair<LabId, ExperimentNumber>, Experiment> stored;
  std::vector<Change> last;  // changes of the last command

  Reply tell(const Command& command) {
    Decision decision = decide(state, rules, command, now);
    for (const Change& change : decision.changes) apply(change);
    last = std::move(decision.changes);
    return decision.reply;
  }

  // The reply, which must be of this kind.
  template <class Kind>
  Kind expect(const Command& command) {
    Reply reply = tell(command);
    if (const Kind* kind = std::get_if<Kind>(&reply)) return *kind;
    ADD_FAILURE() << "another kind of reply: " << said(reply);
    return Kind{};
  }

  // What the store does: experiments are kept, and late cost is added to them.
  virtual void apply(const Change& change) {
    evolve(state, change);
    if (const auto* finished = std::get_if<ExperimentFinished>(&change)) {
      const Experiment& one = finished->experiment;
      EXPECT_TRUE(stored.emplace(std::pair(one.lab, one.number), one).second);
    }
    if (const auto* rejected = std::get_if<ExperimentRejected>(&change)) {
      stored.at({rejected->lab, rejected->experiment}).rejection = rejected->rejection;
    }
    const auto* spent = std::get_if<CostSpent>(&change);
    if (spent == nullptr) return;
    const auto found = stored.find({spent->lab, spent->experiment});
    if (found == stored.end()) return;
    found->second.charged.push_back(spent->token);
    found->second.cost.usd = MicroUsd(found->second.cost.usd.value() + spent->cost.usd.value());
  }

  template <class Kind>
  [[nodiscard]] std::vector<Kind> last_of() const {
    std::vector<Kind> found;
    for (const Change& change : last) {
      if (const Kind* kind = std::get_if<Kind>(&change)) found.push_back(*kind);
    }
    return found;
  }

  void pass(Milliseconds time) { now += time; }

  LabIsOpen open(const LabSettings& settings, const Segment& segment = measured_by(7)) {
    return expect<LabIsOpen>(OpenLab{.settings = settings, .segment = segment, .who = "ann"});
  }

  Welcome arrive(const std::string& name, std::vector<HeldLease> held = {}) {
    sessions[name] = SessionId(++last_session_);
    Worker worker;
    worker.name = WorkerName(name);
    worker.host_class = "epyc";
    worker.slots = 4;
    worker.measures = true;
    worker.injects = true;
    worker.presets = true;
    worker.scales = true;
    worker.simplifies = true;
    return expect<Welcome>(
        WorkerArrived{.worker = worker, .session = sessions[name], .held = std::move(held)});
  }
  // With a key.
  Welcome arrive(const std::string& name, const std::string& key) {
    sessions[name] = SessionId(++last_session_);
    Worker worker{.name = WorkerName(name), .host_class = "epyc", .slots = 4, .joined_at = {}};
    worker.key = key;
    return expect<Welcome>(WorkerArrived{.worker = worker, .session = sessions[name], .held = {}});
  }

  Reply ask(const std::string& worker) {
    return tell(WorkAsked{.worker = WorkerName(worker), .session = sessions[worker]});
  }

  // Work that must be there.
  Task work_for(const std::string& worker) {
    const Reply reply = ask(worker);
    const auto* granted = std::get_if<Granted>(&reply);
    if (granted == nullptr) {
      ADD_FAILURE() << "no work: " << said(reply);
      return {};
    }
    return state.tasks.at(granted->task);
  }

  std::string nothing_for(const std::string& worker) {
    return expect<NothingToDo>(WorkAsked{.worker = WorkerName(worker), .session = sessions[worker]})
        .because;
  }

  // What a worker says that ended an attempt without a score.
  [[nodiscard]] Report ended(const Task& task, Outcome outcome, std::int64_t cost = 0) const {
    Report report;
    report.task = task.id;
    report.token = task.lease ? task.lease->token : FencingToken();
    report.lab = task.lab;
    report.experiment = task.experiment;
    report.outcome = outcome;
    report.reason = "as the worker saw it";
    report.cost.usd = MicroUsd(makes_experiment(task.kind) ? cost : 0);
    return report;
  }

  // A candidate that is new unless `tree` says otherwise.
  [[nodiscard]] Report scored(const Task& task, double score, std::int64_t cost = 0,
                              std::optional<ObjectId> tree = {}) const {
    if (task.pending) return paired(task, score, task.pending->experiment, cost);
    Report report = ended(task, Outcome::measured, cost);
    report.reason.clear();
    report.tree = tree.value_or(object(200, static_cast<std::uint8_t>(task.id.value())));
    report.commit = object(100, static_cast<std::uint8_t>(task.id.value()));
    if (task.candidate) {
      report.tree = task.candidate->tree;
      report.commit = task.candidate->commit;
    }
    if (!makes_experiment(task.kind)) report.commit = task.parent_commit;
    report.measurement = run_of(task, *report.tree, score);
    return report;
  }

  // A run of the candidate, and one of its reference, which scores what it did before, or `other`.
  [[nodiscard]] Report paired(const Task& task, double score, const Experiment& candidate,
                              std::int64_t cost = 0, std::optional<double> other = {}) const {
    Report report = ended(task, Outcome::measured, cost);
    report.reason.clear();
    report.measurement = run_of(task, candidate.tree.value_or(ObjectId{}), score);
    double reference = other.value_or(0.0);
    const auto lab = state.labs.find(task.lab);
    if (!other && lab != state.labs.end()) {
      const auto entry = lab->second.frontier.find(task.pending->reference);
      if (entry != lab->second.frontier.end()) reference = entry->second.score;
    }
    if (!other && task.kind == TaskKind::promote && lab != state.labs.end()) {
      const ladder::Climbs& climbs = lab->second.rungs.at(task.scale - 1).climbs;
      const auto climb = climbs.find(task.pending->reference);
      if (climb != climbs.end()) reference = climb->second.score;
    }
    report.more.push_back(run_of(task, object(99), reference));
    return report;
  }

  // What a run says of each further metric, if a test does not say it: of 0 to 11.
  static double further_value(const ObjectId& tree, double score) {
    const auto mixed = static_cast<std::uint64_t>(tree.bytes[1]) * 7 +
                       static_cast<std::uint64_t>(score < 0 ? 0 : score) * 5;
    return static_cast<double>(mixed % 12);
  }

  [[nodiscard]] Measurement run_of(const Task& task, const ObjectId& tree, double score) const {
    Measurement measurement;
    measurement.score = score;
    measurement.identity.tree = tree;
    const auto lab = state.labs.find(task.lab);
    if (lab != state.labs.end()) {
      measurement.identity.evaluator = lab->second.segment.evaluator_hash;
      measurement.identity.data = lab->second.segment.data_hash;
      for (const Metric& metric : lab->second.settings.more_metrics) {
        measurement.metrics.push_back({metric.name, further_value(tree, score)});
      }
      if (task.kind == TaskKind::holdout) {
        measurement.identity.data = lab->second.segment.holdout_hash.value_or(ObjectId{});
      }
      const auto& scales = lab->second.settings.scales;
      if (task.scale < scales.size()) measurement.identity.scale = scales[task.scale].name;
    }
    return measurement;
  }

  Reply hand_in(const std::string& worker, const Report& report) {
    ReportArrived command{.worker = WorkerName(worker), .report = report, .decided = {}};
    const auto found = stored.find({report.lab, report.experiment});
    if (found != stored.end()) command.decided = found->second;
    return tell(command);
  }

  // A report that must count.
  ReportCounted counted(const std::string& worker, const Report& report) {
    const Reply reply = hand_in(worker, report);
    if (const auto* kind = std::get_if<ReportCounted>(&reply)) return *kind;
    ADD_FAILURE() << "not counted: " << said(reply);
    return {};
  }

  std::string stale(const std::string& worker, const Report& report) {
    const Reply reply = hand_in(worker, report);
    if (const auto* kind = std::get_if<ReportStale>(&reply)) return kind->because;
    ADD_FAILURE() << "not stale: " << said(reply);
    return {};
  }

  [[nodiscard]] const Lab& lab(const std::string& name) const {
    for (const auto& [id, one] : state.labs) {
      if (one.settings.name == name) return one;
    }
    ADD_FAILURE() << "no lab " << name;
    return state.labs.begin()->second;
  }

  // A lab whose baseline is measured, and a worker "w" that is there.
  void start(const LabSettings& settings, double baseline = 10.0, std::int64_t cost = 0) {
    open(settings);
    arrive("w");
    counted("w", scored(work_for("w"), baseline, cost));
  }

  static std::string said(const Reply& reply) {
    struct Text {
      std::string operator()(const LabIsOpen& one) const {
        return "lab is open " + one.stays_stopped;
      }
      std::string operator()(const Done&) const { return "done"; }
      std::string operator()(const LabsSteered&) const { return "labs steered"; }
      std::string operator()(const Welcome&) const { return "welcome"; }
      std::string operator()(const Granted&) const { return "granted"; }
      std::string operator()(const NothingToDo& one) const { return "nothing: " + one.because; }
      std::string operator()(const ReportCounted& one) const { return "counted: " + one.reason; }
      std::string operator()(const ReportStale& one) const { return "stale: " + one.because; }
      std::string operator()(const HeartbeatHeard&) const { return "heartbeat heard"; }
      std::string operator()(const SayHello&) const { return "say hello"; }
      std::string operator()(const HintStands& one) const {
        return fmt::format("hint {}{}", one.number.value(), one.holds ? "" : " is withdrawn");
      }
      std::string operator()(const CandidateInjected& one) const {
        return fmt::format("injected: experiment {}", one.experiment.value());
      }
      std::string operator()(const Rejected& one) const {
        return fmt::format("rejected {}, best is {}", one.now.size(), one.best.value());
      }
      std::string operator()(const Error& one) const { return "error: " + one.message; }
    };
    return std::visit(Text{}, reply);
  }

  SwarmUnderTest() = default;
  SwarmUnderTest(const SwarmUnderTest&) = default;
  SwarmUnderTest& operator=(const SwarmUnderTest&) = default;
  virtual ~SwarmUnderTest() = default;

  std::map<std::string, SessionId> sessions;

 private:
  std::uint64_t last_session_ = 0;
};

}  // namespace swarmlab::swarm
