// What a worker does, without the threads that do it and without what an attempt is: its slots, its
// link and its spool, and how they begin and end together.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "common/os/steady_clock.h"
#include "worker/server/slot.h"

namespace swarmlab::worker {

class Crew {
 public:
  /// Makes the link of a crew: over these holdings, which outlive it; `on_drain` goes to the link.
  using Connect = std::function<Result<std::unique_ptr<Link>>(std::function<void()> on_drain,
                                                              Holdings& holdings)>;

  /// Reads the spool, then connects. `clock` must outlive the crew.
  static Result<std::unique_ptr<Crew>> gather(Spool spool, SteadyClock& clock,
                                              const Connect& connect);

  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  Crew(Crew&&) = delete;
  Crew& operator=(Crew&&) = delete;
  ~Crew() = default;

  /// The work of one slot, until leave(); with `once` until it has done one experiment. Blocks: a
  /// thread each. The first one also delivers what
  /// an earlier life left in the spool.
  /// \return  an error if nothing works here; the other slots leave then, they would fail alike.
  Result<void> work(std::uint32_t slot, const DoTask& do_task, bool once = false,
                    const OnAnswer& on_answer = {});

  /// Takes nothing more; what runs is finished and delivered. Thread-safe.
  void leave();
  /// leave(), and what runs is ended and handed back. Thread-safe.
  void leave_now();

  [[nodiscard]] Link& link() { return *link_; }
  [[nodiscard]] std::vector<LeaseKey> held() const { return holdings_.all(); }
  [[nodiscard]] const Spool& spool() const { return spool_; }
  [[nodiscard]] bool leaves() const { return told().cancelled(); }
  /// Cancelled when it is told to leave.
  [[nodiscard]] CancelToken told() const { return drain_.token(); }
  [[nodiscard]] const IdleWatch& idle() const { return idle_; }

 private:
  Crew(Spool spool, SteadyClock& clock, CancelSource drain)
      : spool_(std::move(spool)), clock_(clock), drain_(std::move(drain)), idle_(clock) {}

  const Spool spool_;
  SteadyClock& clock_;
  const CancelSource drain_;
  IdleWatch idle_;
  Holdings holdings_;
  std::vector<SpooledReport> left_over_;
  std::unique_ptr<Link> link_;
};

}  // namespace swarmlab::worker
