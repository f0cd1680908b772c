// The state from its records (load), and from the log of events (replay).
#include <string>
#include <utility>

#include "coordinator/store/codec.h"
#include "coordinator/store/keys.h"
#include "coordinator/store/meta.h"
#include "coordinator/store/replay.h"
#include "coordinator/store/store_impl.h"

namespace swarmlab::store {

namespace {

using swarm::State;

constexpr auto kAll = [] { return KeyRange{.from = {}, .to = {}, .backwards = false}; };

Result<void> load_numbers(const Database& database, State& state) {
  SWARMLAB_TRY(bytes, database.get(Family::meta, meta::kNumbersKey));
  if (!bytes) return {};  // nothing was committed yet
  SWARMLAB_TRY(numbers, numbers_from(*bytes));
  state.next_lab = numbers.next_lab;
  state.next_task = numbers.next_task;
  state.next_token = numbers.next_token;
  return {};
}

// An entry that an older build wrote does not say its parent: the experiment does.
Result<void> complete(const Database& database, const swarm::Lab& lab,
                      swarm::FrontierEntry& entry) {
  if (entry.parent || entry.number == lab.segment.baseline) return {};
  SWARMLAB_TRY(bytes, database.get(Family::experiments, keys::of(lab.id, entry.number)));
  if (!bytes) return {};
  SWARMLAB_TRY(experiment, experiment_from(*bytes));
  entry.parent = experiment.parent;
  return {};
}

// The record of a lab of an older build does not say where its baseline was measured.
Result<void> complete(const Database& database, swarm::Lab& lab) {
  if (!lab.segment.baseline_measured || lab.learned != judge::Learned{}) return {};
  SWARMLAB_TRY(bytes, database.get(Family::experiments, keys::of(lab.id, lab.segment.baseline)));
  if (!bytes) return {};
  SWARMLAB_TRY(baseline, experiment_from(*bytes));
  judge::learn_from_baseline(lab.learned, baseline.measurements);
  return {};
}

Result<void> load_frontier(const Database& database, swarm::Lab& lab) {
  return database.scan(Family::frontier, KeyRange::of_prefix(keys::of(lab.id)),
                       [&](std::string_view key, std::string_view value) -> Result<bool> {
                         SWARMLAB_TRY(kept, kept_from(value));
                         if (keys::of(lab.id, kept.entry.number) != key) {
                           return fail(ErrorCode::corrupt, "holds #{}, expected what the key says",
                                       kept.entry.number.value());
                         }
                         SWARMLAB_CHECK(complete(database, lab, kept.entry));
                         SWARMLAB_CHECK(put_back(lab, std::move(kept)));
                         return true;
                       });
}

Result<void> load_trees(const Database& database, swarm::Lab& lab) {
  return database.scan(Family::trees, KeyRange::of_prefix(keys::tree(lab.id, lab.segment.number)),
                       [&](std::string_view key, std::string_view value) -> Result<bool> {
                         SWARMLAB_TRY(number, number_from(value));
                         const auto tree = keys::last_object(key);
                         if (!tree) return fail(ErrorCode::corrupt, "expected a tree in the key");
                         lab.trees.emplace_hint(lab.trees.end(), *tree, number);
                         return true;
                       });
}

Result<void> load_labs(const Database& database, State& state) {
  SWARMLAB_CHECK(database.scan(
      Family::labs, kAll(), [&](std::string_view key, std::string_view value) -> Result<bool> {
        SWARMLAB_TRY(lab, lab_from(value));
        if (keys::of(lab.id) != key) {
          return fail(ErrorCode::corrupt, "holds lab {}, expected what the key says",
                      lab.id.value());
        }
        state.labs.emplace(lab.id, std::move(lab));
        return true;
      }));
  for (auto& [id, lab] : state.labs) {
    SWARMLAB_CHECK(load_frontier(database, lab));
    if (lab.best) SWARMLAB_CHECK(complete(database, lab, *lab.best));
    SWARMLAB_CHECK(load_trees(database, lab));
    SWARMLAB_CHECK(complete(database, lab));
  }
  return {};
}

Result<void> load_tasks(const Database& database, State& state) {
  return database.scan(
      Family::tasks, kAll(), [&](std::string_view key, std::string_view value) -> Result<bool> {
        SWARMLAB_TRY(task, task_from(value));
        if (keys::of(task.id) != key || !state.labs.contains(task.lab)) {
          return fail(ErrorCode::corrupt,
                      "holds task {} of lab {}, expected the key's, of a lab that is stored",
                      task.id.value(), task.lab.value());
        }
        state.tasks.emplace(task.id, std::move(task));
        return true;
      });
}

Result<void> load_workers(const Database& database, State& state) {
  return database.scan(Family::workers, kAll(),
                       [&](std::string_view, std::string_view value) -> Result<bool> {
                         SWARMLAB_TRY(worker, worker_from(value));
                         state.workers.emplace(worker.name, std::move(worker));
                         return true;
                       });
}

Result<State> load_from(const Database& database) {
  State state;
  SWARMLAB_CHECK(load_numbers(database, state));
  SWARMLAB_CHECK(load_labs(database, state));
  SWARMLAB_CHECK(load_tasks(database, state));
  SWARMLAB_CHECK(load_workers(database, state));
  swarm::rebuild_index(state);
  return state;
}

}  // namespace

Result<State> replay_from(const Database& database) {
  State state;
  Sequence expected{1};
  SWARMLAB_CHECK(database.scan(Family::events, kAll(),
                               [&](std::string_view, std::string_view value) -> Result<bool> {
                                 SWARMLAB_TRY(event, event_from(value));
                                 if (event.sequence != expected) {
                                   return fail(ErrorCode::corrupt, "holds event {}, expected {}",
                                               event.sequence.value(), expected.value());
                                 }
                                 swarm::evolve(state, event.change);
                                 expected = next(expected);
                                 return true;
                               }));
  return state;
}

Result<State> Store::load() const {
  auto state = load_from(impl_->database);
  if (!state) return impl_->here(state.error());
  return state;
}

Result<State> Store::replay() const {
  auto state = replay_from(impl_->database);
  if (!state) return impl_->here(state.error());
  return state;
}

}  // namespace swarmlab::store
