#include "coordinator/store/staging.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "common/wire/records.h"
#include "coordinator/store/codec.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/meta.h"

namespace swarmlab::store {

namespace {

using swarm::State;
using ExperimentKey = std::pair<LabId, ExperimentNumber>;

void stage_attachments(const AttachmentsOf& of, Batch& batch) {
  const auto put = [&](BlobKind kind, std::string_view bytes) {
    if (!bytes.empty()) batch.put(Family::blobs, keys::blob(of.lab, of.number, kind), bytes);
  };
  const Attachments& texts = of.attachments;
  if (!texts.samples.empty()) put(BlobKind::samples, to_bytes(texts.samples));
  put(BlobKind::agent_log, texts.agent_log);
  put(BlobKind::guard_log, texts.guard_log);
  put(BlobKind::evaluator_log, texts.evaluator_log);
  put(BlobKind::sketch, texts.sketch);
  if (!texts.transcript.empty()) put(BlobKind::transcript, wire::to_bytes(texts.transcript));
}

// Collects which records the changes touch, so that each is written once, as it is after the turn.
class Touched {
 public:
  Touched(const Database& database, const State& after) : database_(database), after_(after) {}

  Result<void> operator()(const swarm::LabOpened& fact) {
    numbers_ = true;
    labs_.insert(fact.lab);
    return {};
  }
  Result<void> operator()(const swarm::SettingsChanged& fact) {
    labs_.insert(fact.lab);
    return {};
  }
  Result<void> operator()(const swarm::SegmentBegan& fact) {
    labs_.insert(fact.lab);
    new_segments_.insert(fact.lab);
    return {};
  }
  Result<void> operator()(const swarm::LabStatusChanged& fact) {
    labs_.insert(fact.lab);
    return {};
  }
  Result<void> operator()(const swarm::TaskCreated& fact) {
    numbers_ = true;
    created_.insert(fact.task);
    touch_task(fact.task);
    labs_.insert(fact.lab);
    touch_parent(fact.lab, fact.parent);
    return {};
  }
  Result<void> operator()(const swarm::LeaseGranted& fact) {
    numbers_ = true;
    touch_task(fact.task);
    return {};
  }
  Result<void> operator()(const swarm::LeaseEnded& fact) {
    touch_task(fact.task);
    return {};
  }
  Result<void> operator()(const swarm::TaskDropped& fact) {
    touch_task(fact.task);
    labs_.insert(fact.lab);
    return {};
  }
  Result<void> operator()(const swarm::CostSpent& fact) {
    touch_task(fact.task);
    labs_.insert(fact.lab);
    return charge_decided(fact);
  }
  Result<void> operator()(const swarm::CandidateMeasured& fact) {
    touch_task(fact.task);
    labs_.insert(fact.lab);
    touch_parent(fact.lab, fact.beside);
    return {};
  }
  Result<void> operator()(const swarm::ExperimentFinished& fact) {
    const Experiment& experiment = fact.experiment;
    touch_task(experiment.task);
    labs_.insert(experiment.lab);
    touch_parent(experiment.lab, experiment.parent);
    touch_parent(experiment.lab, fact.beside);
    for (const Measurement& run : experiment.measurements) touch_worker(run.worker);
    frontier_.emplace(experiment.lab, experiment.number);
    experiments_.insert_or_assign({experiment.lab, experiment.number}, experiment);
    finished_.emplace(experiment.lab, experiment.number);
    return {};
  }
  Result<void> operator()(const swarm::PromotionProposed& fact) { return touch_climb(fact); }
  Result<void> operator()(const swarm::Promoted& fact) { return touch_climb(fact); }
  Result<void> operator()(const swarm::PromotionRejected& fact) { return touch_climb(fact); }
  Result<void> operator()(const swarm::CheckBegan& fact) {
    numbers_ = true;
    created_.insert(fact.task);
    tasks_.insert(fact.task);
    return touch_climb(fact);
  }
  Result<void> operator()(const swarm::CheckEnded& fact) {
    tasks_.insert(fact.task);
    return touch_climb(fact);
  }
  Result<void> operator()(const swarm::WorkerJoined& fact) {
    workers_.insert(fact.worker.name);
    return {};
  }
  Result<void> operator()(const swarm::WorkerQuarantined& fact) {
    workers_.insert(fact.worker);
    if (!fact.measures_only) return {};
    for (const auto& [name, worker] : after_.workers) workers_.insert(name);
    return {};
  }
  Result<void> operator()(const swarm::WorkerReleased& fact) {
    workers_.insert(fact.worker);
    return {};
  }
  Result<void> operator()(const swarm::WorkerForgotten& fact) {
    workers_.insert(fact.worker);
    return {};
  }
  Result<void> operator()(const swarm::TimeSkipped&) {
    for (const auto& [lab, of_lab] : after_.labs) {
      if (of_lab.budget.running_since) labs_.insert(lab);
    }
    return {};
  }
  // Told by the log alone: a restart looks anew.
  Result<void> operator()(const swarm::AlarmRaised&) { return {}; }
  Result<void> operator()(const swarm::AlarmCleared&) { return {}; }
  Result<void> operator()(const swarm::WorkerReserved&) { return {}; }
  Result<void> operator()(const swarm::BackupRestored&) {
    numbers_ = true;
    for (const auto& [id, lab] : after_.labs) labs_.insert(id);
    return {};
  }
  Result<void> operator()(const swarm::HintGiven& fact) {
    labs_.insert(fact.lab);
    return {};
  }
  Result<void> operator()(const swarm::HintWithdrawn& fact) {
    labs_.insert(fact.lab);
    return {};
  }
  Result<void> operator()(const swarm::ExperimentRejected& fact) {
    labs_.insert(fact.lab);
    frontier_.emplace(fact.lab, fact.experiment);
    SWARMLAB_TRY(experiment, decided({fact.lab, fact.experiment}));
    if (experiment != nullptr) experiment->rejection = fact.rejection;
    return {};
  }
  Result<void> operator()(const swarm::ProviderFailed& fact) {
    labs_.insert(fact.lab);
    return {};
  }
  Result<void> operator()(const swarm::ProviderAnswered& fact) {
    labs_.insert(fact.lab);
    return {};
  }
  Result<void> operator()(const swarm::HypothesisAnnounced&) { return {}; }
  Result<void> operator()(const swarm::WorkerSeen&) { return {}; }
  Result<void> operator()(const swarm::SlotServed&) { return {}; }
  Result<void> operator()(const swarm::WorkerGone&) { return {}; }
  Result<void> operator()(const swarm::LeaseExtended&) { return {}; }

