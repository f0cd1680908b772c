// A swarm whose every step is checked against the invariants: replies and state against the model
// that noted_swarm.h keeps from the facts.
#pragma once

#include <algorithm>
#include <cmath>

#include "common/model/scale.h"
#include "tests/coordinator/swarm/lab_checks.h"
#include "tests/coordinator/swarm/noted_swarm.h"

namespace swarmlab::swarm {

class CheckedSwarm : public NotedSwarm {
 public:
  // A command, and all that must hold after it.
  Reply step(const Command& command) {
    const auto leases_before = leases_;
    const auto deadlines_before = deadlines_;
    Reply reply = tell(command);
    check_reply(command, reply, leases_before, deadlines_before);
    check_state();
    return reply;
  }

  // A fact that no command led to.
  void take(const Change& change) {
    apply(change);
    check_state();
  }

  // The process died: only what is stored is left.
  void restart() {
    state = replayed;
    state.presence = {};
    state.index = {};
    state.health = {};
    state.shares = {};
    rebuild_index(state);
    deadlines_.clear();
    step(Restarted{});
  }

  void require_empty(const char* wrong) { require(wrong == nullptr, wrong); }

  // Slow: the state from all stored changes, one after the other.
  void check_replay() {
    State again;
    for (const Change& change : history) evolve(again, change);
    require(again.same_facts(state), "I6: a replay from nothing gives another state");
  }

 private:
  void check_reply(const Command& command, const Reply& reply, const Leases& leases,
                   const Deadlines& deadlines) {
    if (std::holds_alternative<Error>(reply) || std::holds_alternative<SayHello>(reply) ||
        std::holds_alternative<NothingToDo>(reply)) {
      require(std::none_of(last.begin(), last.end(), is_stored), "a refusal changed something");
    }
    if (const auto* report = std::get_if<ReportArrived>(&command)) {
      check_report(*report, reply, leases, deadlines);
    }
    if (const auto* granted = std::get_if<Granted>(&reply)) {
      check_granted(std::get<WorkAsked>(command), *granted, leases);
    }
    for (const LeaseEnded& fact : last_of<LeaseEnded>()) {
      const auto task = state.tasks.find(fact.task);
      const bool is_loss = fact.how == LeaseEnd::expired || fact.how == LeaseEnd::worker_restarted;
      if (!is_loss || task == state.tasks.end()) continue;
      require(task->second.losses <= state.labs.at(task->second.lab).settings.stop.max_restarts,
              "I3: a task is retried without end");
    }
  }

  static bool tells_of_provider(const Change& change) {
    return std::holds_alternative<ProviderFailed>(change) ||
           std::holds_alternative<ProviderAnswered>(change);
  }

  void check_report(const ReportArrived& command, const Reply& reply, const Leases& leases,
                    const Deadlines& deadlines) {
    const Report& report = command.report;
    const auto lease = leases.find(report.task);
    if (std::holds_alternative<ReportStale>(reply)) {
      const bool returned = report.outcome == Outcome::returned;
      const bool ends = lease != leases.end() && lease->second.token == report.token &&
                        lease->second.worker == command.worker;
      check_charged(command, ends);
      for (const Change& change : last) {
        require(std::holds_alternative<CostSpent>(change) ||
                    std::holds_alternative<LabStatusChanged>(change) ||
                    ((returned || (ends && distrusted_.contains(command.worker))) &&
                     std::holds_alternative<LeaseEnded>(change)) ||
                    (ends && report.agent && tells_of_provider(change)) ||
                    (ends && std::holds_alternative<TaskDropped>(change)),
                "I2: a stale report changed more than what was spent");
      }
    }
    const auto* counted = std::get_if<ReportCounted>(&reply);
    if (counted == nullptr) return;
    const bool is_first = counted_.insert({report.task, report.token}).second;
    const auto check = ended_checks_.find(report.task);
    if (counted->decided && check != ended_checks_.end()) {
      require(std::ranges::count(check->second.tokens, report.token) == 1,
              "I1: acknowledged, but not counted");
    } else if (counted->decided) {
      check_decided(report, *counted);
    } else {
      const auto task = state.tasks.find(report.task);
      require(task != state.tasks.end() && task->second.pending,
              "I1: acknowledged and not decided, but nothing waits");
    }
    if (!is_first) {
      require(last.empty(), "I1: a report counts again");
      return;
    }
    require(lease != leases.end() && lease->second.token == report.token &&
                lease->second.worker == command.worker,
            "I2: a report counts that holds no current lease");
    const auto deadline = deadlines.find(report.task);
    require(deadline == deadlines.end() || now < deadline->second,
            "I2: a report counts after its deadline");
  }

