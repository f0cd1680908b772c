#include "coordinator/server/tally.h"

#include "common/model/names.h"

namespace swarmlab::server {
namespace {

std::string name_of_end(swarm::LeaseEnd how) {
  switch (how) {
    case swarm::LeaseEnd::expired:
      return "expired";
    case swarm::LeaseEnd::worker_restarted:
      return "worker_restarted";
    case swarm::LeaseEnd::returned:
      return "returned";
    case swarm::LeaseEnd::worker_failed:
      return "worker_failed";
  }
  return {};
}

}  // namespace

void Tally::note(const swarm::State& before, const swarm::Change& change, Timestamp now) {
  if (const auto* created = std::get_if<swarm::TaskCreated>(&change)) {
    waiting_.emplace(created->task, now);
  } else if (const auto* check = std::get_if<swarm::CheckBegan>(&change)) {
    waiting_.emplace(check->task, now);
  } else if (const auto* granted = std::get_if<swarm::LeaseGranted>(&change)) {
    const auto since = waiting_.find(granted->task);
    if (since == waiting_.end()) return;  // it waited before we began
    queue.add(now - since->second);
    waiting_.erase(since);
  } else if (const auto* ended = std::get_if<swarm::LeaseEnded>(&change)) {
    lease_ends[name_of_end(ended->how)] += 1;
    waiting_.emplace(ended->task, now);
    note_lost(before, *ended, now);
  } else if (const auto* measured = std::get_if<swarm::CandidateMeasured>(&change)) {
    waiting_.emplace(measured->task, now);
  } else if (const auto* dropped = std::get_if<swarm::TaskDropped>(&change)) {
    waiting_.erase(dropped->task);
    tasks[{dropped->lab, "dropped"}] += 1;
  } else if (const auto* ends = std::get_if<swarm::CheckEnded>(&change)) {
    waiting_.erase(ends->task);
    tasks[{ends->lab, "checked"}] += 1;
  } else if (const auto* finished = std::get_if<swarm::ExperimentFinished>(&change)) {
    waiting_.erase(finished->experiment.task);
    note_finished(finished->experiment);
  } else if (const auto* promoted = std::get_if<swarm::Promoted>(&change)) {
    promotions[{promoted->lab, promoted->scale}] += 1;
  } else if (const auto* aside = std::get_if<swarm::WorkerQuarantined>(&change)) {
    if (!aside->measures_only) quarantines += 1;
  } else if (std::holds_alternative<swarm::ProviderFailed>(change)) {
    provider_failures += 1;
  }
}

void Tally::note_finished(const Experiment& experiment) {
  tasks[{experiment.lab, std::string(name_of(experiment.verdict))}] += 1;
  tokens[{experiment.lab, "input"}] += experiment.cost.input_tokens;
  tokens[{experiment.lab, "output"}] += experiment.cost.output_tokens;
}

// All leases that one silence takes are one loss.
void Tally::note_lost(const swarm::State& before, const swarm::LeaseEnded& fact, Timestamp now) {
  if (fact.how == swarm::LeaseEnd::returned || fact.how == swarm::LeaseEnd::worker_failed) return;
  const auto task = before.tasks.find(fact.task);
  if (task == before.tasks.end() || !task->second.lease) return;
  const WorkerName& worker = task->second.lease->worker;
  const auto seen = before.presence.workers.find(worker);
  const Timestamp heard = seen == before.presence.workers.end() ? Timestamp() : seen->second.last;
  const auto known = lost_at_.find(worker);
  if (known != lost_at_.end() && known->second > heard) return;
  std::erase_if(lost_at_, [&](const auto& one) { return !before.workers.contains(one.first); });
  lost_at_[worker] = now;
  workers_lost[fact.how == swarm::LeaseEnd::expired ? "silent" : "restarted"] += 1;
}

void Tally::note(const swarm::Command& command, const swarm::Reply& reply, bool changed) {
  if (!std::holds_alternative<swarm::ReportArrived>(command)) return;
  if (std::holds_alternative<swarm::ReportStale>(reply)) {
    const Report& report = std::get<swarm::ReportArrived>(command).report;
    if (report.outcome != Outcome::returned) stale_reports += 1;
  } else if (std::holds_alternative<swarm::ReportCounted>(reply) && !changed) {
    duplicate_reports += 1;
  }
}

void Tally::note_message(std::string_view type, std::size_t size) {
  const auto known = messages.find(type);
  if (known != messages.end()) {
    known->second += 1;
  } else {
    messages.emplace(type, 1);
  }
  bytes[{"in", std::string(type)}] += size;
}

void Tally::note_answer(std::string_view type, std::size_t size) {
  bytes[{"out", std::string(type)}] += size;
}

}  // namespace swarmlab::server
