#include "worker/server/work_tally.h"

#include <algorithm>
#include <array>

#include "common/model/names.h"

namespace swarmlab::worker {
namespace {

constexpr std::array kOutcomes{Outcome::measured,     Outcome::crash,        Outcome::timeout,
                               Outcome::guard_failed, Outcome::out_of_scope, Outcome::duplicate,
                               Outcome::no_change,    Outcome::invalid,      Outcome::returned};
constexpr const char* kWorkerFailed = "worker_failed";

}  // namespace

void WorkTally::begin(std::uint32_t slot) {
  const std::lock_guard lock(mutex_);
  busy_[slot] = Clock::now();
}

void WorkTally::end(std::uint32_t slot, const Result<Outcome>& outcome) {
  const std::lock_guard lock(mutex_);
  const auto began = busy_.find(slot);
  if (began != busy_.end()) {
    worked_ += Clock::now() - began->second;
    busy_.erase(began);
  }
  attempts_[outcome ? std::string(name_of(*outcome)) : kWorkerFailed] += 1;
}

void WorkTally::sandbox_worked(std::chrono::duration<double> beside) {
  const std::lock_guard lock(mutex_);
  sandboxes_.add(beside);
  sandbox_failure_.clear();
}

void WorkTally::sandbox_failed(const std::string& why) {
  const std::lock_guard lock(mutex_);
  sandbox_failures_ += 1;
  sandbox_failure_ = why;
}

void WorkTally::heard(bool answered) {
  const std::lock_guard lock(mutex_);
  if (answered == connected_) return;
  connected_ = answered;
  since_ = Clock::now();
}

WorkTally::Connection WorkTally::connection() const {
  const std::lock_guard lock(mutex_);
  return {.is_there = connected_,
          .lasts = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - since_)};
}

std::string WorkTally::sandbox_failure() const {
  const std::lock_guard lock(mutex_);
  return sandbox_failure_;
}

void WorkTally::tell(metrics::Page& page, std::uint32_t slots, std::size_t leases) const {
  const std::lock_guard lock(mutex_);
  std::chrono::duration<double> busy = worked_;
  const Clock::time_point now = Clock::now();
  for (const auto& [slot, began] : busy_) busy += now - began;
  page.counter("swarmlab_slot_busy_seconds_total", "Time that slots worked, all together",
               busy.count());
  const std::size_t working = busy_.size();
  constexpr const char* kSlots = "Slots of this worker";
  page.gauge("swarmlab_worker_slots", kSlots, static_cast<double>(working), {{"state", "busy"}});
  page.gauge("swarmlab_worker_slots", kSlots,
             static_cast<double>(slots - std::min<std::size_t>(slots, working)),
             {{"state", "idle"}});
  page.gauge("swarmlab_leases_held", "Leases: what runs, and what is to be delivered",
             static_cast<double>(leases));
  constexpr const char* kAttempts = "Attempts that ended, as the worker saw it";
  for (const Outcome outcome : kOutcomes) {
    const auto found = attempts_.find(std::string(name_of(outcome)));
    page.counter("swarmlab_attempts_total", kAttempts,
                 found == attempts_.end() ? 0.0 : static_cast<double>(found->second),
                 {{"outcome", std::string(name_of(outcome))}});
  }
  const auto failed = attempts_.find(kWorkerFailed);
  page.counter("swarmlab_attempts_total", kAttempts,
               failed == attempts_.end() ? 0.0 : static_cast<double>(failed->second),
               {{"outcome", kWorkerFailed}});
  page.histogram("swarmlab_sandbox_start_seconds",
                 "Bringing a sandbox up and down, beside what runs in it", sandboxes_);
  page.counter("swarmlab_sandbox_failures_total", "Sandboxes that did not start",
               static_cast<double>(sandbox_failures_));
  page.gauge("swarmlab_coordinator_connected", "1: the coordinator answered the last heartbeat",
             connected_ ? 1 : 0);
}

}  // namespace swarmlab::worker