  // Every report of an experiment hears the same, once it is decided.
  void check_decided(const Report& report, const ReportCounted& counted) {
    const auto answer = answers_.emplace(std::pair(report.lab, report.experiment), counted).first;
    require(answer->second.verdict == counted.verdict && answer->second.reason == counted.reason,
            "I1: the same report got another answer");
    const auto found = stored.find({report.lab, report.experiment});
    require(found != stored.end() &&
                std::ranges::count(found->second.measured_under, report.token) == 1,
            "I1: acknowledged, but not in the store");
  }

  // What its own worker says that an attempt cost is recorded while anyone can know the attempt.
  void check_charged(const ReportArrived& command, bool ends_lease) {
    const Report& report = command.report;
    const auto granted = granted_.find(report.token);
    for (const CostSpent& spent : last_of<CostSpent>()) {
      require(granted != granted_.end() && granted->second == std::pair(spent.task, command.worker),
              "I2: who did not hold a lease told what it cost");
    }
    if (granted == granted_.end() || report.cost.usd.value() == 0) return;
    if (granted->second != std::pair(report.task, command.worker)) return;
    const bool is_known = ends_lease || open_.contains(report.task) || command.decided.has_value();
    require(!is_known || charged_.contains({report.task, report.token}),
            "I2: what an attempt cost is not recorded");
  }

  // A slot that did not hear of its lease hears of the same one; else the lease is new.
  void check_granted(const WorkAsked& ask, const Granted& granted, const Leases& leases) {
    const auto before = leases.find(granted.task);
    const Task& task = state.tasks.at(granted.task);
    require(task.segment == state.labs.at(task.lab).segment.number, "leased for an old segment");
    require(task.lease && task.lease->token == granted.token && task.lease->worker == ask.worker,
            "I2: granted, but not leased");
    if (before == leases.end()) return check_new_lease(ask, granted);
    require(last.empty() && before->second.token == granted.token &&
                before->second.worker == ask.worker,
            "I2: granted what another holds");
  }

  // There is a place for it: on the machine, in the lab; and the machine is trusted.
  void check_new_lease(const WorkAsked& ask, const Granted& granted) {
    require(!quarantined_.contains(ask.worker), "leased to a worker in quarantine");
    const Task& leased = state.tasks.at(granted.task);
    require(
        !distrusted_.contains(ask.worker) || (!leased.pending && leased.kind != TaskKind::baseline),
        "a worker measures whose measurements do not count");
    const Worker& worker = state.workers.at(ask.worker);
    const Task& granted_task = state.tasks.at(granted.task);
    const Lab& lab = state.labs.at(granted_task.lab);
    require(worker.scales || lab.settings.scales.empty(), "leased to a release without scales");
    require(worker.simplifies || leased.kind != TaskKind::simplify || leased.pending,
            "leased to a release that cannot simplify");
    const Needs& needs = needs_at(lab.settings, granted_task.scale);
    for (const std::string& label : needs.labels) {
      const auto& has = worker.capacity.labels;
      require(std::find(has.begin(), has.end(), label) != has.end(), "leased without a label");
    }
    std::uint64_t cpus = 0;
    std::uint64_t memory = 0;
    std::uint64_t gpus = 0;
    std::uint64_t running = 0;
    for (const auto& [id, task] : state.tasks) {
      if (!task.lease) continue;
      if (task.lab == lab.id) ++running;
      if (task.lease->worker != ask.worker) continue;
      cpus += task.lease->takes.cpu_millis;
      memory += task.lease->takes.memory_bytes;
      gpus += task.lease->takes.gpus;
    }
    // A worker may come back smaller than it was: then only tasks that take nothing fit.
    const Resources& more = needs.amount;
    require(more.cpu_millis == 0 || cpus <= worker.capacity.cpu_millis, "more CPUs than there are");
    require(more.memory_bytes == 0 || memory <= worker.capacity.memory_bytes,
            "more memory than there is");
    require(more.gpus == 0 || gpus <= worker.capacity.gpus.size(), "more GPUs than there are");
    require(lab.settings.max_parallel == 0 || running <= lab.settings.max_parallel,
            "more tasks run than max_parallel");
    check_grant(granted);
  }

