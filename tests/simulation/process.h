// One life of a simulated program: its threads (fibers), which wait in simulated time, may be
// frozen and may be killed at any point where they wait or write.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/os/cancel.h"
#include "common/os/steady_clock.h"
#include "tests/simulation/fiber.h"
#include "tests/simulation/world.h"

namespace swarmlab::simulation {

// Thrown where a thread of a killed process was: unwinds it, as there is no other way to end one.
struct Killed {};

class Process : public std::enable_shared_from_this<Process> {
 public:
  using Ticket = std::uint64_t;

  Process(World& world, std::string name) : world_(world), name_(std::move(name)) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  Process(Process&&) = delete;
  Process& operator=(Process&&) = delete;
  ~Process() { kill(); }

  /// A thread, from now on.
  void spawn(std::function<void()> body);
  /// Ends all threads where they are. From outside of them.
  void kill();
  /// From within a thread: it ends here, the others at once. `on_death` of the process is called.
  [[noreturn]] void die();
  /// Nothing of it goes on until thaw(); what should have happened meanwhile happens then.
  void freeze() { frozen_ = true; }
  void thaw();

  [[nodiscard]] bool alive() const { return !killed_; }
  [[nodiscard]] bool frozen() const { return frozen_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] World& world() { return world_; }
  std::function<void()> on_death;

  /// Of the thread that runs: to be given to wake(). Then block().
  [[nodiscard]] Ticket ticket() { return ++last_ticket_; }
  /// Until wake(ticket) or the cancel.
  void block(Ticket ticket, const CancelToken& stop = {});
  void wake(Ticket ticket);
  /// \return whether it was cancelled
  bool sleep(Micros time, const CancelToken& stop);
  /// Does it now, or after the thaw.
  void when_awake(std::function<void()> action);

 private:
  struct Waiting {
    Fiber* fiber;
    CancelToken stop;
    bool wakes = false;  // an event for it is on its way
  };
  void run(Fiber& fiber);
  void wake_cancelled();

  World& world_;
  const std::string name_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::map<Ticket, Waiting> waiting_;
  std::deque<std::function<void()>> after_thaw_;
  Ticket last_ticket_ = 0;
  bool frozen_ = false;
  bool killed_ = false;
};

// The monotonic clock of a process.
class ProcessClock final : public SteadyClock {
 public:
  explicit ProcessClock(Process& process) : process_(process) {}
  [[nodiscard]] TimePoint now() override {
    return TimePoint(std::chrono::hours(1)) + process_.world().now();
  }
  [[nodiscard]] bool wait(const CancelToken& stop, Milliseconds time) override {
    return process_.sleep(time, stop);
  }

 private:
  Process& process_;
};

}  // namespace swarmlab::simulation
