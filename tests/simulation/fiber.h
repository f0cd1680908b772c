// A thread of a simulated process: it runs until it waits for something, and goes on when it is
// resumed. All fibers of a simulation share one real thread, so that their order is decided.
#pragma once

#include <functional>
#include <memory>

namespace swarmlab::simulation {

class Fiber {
 public:
  explicit Fiber(std::function<void()> body);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  Fiber(Fiber&&) = delete;
  Fiber& operator=(Fiber&&) = delete;
  /// \pre  it has ended, or never began
  ~Fiber();

  /// Runs it until it pauses or ends. Not from within a fiber.
  void resume();
  [[nodiscard]] bool ended() const;

  /// Gives the control back to who resumed this fiber.
  static void pause();
  /// The one that runs; null outside of all.
  [[nodiscard]] static Fiber* current();

 private:
  struct Impl;
  static void run_current();
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::simulation
