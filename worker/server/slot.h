// One slot: asks for a task, does it, reports it with the next ask.
#pragma once

#include <functional>
#include <optional>

#include "worker/server/attempt.h"
#include "worker/server/holdings.h"

namespace swarmlab::worker {

class Slot {
 public:
  Slot(std::uint32_t index, const Workbench& bench, const Spool& spool, Holdings& holdings)
      : index_(index), bench_(bench), spool_(spool), holdings_(holdings) {}

  /// Waits this long after a failure of this worker, twice as long after each further one in a row.
  void set_first_pause(Milliseconds pause) { first_pause_ = pause; }

  /// Until `drain`. `left_over` are reports of an earlier life: delivered before all else.
  /// \return  an error if nothing works here, so that to ask again makes no sense
  Result<void> run(const std::vector<SpooledReport>& left_over, const CancelToken& drain);

 private:
  Result<void> deliver_left_over(const std::vector<SpooledReport>& reports,
                                 const CancelToken& drain);
  Result<std::optional<Assignment>> next(std::optional<SpooledReport>& done,
                                         const CancelToken& drain);
  Result<void> hand_back(const SpooledReport& report, const CancelToken& drain);
  Result<SpooledReport> do_task(const Assignment& assignment);
  void settle(const SpooledReport& report, const ReportAnswer& answer);

  std::uint32_t index_;
  const Workbench& bench_;
  const Spool& spool_;
  Holdings& holdings_;
  Milliseconds first_pause_{500};
  std::uint32_t failures_ = 0;  // of this worker itself, in a row
};

}  // namespace swarmlab::worker
