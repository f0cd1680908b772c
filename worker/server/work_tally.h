// What a worker did since it began, counted for its metrics. Thread-safe: slots write it, whoever
// serves the metrics reads it; nothing is decided by it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "common/metrics/page.h"
#include "common/model/report.h"
#include "common/result.h"

namespace swarmlab::worker {

class WorkTally {
 public:
  using Clock = std::chrono::steady_clock;

  void begin(std::uint32_t slot);
  void end(std::uint32_t slot, const Result<Outcome>& outcome);

  /// A sandbox was up and down again in that time, beside what ran in it; or it did not start.
  void sandbox_worked(std::chrono::duration<double> beside);
  void sandbox_failed(const std::string& why);

  /// After each try to be heard by the coordinator.
  void heard(bool answered);

  // Since when it is so; for what probes are told.
  struct Connection {
    bool is_there = false;
    std::chrono::seconds lasts{0};
  };
  [[nodiscard]] Connection connection() const;
  /// Why the last sandbox did not start; empty: it did.
  [[nodiscard]] std::string sandbox_failure() const;

  void tell(metrics::Page& page, std::uint32_t slots, std::size_t leases) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::uint32_t, Clock::time_point> busy_;  // since when, by slot
  std::chrono::duration<double> worked_{0};          // by tasks that ended
  std::map<std::string, std::uint64_t> attempts_;    // by outcome
  metrics::Histogram sandboxes_{metrics::kShortSeconds};
  std::uint64_t sandbox_failures_ = 0;
  std::string sandbox_failure_;
  bool connected_ = false;
  Clock::time_point since_ = Clock::now();
};

}  // namespace swarmlab::worker