  Result<void> stage(Batch& batch) const {
    if (numbers_) stage_numbers(batch);
    for (const LabId lab : labs_) {
      batch.put(Family::labs, keys::of(lab), to_bytes(after_.labs.at(lab)));
    }
    for (const TaskId task : tasks_) stage_task(task, batch);
    for (const WorkerName& worker : workers_) {
      const auto known = after_.workers.find(worker);
      if (known == after_.workers.end()) {
        batch.remove(Family::workers, worker.value());
      } else {
        batch.put(Family::workers, worker.value(), to_bytes(known->second));
      }
    }
    stage_frontier(batch);
    for (const auto& [key, experiment] : experiments_) {
      batch.put(Family::experiments, keys::of(key.first, key.second), to_bytes(experiment));
    }
    for (const ExperimentKey& key : finished_) {
      SWARMLAB_CHECK(stage_indexes(experiments_.at(key), batch));
    }
    return {};
  }

 private:
  // A lease also moves its lab's budget; of a task that is gone, the end of it names the lab.
  void touch_task(TaskId task) {
    tasks_.insert(task);
    const auto open = after_.tasks.find(task);
    if (open == after_.tasks.end()) return;
    labs_.insert(open->second.lab);
    touch_parent(open->second.lab, open->second.parent);
  }

  // Pairs say of those that measured them how far off they are.
  void touch_worker(const WorkerName& worker) {
    if (after_.workers.contains(worker)) workers_.insert(worker);
  }

  // What became of a kept candidate is in its record.
  template <class Fact>
  Result<void> touch_climb(const Fact& fact) {
    labs_.insert(fact.lab);
    frontier_.emplace(fact.lab, fact.experiment);
    return {};
  }

  void touch_parent(LabId lab, const std::optional<ExperimentNumber>& parent) {
    if (parent) frontier_.emplace(lab, *parent);
  }

  // An experiment that was decided before, in this turn or an earlier one; null: it is not decided.
  Result<Experiment*> decided(const ExperimentKey& key) {
    auto found = experiments_.find(key);
    if (found == experiments_.end()) {
      SWARMLAB_TRY(bytes, database_.get(Family::experiments, keys::of(key.first, key.second)));
      if (!bytes) return static_cast<Experiment*>(nullptr);
      SWARMLAB_TRY(experiment, experiment_from(*bytes));
      found = experiments_.emplace(key, std::move(experiment)).first;
    }
    return &found->second;
  }