  // I4: what is leased was affordable.
  void check_grant(const Granted& granted) {
    const Task& task = state.tasks.at(granted.task);
    const Lab& lab = state.labs.at(task.lab);
    const StopLimits& limits = lab.settings.stop;
    require(lab.status == LabStatus::running, "I4: leased in a lab that does not run");
    const Index::OfLab& open = state.index.labs.at(lab.id);
    const std::uint64_t running = open.leased.size() - open.leased_checks;
    if (task.kind != TaskKind::baseline && makes_experiment(task.kind) &&
        limits.max_iterations != 0) {
      require(lab.counters.iterations + running <= limits.max_iterations,
              "I4: more experiments are leased than the limit allows");
    }
    const std::int64_t before =
        lab.budget.spent.value() + lab.budget.reserved.value() - task.lease->reserved.value();
    require(limits.max_cost.value() == 0 || before < limits.max_cost.value(),
            "I4: leased without money");
    require(limits.max_time.count() == 0 ||
                lab.budget.active + (now - *lab.budget.running_since) < limits.max_time,
            "I4: leased after the time was over");
    require(state.presence.deadlines.contains(task.id), "leased without a deadline");
  }

  void check_state() {
    require(replayed.same_facts(state), "I6: stored changes give another state");
    rebuild_index(replayed);
    require(replayed.index == state.index, "the index is not that of the tasks");
    std::map<LabId, std::uint64_t> open;
    for (const auto& [id, task] : state.tasks) {
      check_task(task);
      if (task.segment == state.labs.at(task.lab).segment.number) open[task.lab] += 1;
    }
    require(state.tasks.size() == open_.size(), "I3: a task is lost");
    for (const auto& [id, lab] : state.labs) check_lab(lab, open[id]);
    for (const auto& [id, deadline] : state.presence.deadlines) {
      require(leases_.contains(id), "a deadline without a lease");
    }
  }

  void check_task(const Task& task) {
    require(open_.contains(task.id), "I3: an ended task is still there");
    const auto lease = leases_.find(task.id);
    require(task.lease.has_value() == (lease != leases_.end()), "I2: a lease is lost");
    if (task.lease && lease != leases_.end()) {
      require(
          task.lease->token == lease->second.token && task.lease->worker == lease->second.worker,
          "I2: a lease is another's");
    }
    const Lab& lab = state.labs.at(task.lab);
    if (task.segment != lab.segment.number) {
      require(task.lease.has_value(), "a task waits in a segment that ended");
      return;
    }
    if (!makes_experiment(task.kind)) return;
    require((task.kind != TaskKind::baseline) == lab.segment.baseline_measured,
            "explored before the baseline is measured, or a baseline after");
  }

