// The turn: decide a burst of commands, make it durable, and only then let the answers go.
//
// It owns the state, the store and the objects. What a peer is told is on disk (I1), and every
// commit that a record names is in the object store before the record is (I5).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/model/report.h"
#include "common/os/clock.h"
#include "common/result.h"
#include "coordinator/server/fact_log.h"
#include "coordinator/server/history.h"
#include "coordinator/server/lines.h"
#include "coordinator/server/similar.h"
#include "coordinator/server/tally.h"
#include "coordinator/store/object_store.h"
#include "coordinator/store/refs.h"
#include "coordinator/store/store.h"
#include "coordinator/swarm/command.h"

namespace swarmlab::server {

// A command on its way in, with what came along for a report.
struct Step {
  swarm::Command command;
  Attachments attachments;          // of a report
  std::span<const std::byte> pack;  // of a report with a new candidate; may be empty
  std::shared_ptr<git::StagedPack> staged = nullptr;  // or a large one, checked already
  std::string broken = {};                            // why the pack that came is of no use
};

// Threads: the coordinator's own thread only.
class Engine {
 public:
  /// Loads the state. \return  the store's error, or corrupt.
  static Result<std::unique_ptr<Engine>> open(store::Store store,
                                              std::unique_ptr<store::ObjectStore> objects,
                                              store::Refs refs, swarm::Rules rules, Clock& clock);

  /// Runs one turn. One reply a step, in order.
  /// \return  an error if the commit failed: no reply may leave and the process must end, since
  ///          memory is ahead of the disk and only a restart makes them equal again.
  [[nodiscard]] Result<std::vector<swarm::Reply>> turn(std::vector<Step> steps);

  /// All that a worker needs for a task that was just granted to it, but the briefing.
  [[nodiscard]] Result<Assignment> assignment(TaskId task) const;

  /// What the agent of a leased task is told, as of now; of a baseline: nothing. It is long, and
  /// not every lease gets as far as an agent: so it is made when it is asked for.
  [[nodiscard]] Result<Briefing> briefing(TaskId task) const;

  /// Lets the refs follow what was decided, and folds packs together; between turns.
  Result<void> tidy();
  /// tidy(), and all refs on disk: before the process ends. A start that finds them behind brings
  /// them up to date: it does not have to end when `hurry` says so.
  Result<void> close(const std::function<bool()>& hurry = [] { return false; });

  /// The measured candidate that a change to the parent of a leased task is nearly the same as.
  [[nodiscard]] std::optional<NearDuplicate> near_duplicate(const swarm::Task& task,
                                                            std::string_view sketch) const;

  /// Holds from the next turn on.
  void set_rules(const swarm::Rules& rules) { rules_ = rules; }

  [[nodiscard]] const swarm::State& state() const { return state_; }
  [[nodiscard]] const store::Store& store() const { return store_; }
  [[nodiscard]] store::ObjectStore& objects() { return *objects_; }
  [[nodiscard]] const store::ObjectStore& objects() const { return *objects_; }
  [[nodiscard]] const swarm::Rules& rules() const { return rules_; }
  /// Never earlier than what is stored.
  [[nodiscard]] Timestamp now() { return clock_.now() + ahead_; }
  /// Of the machine's clock, which was set back since the newest event.
  [[nodiscard]] Milliseconds ahead() const { return ahead_; }
  [[nodiscard]] Tally& tally() { return tally_; }

 private:
  Engine(store::Store store, std::unique_ptr<store::ObjectStore> objects, store::Refs refs,
         swarm::Rules rules, Clock& clock, swarm::State state);
  struct Draft;
  [[nodiscard]] Result<const swarm::Task*> leased(TaskId task) const;
  Result<std::optional<Timestamp>> go_on_from_newest();
  Result<void> fill_history();
  Result<void> look_up_decided(std::vector<Step>& steps) const;
  Result<void> ingest_candidates(std::vector<Step>& steps, const store::DiskRoom& room);
  void check_baseline(Report& report, const swarm::Task& task) const;
  static void check_candidate(Report& report, const swarm::Candidate& candidate);
  void decide_step(Draft& draft, Step& step, Timestamp now);
  void keep_attachments(Draft& draft, Step& step, const swarm::Change& change);
  void mark_near_duplicates(std::vector<Step>& steps) const;
  void count_lines(std::vector<Step>& steps);

  store::Store store_;
  std::unique_ptr<store::ObjectStore> objects_;
  store::Refs refs_;
  swarm::Rules rules_;
  Clock& clock_;
  Milliseconds ahead_{0};  // of the clock, which was set back since the newest event
  swarm::State state_;
  History history_;
  Similar similar_;
  LineCounter lines_;
  FactLog fact_log_;
  Tally tally_;
};

}  // namespace swarmlab::server
