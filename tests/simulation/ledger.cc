#include "tests/simulation/ledger.h"

namespace swarmlab::simulation {

void Ledger::take(const store::StoredEvent& event) {
  world_.require(event.sequence.value() == last_.value() + 1, "I1: the log has a gap");
  last_ = event.sequence;
  swarm::evolve(replayed_, event.change);
  std::visit([this](const auto& fact) { note(fact); }, event.change);
}

const Ledger::Decided* Ledger::decided(TaskId task) const {
  const auto found = decided_.find(task);
  return found == decided_.end() ? nullptr : &found->second;
}

bool Ledger::is_leased(TaskId task, FencingToken token) const {
  const auto found = leases_.find(task);
  return found != leases_.end() && found->second.token == token;
}

void Ledger::end_lease(TaskId task) {
  leases_.erase(task);
}

void Ledger::note(const swarm::TaskCreated& fact) {
  world_.require(open_.emplace(fact.task, fact.lab).second, "a task is created twice");
  world_.require(numbers_.emplace(fact.lab, fact.experiment).second, "a number is given twice");
  world_.require(commits_.synced.contains(fact.parent_commit),
                 "I5: a task starts from a commit that is not durable");
  if (!fact.candidate) return;
  world_.require(commits_.synced.contains(fact.candidate->commit),
                 "I5: a task measures a commit that is not durable");
}

void Ledger::note(const swarm::LeaseGranted& fact) {
  const auto task = open_.find(fact.task);
  world_.require(task != open_.end(), "I3: a task is leased that is not open");
  world_.require(fact.token > last_token_, "I2: a token does not grow");
  last_token_ = fact.token;
  const Lease lease{.token = fact.token,
                    .lab = task == open_.end() ? LabId() : task->second,
                    .reserved = fact.reserved};
  world_.require(leases_.emplace(fact.task, lease).second, "I2: two leases of a task are current");
}

void Ledger::note(const swarm::LeaseEnded& fact) {
  world_.require(is_leased(fact.task, fact.token), "I2: a lease ends that is not current");
  if (fact.how == swarm::LeaseEnd::expired && on_expired) on_expired(fact.task, fact.token);
  end_lease(fact.task);
}

void Ledger::note(const swarm::TaskDropped& fact) {
  world_.require(open_.erase(fact.task) == 1, "I3: a task ends twice");
  dropped_.insert(fact.task);
  end_lease(fact.task);
}

// Each token once, and what its attempt really cost.
void Ledger::charge(LabId lab, FencingToken token, const Cost& cost) {
  world_.require(charged_.insert(token).second, "I4: an attempt is charged twice");
  const auto attempt = truth_.find(token);
  world_.require(attempt != truth_.end(), "I4: charged for an attempt that never was");
  if (attempt != truth_.end()) {
    world_.require(attempt->second.report.cost == cost, "I4: an attempt is charged another cost");
  }
  spent_[lab] += cost.usd.value();
}

void Ledger::note(const swarm::CostSpent& fact) {
  charge(fact.lab, fact.token, fact.cost);
}

void Ledger::note(const swarm::ExperimentFinished& fact) {
  const Experiment& one = fact.experiment;
  world_.require(open_.erase(one.task) == 1, "I1: an experiment is decided twice");
  decided_.emplace(one.task, Decided{.token = one.token,
                                     .verdict = one.verdict,
                                     .lab = one.lab,
                                     .number = one.number,
                                     .measured_under = one.measured_under});
  if (one.token == FencingToken()) {
    world_.require(one.verdict == Verdict::crash, "given up, but not as a crash");
    world_.require(fact.cost == Cost{}, "given up, but it cost something");
  } else {
    count(one, fact.cost);
    check_candidate(one);
  }
  end_lease(one.task);
  count_[one.lab] += 1;
  by_verdict_[one.lab][one.verdict] += 1;
}

void Ledger::note(const swarm::CandidateMeasured& fact) {
  world_.require(open_.contains(fact.task), "I3: an ended task is measured");
  count(fact.pending.experiment, fact.cost);
  check_candidate(fact.pending.experiment);
  end_lease(fact.task);
}

void Ledger::note(const swarm::CheckBegan& fact) {
  world_.require(open_.emplace(fact.task, fact.lab).second, "a task is created twice");
}

void Ledger::note(const swarm::CheckEnded& fact) {
  world_.require(open_.erase(fact.task) == 1, "I1: a check ends twice");
  if (!fact.worker.value().empty()) {
    const FencingToken token = fact.climb.tokens.back();
    world_.require(is_leased(fact.task, token), "I2: a report counts that holds no current lease");
    world_.require(counted_.insert(token).second, "I1: a report counts twice");
  }
  end_lease(fact.task);
}

// The newest report of an experiment counts, and costs what it cost, once.
void Ledger::count(const Experiment& one, const Cost& cost) {
  const FencingToken token = one.measured_under.back();
  world_.require(is_leased(one.task, token), "I2: a report counts that holds no current lease");
  world_.require(counted_.insert(token).second, "I1: a report counts twice");
  const bool is_free =
      (one.measured_under.size() > 1 || !makes_experiment(one.kind)) && cost == Cost{};
  if (!is_free && !charged_.contains(token)) {
    charge(one.lab, token, cost);
  } else {
    world_.require(cost == Cost{}, "I4: a cost counts twice");
  }
}

// I5 and I7: the commit is there, and the score is what an evaluator measured of that very tree.
void Ledger::check_candidate(const Experiment& one) {
  if (one.commit) {
    world_.require(commits_.synced.contains(*one.commit),
                   "I5: a record names a commit that is not durable");
  }
  const auto attempt = truth_.find(one.token);
  world_.require(attempt != truth_.end(), "I7: a report counts that nobody made");
  if (one.verdict == Verdict::keep) {
    world_.require(one.commit && one.tree && !one.measurements.empty(),
                   "I7: kept without a measurement");
  }
  if (attempt != truth_.end()) {
    const std::uint32_t reworks = attempt->second.report.reworks;
    world_.require(one.reworks == reworks || one.reworks == 0,
                   "an experiment took other reworks than its attempt");
  }
  if (one.measurements.empty() || attempt == truth_.end()) return;
  const Report& made = attempt->second.report;
  world_.require(made.measurement == one.measurements.front(),
                 "I7: another measurement than the worker's evaluator made");
  world_.require(one.tree && one.measurements.front().identity.tree == *one.tree &&
                     is_score_of(one.measurements.front().score, *one.tree),
                 "I7: the score is not the candidate's");
}

void Ledger::check(const swarm::State& state) const {
  world_.require(replayed_.labs == state.labs, "I6: the log gives other labs");
  world_.require(replayed_.tasks == state.tasks, "I6: the log gives other tasks");
  world_.require(replayed_.workers == state.workers, "I6: the log gives other workers");
  world_.require(replayed_.same_facts(state), "I6: the log gives another state");
  for (const auto& [id, lab] : state.labs) check_lab(lab);
  std::size_t leased = 0;
  for (const auto& [id, task] : state.tasks) {
    world_.require(open_.contains(id), "I3: an ended task is still there");
    if (!task.lease) continue;
    ++leased;
    world_.require(is_leased(id, task.lease->token), "I2: a lease is not the one of the log");
  }
  world_.require(leased == leases_.size(), "I2: a lease is lost");
  world_.require(state.tasks.size() == open_.size(), "I3: a task is lost");
}

void Ledger::check_lab(const swarm::Lab& lab) const {
  const auto value_of = [](const auto& map, LabId id) {
    const auto found = map.find(id);
    return found == map.end() ? typename std::decay_t<decltype(map)>::mapped_type{} : found->second;
  };
  world_.require(lab.counters.experiments == value_of(count_, lab.id),
                 "I6: the count of experiments is not that of the log");
  world_.require(lab.counters.by_verdict == value_of(by_verdict_, lab.id),
                 "I6: the verdicts are not those of the log");
  world_.require(lab.budget.spent.value() == value_of(spent_, lab.id),
                 "I4: what was spent is not what the attempts cost");
  std::int64_t reserved = 0;
  for (const auto& [task, lease] : leases_) {
    if (lease.lab == lab.id) reserved += lease.reserved.value();
  }
  world_.require(lab.budget.reserved.value() == reserved,
                 "I4: what is reserved is not that of the leases");
  const std::uint64_t most = lab.settings.stop.max_iterations;
  world_.require(most == 0 || lab.counters.iterations <= most,
                 "I4: more experiments than the limit allows");
}

}  // namespace swarmlab::simulation
