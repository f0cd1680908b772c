// A decision in the making: changes are collected in order, and the small facts of the labs that
// they touch are reckoned forward, so that a rule can look at what will be once they are applied.
//
// The state itself is never copied: frontier and trees grow with history, a Standing does not.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "coordinator/swarm/command.h"
#include "coordinator/swarm/stop.h"

namespace swarmlab::swarm {

// Who stops a lab when no person does.
inline constexpr const char* kCoordinator = "coordinator";

class Draft {
 public:
  Draft(const State& state, Timestamp now) : state_(state), now_(now) {}  // must outlive the draft

  /// Of a lab that the state has, after the changes so far. Valid until the draft ends.
  [[nodiscard]] Standing& standing(LabId lab);

  /// A fact that no Standing depends on.
  [[nodiscard]] bool is_empty() const { return changes_.empty(); }
  void add(Change change) { changes_.push_back(std::move(change)); }

  /// \pre  the task is leased, and no orphan
  void end_lease(const Task& task, LeaseEnd how, std::string why = {});
  /// Ends the task. `cost` is what the report adds.
  struct Finish {
    Cost cost;
    bool leased = true;  // the lease was not ended before
    bool becomes_best = false;
    bool advances = false;
  };
  void finish(const Task& task, Experiment experiment, const Finish& how);
  /// Its report counted, and it waits to be measured again. \pre  as of end_lease()
  void measure_again(const Task& task, Pending pending, const Cost& cost);
  /// A task that waits from now on. Its number is filled in.
  void create(TaskCreated fact);
  /// A task for a candidate that is decided. Its number and the instant are filled in.
  void begin_check(CheckBegan fact);
  /// Ends such a task. \pre  `leased`: the lease was not ended before
  void end_check(const Task& task, CheckEnded fact, bool leased = true);
  /// \pre  the task waits, or is an orphan
  void drop(const Task& task, std::string why);
  /// Charges a token, unless it cost nothing.
  void spend(const CostSpent& fact);
  void set_status(LabId lab, LabStatus status, std::string reason, std::string who);
  /// Stopped at once if nothing of it runs, else stopping.
  void stop(LabId lab, std::string reason, std::string who);

  /// Of each lab that was touched: stops it if a limit holds, and lets it be stopped if it was
  /// stopping and its last lease ended. The last step of every decision that ends work.
  void settle();
  void settle(LabId lab, const LabSettings& settings);

  [[nodiscard]] Decision with(Reply reply) && {
    return {.changes = std::move(changes_), .reply = std::move(reply)};
  }

 private:
  void release(const Task& task, Standing& of_lab) const;
  void remeasure(Standing& of_lab, const Task& task, const std::optional<ExperimentNumber>& beside,
                 const Experiment& experiment) const;
  [[nodiscard]] TaskId next_task();
  static void wait(const Task& task, Standing& of_lab);

  const State& state_;
  Timestamp now_;
  std::vector<Change> changes_;
  std::map<LabId, Standing> standings_;
  std::uint64_t begun_ = 0;  // tasks, by this decision
};

}  // namespace swarmlab::swarm
