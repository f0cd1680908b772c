// The store: all that must survive, in RocksDB. Every decided change as an event, and the records
// that the events add up to, written together in one synced batch a turn (group commit).
//
// It keeps its side of I1 (what commit() acknowledged is there for good, or the process is told to
// end), and of I6: load() reads records, replay() evolves the events, and both give the same facts.
// History (experiments, events, attachments) is read by bounded queries and never held in memory.
//
// Threads: one thread opens, commits and closes. Queries may run on other threads meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "common/model/report.h"
#include "common/result.h"
#include "coordinator/store/disk_space.h"
#include "coordinator/swarm/change.h"
#include "coordinator/swarm/state.h"

namespace rocksdb {
class Env;
}

namespace swarmlab::store {

inline constexpr std::uint32_t kSchemaVersion = 4;  // of what this build writes
inline constexpr std::uint32_t kOldestReadable = 1;

struct StoreOptions {
  // Below this many free bytes nothing is written: RocksDB aborts the process on a full disk.
  std::uint64_t reserve_bytes = 256ULL << 20U;
  // Given back by open() when the disk is so full that even opening is a risk. 0: none.
  std::uint64_t ballast_bytes = 64ULL << 20U;
  bool restores = false;  // opened by the restore that is not done: no other may
  // For tests that inject faults; both must outlive the store.
  rocksdb::Env* env = nullptr;
  std::function<std::uint64_t()> free_bytes{};  // instead of what the file system says
};

struct AttachmentsOf {
  LabId lab;
  ExperimentNumber number;
  Attachments attachments;
};

struct StoredEvent {
  Sequence sequence;
  Timestamp at;
  swarm::Change change;
  bool operator==(const StoredEvent&) const = default;
};

class Store {
 public:
  /// Opens the store in folder `path`, or creates it. Refuses, with nothing changed: a store that
  /// another process has open (conflict), one of a newer or too old schema (invalid_input), one
  /// that lost its files or whose logs are damaged (corrupt), one that a restore did not finish
  /// (conflict), and one on a disk that is full (unavailable).
  static Result<Store> open(const std::filesystem::path& path, const StoreOptions& options = {});

  /// For queries while no coordinator runs: writes nothing, commit() is refused.
  /// not_found if there is no store, conflict if a coordinator has it open.
  static Result<Store> open_read_only(const std::filesystem::path& path,
                                      const StoreOptions& options = {});

  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();  // closes

  /// The state as the last commit left it (presence is empty). Reads labs, open tasks, workers,
  /// frontier and trees: its cost does not grow with history otherwise.
  [[nodiscard]] Result<swarm::State> load() const;

  /// What load() must be equal to (same_facts): all events, evolved from nothing. Slow.
  [[nodiscard]] Result<swarm::State> replay() const;

  /// Unavailable while the disk has less free than the reserve. To be asked before a burst is
  /// decided: nothing has happened then, and peers may simply try again. Costs one statvfs.
  [[nodiscard]] Result<void> has_room() const;

  /// The same, by the marks that come before it, as if `incoming` bytes were written already.
  /// `read_only` if it cannot be told.
  [[nodiscard]] DiskRoom disk_room(std::uint64_t incoming = 0) const;

  /// Unavailable from the mark on at which candidates stay with their workers.
  [[nodiscard]] Result<void> takes_packs() const;

  /// Makes the changes of a turn durable, in one synced write. `after` is the state that they were
  /// evolved into, `at` the instant of the turn; `attachments` belong to experiments that finished
  /// in it. Changes that are not stored (swarm::is_stored) are skipped; nothing to store is no
  /// write. On any error memory is ahead of the disk and whether the write happened is unknown: no
  /// reply may leave, the process must end, and a restart loads what is true. Until then every
  /// later commit is refused.
  Result<void> commit(std::span<const swarm::Change> changes, const swarm::State& after,
                      Timestamp at, std::span<const AttachmentsOf> attachments = {});

  // Queries. Each is bounded by `limit`. "not there" is an empty optional or vector; an error means
  // that the store is corrupt (which column family, which key) or cannot be read.

  [[nodiscard]] Result<std::optional<Experiment>> experiment(LabId lab,
                                                             ExperimentNumber number) const;
  /// By number, those above `after` (0: from the first).
  [[nodiscard]] Result<std::vector<Experiment>> experiments(LabId lab, ExperimentNumber after,
                                                            std::size_t limit) const;
  /// The newest first.
  [[nodiscard]] Result<std::vector<Experiment>> newest(LabId lab, std::size_t limit) const;
  /// The best first; at equal scores the older first. Only those that have a score.
  [[nodiscard]] Result<std::vector<Experiment>> experiments_by_score(LabId lab,
                                                                     SegmentNumber segment,
                                                                     std::size_t limit,
                                                                     Direction direction) const;
  /// The experiments that started from `parent`, above `after`, by number.
  [[nodiscard]] Result<std::vector<ExperimentNumber>> children(LabId lab, ExperimentNumber parent,
                                                               ExperimentNumber after,
                                                               std::size_t limit) const;
  /// The experiment whose candidate has this tree, in any segment: current or past.
  [[nodiscard]] Result<std::optional<ExperimentNumber>> tree(LabId lab, SegmentNumber segment,
                                                             const ObjectId& tree) const;
  /// Empty attachments if the experiment has none.
  [[nodiscard]] Result<Attachments> attachments(LabId lab, ExperimentNumber number) const;
  /// Of the attachments the sketch alone; empty if there is none.
  [[nodiscard]] Result<std::string> sketch(LabId lab, ExperimentNumber number) const;
  /// A consistent copy of the store as of some moment of the call, in the folder `to`, which must
  /// not be there, on the same file system. From any thread; commits go on meanwhile.
  [[nodiscard]] Result<void> checkpoint(const std::filesystem::path& to) const;

  /// By sequence, those above `after` (0: from the first).
  [[nodiscard]] Result<std::vector<StoredEvent>> events(Sequence after, std::size_t limit) const;
  /// Of the last stored event; 0: none.
  [[nodiscard]] Sequence last_sequence() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::store
