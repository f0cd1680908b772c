// One slot: asks for a task, does it, reports it with the next ask.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/os/steady_clock.h"
#include "worker/server/holdings.h"
#include "worker/server/idle_watch.h"
#include "worker/server/link.h"

namespace swarmlab::worker {

/// Does a task: blocks until it is done, or cancelled (outcome `returned`). An error if this worker
/// is what failed. See attempt.h.
using DoTask = std::function<Result<SpooledReport>(const Assignment&, const CancelToken& cancel)>;

/// What the coordinator said to a report.
using OnAnswer = std::function<void(const Report&, const ReportAnswer&)>;

/// The report of an attempt that comes back undone.
[[nodiscard]] SpooledReport returned(const Assignment& assignment, std::string reason);

class Slot {
 public:
  // What the slots of a worker share; it outlives them.
  struct Shared {
    Link& link;
    const Spool& spool;
    Holdings& holdings;
    SteadyClock& clock;
    DoTask do_task;
    OnAnswer on_answer = {};    // may be empty
    IdleWatch* idle = nullptr;  // null: nobody asks
  };

  Slot(std::uint32_t index, const Shared& shared) : index_(index), shared_(shared) {}

  /// Waits this long after a failure of this worker, twice as long after each further one in a row.
  void set_first_pause(Milliseconds pause) { first_pause_ = pause; }

  /// Ends after the first experiment that it has done and delivered.
  void do_one() { only_one_ = true; }

  /// Until `drain`. `left_over` are reports of an earlier life: delivered before all else.
  /// \return  an error if nothing works here, so that to ask again makes no sense
  Result<void> run(const std::vector<SpooledReport>& left_over, const CancelToken& drain);

 private:
  Result<void> deliver_left_over(const std::vector<SpooledReport>& reports,
                                 const CancelToken& drain);
  Result<std::optional<Assignment>> next(std::optional<SpooledReport>& done,
                                         const CancelToken& drain);
  Result<void> hand_back(const SpooledReport& report, const CancelToken& drain);
  [[nodiscard]] bool wants_more(const CancelToken& drain) const {
    return !drain.cancelled() && !(only_one_ && done_one_);
  }
  Result<SpooledReport> do_task(const Assignment& assignment);
  void keep(const SpooledReport& report);
  [[nodiscard]] bool may_ask();
  void settle(const SpooledReport& report, const ReportAnswer& answer);

  std::uint32_t index_;
  const Shared& shared_;
  Milliseconds first_pause_{500};
  std::string lab_;  // of the last experiment, for the log; empty: of a life before
  bool only_one_ = false;
  bool done_one_ = false;
  std::uint32_t failures_ = 0;  // of this worker itself, in a row
  bool kept_ = true;            // what was measured last is in the spool
  bool said_full_ = false;      // that nothing is taken for lack of space
};

}  // namespace swarmlab::worker
