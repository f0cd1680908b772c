#include "coordinator/swarm/health.h"

#include <algorithm>
#include <bit>

#include "common/result.h"

namespace swarmlab::swarm {
namespace {

constexpr std::uint32_t kRecent = 16;       // results of a worker that are remembered
constexpr std::size_t kMostFailed = 1'000;  // tasks that are told apart

void note(Health::Latest& latest, const WorkerName& worker, std::uint64_t place) {
  if (latest.worker != worker) latest.of_others = latest.at;
  latest.worker = worker;
  latest.at = place;
}

// The last one of any other worker.
std::uint64_t of_others(const Health::Latest& latest, const WorkerName& worker) {
  return latest.worker == worker ? latest.of_others : latest.at;
}

Health::OfWorker& note_result(Health& health, const WorkerName& worker, bool failed) {
  Health::OfWorker& of_worker = health.workers[worker];
  of_worker.last = ++health.results;
  of_worker.recent = (of_worker.recent << 1U) | (failed ? 1U : 0U);
  of_worker.results = std::min(of_worker.results + 1, kRecent);
  note(health.result, worker, of_worker.last);
  return of_worker;
}

const Health::OfWorker* find(const Health& health, const WorkerName& worker) {
  const auto found = health.workers.find(worker);
  return found == health.workers.end() ? nullptr : &found->second;
}

// By how much a row must be longer than where others hardly ever fail: about as unlikely, if the
// worker were like them. 0: no row is long enough.
std::uint64_t stretch(double failing_share) {
  constexpr double kTenth = 0.1;
  if (failing_share <= kTenth) return 1;
  if (failing_share <= 0.32) return 2;   // 0.32^2 is about a tenth
  return failing_share <= 0.56 ? 4 : 0;  // 0.56^4 is about a tenth
}

// The mean over those with a result since then, each worker alike: one that fails fast has not more
// to say than the others.
double failing_share_of_others(const State& state, const WorkerName& worker, std::uint64_t since) {
  double sum = 0;
  std::uint64_t others = 0;
  for (const auto& [name, other] : state.health.workers) {
    if (name == worker || other.last < since) continue;
    const auto known = state.workers.find(name);
    if (known != state.workers.end() && known->second.quarantine) continue;
    const std::uint32_t bits = other.recent & ((1U << other.results) - 1U);
    sum += static_cast<double>(std::popcount(bits)) / static_cast<double>(other.results);
    ++others;
  }
  return others == 0 ? 1.0 : sum / static_cast<double>(others);
}

}  // namespace

void note_success(Health& health, const WorkerName& worker) {
  Health::OfWorker& of_worker = note_result(health, worker, false);
  of_worker.failed.clear();
  of_worker.own_failures = 0;
  health.failing.erase(worker);
  note(health.success, worker, of_worker.last);
}

void note_failure(Health& health, const WorkerName& worker, TaskId task) {
  Health::OfWorker& of_worker = note_result(health, worker, true);
  if (of_worker.failed.empty()) of_worker.failing_since = of_worker.last;
  if (of_worker.failed.size() < kMostFailed) of_worker.failed.insert(task);
  health.failing.insert(worker);
}

void note_own_failure(Health& health, const WorkerName& worker, TaskId task) {
  note_failure(health, worker, task);
  health.workers.at(worker).own_failures += 1;
}

void note_loss(Health& health, const WorkerName& worker, TaskId task, Timestamp heard,
               Timestamp now) {
  const Health::OfWorker* known = find(health, worker);
  if (known != nullptr && known->lost_at && heard <= *known->lost_at) return;
  note_failure(health, worker, task);
  health.workers.at(worker).lost_at = now;
}

void note_decided(Health& health, const Experiment& experiment) {
  if (experiment.token == FencingToken()) return;  // given up: its losses were noted
  switch (experiment.verdict) {
    case Verdict::crash:
      return note_failure(health, experiment.worker, experiment.task);
    case Verdict::timeout:
    case Verdict::invalid:
      return;
    case Verdict::keep:
    case Verdict::discard:
    case Verdict::guard_failed:
    case Verdict::out_of_scope:
    case Verdict::duplicate:
    case Verdict::no_change:
      return note_success(health, experiment.worker);
  }
}

void forget(Health& health, const WorkerName& worker) {
  health.workers.erase(worker);
  health.failing.erase(worker);
}

std::string why_quarantine(const State& state, const Rules& rules, const WorkerName& worker) {
  const Health::OfWorker* of_worker = find(state.health, worker);
  if (of_worker == nullptr || of_worker->failed.empty()) return {};
  if (of_worker->own_failures >= rules.most_failures) {
    return fmt::format("it failed at {} tasks in a row by itself", of_worker->own_failures);
  }
  const std::uint64_t failed = of_worker->failed.size();
  if (failed < rules.most_failures) return {};
  if (of_others(state.health.success, worker) < of_worker->failing_since) return {};
  const std::uint64_t times =
      stretch(failing_share_of_others(state, worker, of_worker->failing_since));
  if (times == 0 || failed < times * rules.most_failures) return {};
  return fmt::format("{} tasks in a row failed on it while other workers succeeded", failed);
}

std::string why_wait_for_others(const State& state, const Rules& rules, const WorkerName& worker) {
  const Health::OfWorker* of_worker = find(state.health, worker);
  if (of_worker == nullptr || of_worker->failed.size() < rules.most_failures) return {};
  if (of_others(state.health.result, worker) >= of_worker->failing_since) return {};
  const std::size_t itself = state.index.holds.contains(worker) ? 1 : 0;
  if (state.index.holds.size() == itself) return {};  // nobody else would tell
  return fmt::format("{} tasks in a row failed on worker {}: what others find is waited for",
                     of_worker->failed.size(), worker.value());
}

}  // namespace swarmlab::swarm