  void check_lab(const Lab& lab, std::uint64_t open) {
    Counters counters;
    std::map<ExperimentNumber, FrontierEntry> kept;
    const auto begin = stored.lower_bound({lab.id, ExperimentNumber(0)});
    for (auto one = begin; one != stored.end() && one->first.first == lab.id; ++one) {
      count(lab, one->second, counters, kept);
    }
    counters.without_keep = without_keep_[lab.id];
    require(lab.hints.size() == hints_[lab.id].size(), "I6: a hint is lost");
    require(lab.counters == counters, "I6: counters are not those of the decided experiments");
    require(lab.frontier == kept, "I6: the frontier is not what was kept in this segment");
    require_empty(wrong_best(lab));
    require_empty(wrong_front(lab, state.index.labs.at(lab.id).front));
    check_budget(lab);
    const std::uint64_t leased = state.index.labs.at(lab.id).leased.size();
    require_empty(wrong_status(lab, leased));
    require(open >= leased, "more leases than tasks");
    require(lab.segment.baseline_measured == !lab.frontier.empty(), "kept before the baseline");
    if (!lab.segment.baseline_measured) require(open <= 1, "more than the baseline is open");
    for (const auto& [tree, number] : lab.trees) {
      const Experiment& owner = stored.at({lab.id, number});
      require(owner.tree == tree && owner.segment == lab.segment.number, "a tree is another's");
    }
  }

  void count(const Lab& lab, const Experiment& one, Counters& counters,
             std::map<ExperimentNumber, FrontierEntry>& kept) {
    counters.experiments += 1;
    counters.by_verdict[one.verdict] += 1;
    if (one.kind != TaskKind::baseline) counters.iterations += 1;
    std::int64_t cost = 0;
    for (const FencingToken token : one.charged) {
      const auto charge = charged_.find({one.task, token});
      require(charge != charged_.end(), "an experiment has a cost that nobody had");
      if (charge != charged_.end()) cost += charge->second;
    }
    require(one.cost.usd.value() == cost, "an experiment's cost is not the sum of its attempts");
    if (one.segment != lab.segment.number || one.verdict != Verdict::keep) return;
    FrontierEntry entry;
    entry.number = one.number;
    entry.score = one.score().value_or(0.0);
    if (one.rejection) {
      const auto was = lab.rejected.find(one.number);
      require(was != lab.rejected.end() && was->second.score == entry.score,
              "I6: a rejected one is forgotten");
      return;
    }
    entry.commit = one.commit.value_or(ObjectId{});
    entry.parent = one.parent;
    const auto& runs = runs_[lab.id].at(one.number);
    entry.runs = runs.count;
    entry.level = runs.sum / static_cast<double>(runs.count);
    const auto known = lab.frontier.find(one.number);
    const bool is_near = known != lab.frontier.end() &&
                         std::abs(known->second.level - entry.level) <= 1e-9 * std::abs(runs.sum);
    require(is_near, "I6: a level is not the mean of its runs");
    if (is_near) entry.level = known->second.level;
    entry.merged = one.merged_with;
    entry.others = one.other_scores;
    entry.size = one.size;
    entry.undoes = one.undoes;
    if (known != lab.frontier.end()) {
      entry.conceded_from = known->second.conceded_from;
      require(one.simpler ? entry.conceded_from.has_value()
                          : !entry.conceded_from || lab.settings.metric.confidence != 0.0,
              "simpler, but nobody knows than what");
    }
    if (one.evidence) entry.doubt = std::max(0.0, one.evidence->gain - one.evidence->low);
    const auto& visits = visits_[lab.id];
    const auto visited = visits.find(one.number);
    entry.visits = visited == visits.end() ? 0 : visited->second;
    kept.emplace(one.number, entry);
  }

  void check_budget(const Lab& lab) {
    std::int64_t reserved = 0;
    for (const auto& [id, task] : state.tasks) {
      if (task.lab == lab.id && task.lease) reserved += task.lease->reserved.value();
    }
    require(lab.budget.reserved.value() == reserved, "I4: reserved is not what leases reserve");
    require(lab.budget.spent.value() == spent_[lab.id], "I4: spent is not what was charged");
    require(lab.budget.charged == attempts_charged_[lab.id], "I4: attempts are miscounted");
    require(lab.budget.running_since.has_value() == (lab.status == LabStatus::running),
            "time runs in a lab that does not, or stands in one that does");
  }
};

}  // namespace swarmlab::swarm
