// Refs for people, so that `git log` works on objects.git and `git gc` keeps every candidate:
// refs/swarmlab/LAB/exp/N, .../kept/N and .../best.
//
// They follow the log of events, behind the turn: nothing waits for them and nothing is decided by
// them. They are written as one sorted file (git's packed-refs) together, as hundreds of thousands
// of files of their own would be slow to write and to list. A mark beside it says up to which
// event, and the checksum of the file: after a crash they go on from there, and a file that is not
// as it was written is made anew.
//
// Threads: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "common/model/object_id.h"
#include "common/result.h"
#include "common/strong_id.h"
#include "coordinator/store/packed_refs.h"
#include "coordinator/store/store.h"

namespace swarmlab::store {

/// "refs/swarmlab/LAB": what git refuses in the name of a ref is written as %XX.
[[nodiscard]] std::string ref_folder(std::string_view lab);

class Refs {
 public:
  /// Of the bare repository in `folder`.
  static Result<Refs> open(const std::filesystem::path& folder);

  /// Reads at most `max_events` further events. Writes when something was kept, or when enough has
  /// come together to be worth writing the file anew. \return whether there may be more events.
  Result<bool> follow(const Store& store, const swarm::State& state,
                      std::size_t max_events = 10'000);
  /// Writes what is pending: before the process ends.
  Result<void> flush();

 private:
  Refs(std::filesystem::path folder, Sequence mark, PackedRefs found)
      : folder_(std::move(folder)), read_(mark), written_(mark), file_(std::move(found)) {}

  void take(const swarm::ExperimentFinished& fact, const swarm::State& state);
  Result<void> take(const swarm::ExperimentRejected& fact, const Store& store,
                    const swarm::State& state);
  // Says the folder of its lab's refs; nothing if it has no candidate, or its lab is gone.
  void name_champion(LabId id, const swarm::State& state);
  std::optional<std::string> name_candidate(const Experiment& experiment,
                                            const swarm::State& state);

  std::filesystem::path folder_;
  Sequence read_;        // the last event that was looked at
  Sequence written_;     // the last one that the file knows
  PackedRefs file_;      // as it was written
  bool urgent_ = false;  // something was kept
  std::map<std::string, ObjectId> pending_;
};

}  // namespace swarmlab::store
