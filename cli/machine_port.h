// `--http`: what a daemon tells machines over HTTP (docs/operations.md): metrics for Prometheus,
// and health for whoever starts and restarts it. The daemon's own threads publish; those of the
// server read what was published last, and never wait for them.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cli/daemon.h"
#include "common/http/health.h"
#include "common/metrics/page.h"

namespace swarmlab::cli {

/// Thread-safe: what was set last.
template <class Value>
class Latest {
 public:
  void set(Value value) {
    auto fresh = std::make_shared<const Value>(std::move(value));
    const std::lock_guard lock(mutex_);
    value_.swap(fresh);  // the old one goes after the lock
  }
  /// Null before the first.
  [[nodiscard]] std::shared_ptr<const Value> get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Value> value_;
};

/// Thread-safe: when a loop last turned.
class LastBeat {
 public:
  void beat() { at_.store(now(), std::memory_order_relaxed); }
  /// Why a loop that turns at least that often hangs; empty: it does not, or has not begun.
  [[nodiscard]] std::string hangs_after(std::chrono::seconds most) const;

 private:
  [[nodiscard]] static std::int64_t now();
  std::atomic<std::int64_t> at_{0};  // ms of the steady clock; 0: never
};

class MachinePort {
 public:
  // Each is called by threads of the server, several at a time.
  struct Parts {
    std::function<metrics::Page()> page;
    std::function<std::vector<http::Reason>()> reasons;  // why it cannot do its work
    std::function<std::string()> hangs;                  // why it does not live; empty: it does
  };

  /// Null if nobody asked for it. \return  invalid_input if other machines could reach it, and that
  /// was not asked for; conflict if the port is in use
  static Result<std::unique_ptr<MachinePort>> open(const DaemonFlags& flags, Parts parts);

 private:
  explicit MachinePort(std::unique_ptr<http::Server> server) : server_(std::move(server)) {}
  std::unique_ptr<http::Server> server_;
};

}  // namespace swarmlab::cli