  // It had one more attempt.
  Result<void> charge_decided(const swarm::CostSpent& fact) {
    if (after_.tasks.contains(fact.task)) return {};
    SWARMLAB_TRY(found, decided({fact.lab, fact.experiment}));
    if (found == nullptr) return {};  // it ends later in this turn, or the task was dropped
    Experiment& experiment = *found;
    if (std::ranges::count(experiment.charged, fact.token) > 0) return {};
    experiment.charged.push_back(fact.token);
    experiment.cost.usd = MicroUsd(experiment.cost.usd.value() + fact.cost.usd.value());
    experiment.cost.input_tokens += fact.cost.input_tokens;
    experiment.cost.output_tokens += fact.cost.output_tokens;
    return {};
  }

  void stage_numbers(Batch& batch) const {
    const SwarmNumbers numbers{.next_lab = after_.next_lab,
                               .next_task = after_.next_task,
                               .next_token = after_.next_token};
    batch.put(Family::meta, meta::kNumbersKey, to_bytes(numbers));
  }

  void stage_task(TaskId task, Batch& batch) const {
    if (const auto open = after_.tasks.find(task); open != after_.tasks.end()) {
      batch.put(Family::tasks, keys::of(task), to_bytes(open->second));
    } else if (!created_.contains(task)) {
      batch.remove(Family::tasks, keys::of(task));
    }
  }

  // Entries come and change one by one. They go together when a segment ends, or when people reject
  // them.
  void stage_frontier(Batch& batch) const {
    for (const LabId lab : new_segments_) {
      batch.remove_prefix(Family::frontier, keys::of(lab));
      for (const auto& [number, entry] : after_.labs.at(lab).frontier) {
        batch.put(Family::frontier, keys::of(lab, number),
                  to_bytes(kept_of(after_.labs.at(lab), entry)));
      }
    }
    for (const auto& [lab, number] : frontier_) {
      if (new_segments_.contains(lab)) continue;
      const auto& frontier = after_.labs.at(lab).frontier;
      if (const auto entry = frontier.find(number); entry != frontier.end()) {
        batch.put(Family::frontier, keys::of(lab, number),
                  to_bytes(kept_of(after_.labs.at(lab), entry->second)));
      } else if (after_.labs.at(lab).rejected.contains(number)) {
        batch.remove(Family::frontier, keys::of(lab, number));
      }
    }
  }

  Result<void> stage_indexes(const Experiment& experiment, Batch& batch) const {
    if (const auto score = experiment.score()) {
      batch.put(Family::experiments_by_score,
                keys::by_score(experiment.lab, experiment.segment, *score, experiment.number), {});
    }
    if (experiment.parent) {
      batch.put(Family::experiments_by_parent,
                keys::by_parent(experiment.lab, *experiment.parent, experiment.number), {});
    }
    if (!experiment.tree || !swarm::makes_tree_known(experiment)) return {};
    const std::string key = keys::tree(experiment.lab, experiment.segment, *experiment.tree);
    SWARMLAB_TRY(first, has_tree_first(experiment, key));
    if (first) batch.put(Family::trees, key, to_bytes(experiment.number));
    return {};
  }

  // Whose the tree is follows from memory, which has the trees of the current segment only.
  [[nodiscard]] Result<bool> has_tree_first(const Experiment& experiment,
                                            const std::string& key) const {
    const swarm::Lab& lab = after_.labs.at(experiment.lab);
    if (lab.segment.number == experiment.segment) {
      const auto known = lab.trees.find(*experiment.tree);
      return known != lab.trees.end() && known->second == experiment.number;
    }
    SWARMLAB_TRY(known, database_.get(Family::trees, key));
    return !known.has_value();
  }

  const Database& database_;
  const State& after_;
  bool numbers_ = false;
  std::set<LabId> labs_;
  std::set<LabId> new_segments_;
  std::set<TaskId> tasks_;
  std::set<TaskId> created_;
  std::set<WorkerName> workers_;
  std::set<ExperimentKey> frontier_;
  std::set<ExperimentKey> finished_;
  std::map<ExperimentKey, Experiment> experiments_;
};

}  // namespace

Result<Staged> stage(const Database& database, const Turn& turn) {
  Staged staged{.batch = Batch(), .last = turn.last};
  Touched touched(database, turn.after);
  for (const swarm::Change& change : turn.changes) {
    if (!swarm::is_stored(change)) continue;
    staged.last = next(staged.last);
    staged.batch.put(Family::events, keys::of(staged.last), to_bytes(staged.last, turn.at, change));
    SWARMLAB_CHECK(std::visit(touched, change));
  }
  SWARMLAB_CHECK(touched.stage(staged.batch));
  for (const AttachmentsOf& of : turn.attachments) stage_attachments(of, staged.batch);
  return staged;
}

}  // namespace swarmlab::store
