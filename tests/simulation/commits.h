// Commits without git: a commit is a tree and a parent, a pack is a list of them, and a tree's name
// says its score. And where a coordinator keeps them: what is not synced is lost with the power.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "coordinator/store/object_store.h"
#include "tests/coordinator/store/faulty_disk.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/world.h"

namespace swarmlab::simulation {

struct Commit {
  ObjectId tree;
  ObjectId parent;
  ObjectId merged{};  // its second parent; zero: none
  bool operator==(const Commit&) const = default;
};

/// The same name for the same words.
[[nodiscard]] ObjectId object_named(std::uint64_t kind, std::uint64_t first,
                                    std::uint64_t second = 0);
[[nodiscard]] std::uint64_t number_of(const ObjectId& object);
/// Of a candidate of this tree, whoever measures it.
[[nodiscard]] double score_of(const ObjectId& tree);
/// A noisy run adds less than this.
inline constexpr std::uint64_t kNoise = 2'000;
[[nodiscard]] bool is_score_of(double score, const ObjectId& tree);

struct NamedCommit {
  ObjectId id;
  Commit commit;
};
[[nodiscard]] std::string to_pack(const std::vector<NamedCommit>& commits, std::size_t padding);
/// invalid_input if the bytes are no pack.
[[nodiscard]] Result<std::vector<NamedCommit>> from_pack(std::string_view pack);

// What survives the coordinator's process.
struct CommitDisk {
  std::map<ObjectId, Commit> synced;
  std::map<ObjectId, Commit> loose;
  void crash(bool power_loss, Random& random);
};

class Commits final : public store::ObjectStore {
 public:
  Commits(World& world, const Plan& plan, CommitDisk& disk, store::Disk& power, const bool& good)
      : world_(world), plan_(plan), disk_(disk), power_(power), good_(good) {}

  Result<std::vector<Result<void>>> ingest(std::span<const store::IncomingPack> packs) override;
  Result<void> import_commit(const std::filesystem::path& from, const ObjectId& commit) override;
  [[nodiscard]] bool has(const ObjectId& object) const override;
  [[nodiscard]] Result<ObjectId> tree_of(const ObjectId& commit) const override;
  [[nodiscard]] Result<std::string> make_pack(std::span<const ObjectId> wanted,
                                              std::span<const ObjectId> had) const override;
  [[nodiscard]] Result<std::string> diff_text(const ObjectId& parent, const ObjectId& commit,
                                              std::size_t max_bytes) const override;
  Result<Grafted> graft(const Graft& graft) override;
  Result<void> compact_if_needed() override { return {}; }

 private:
  Result<void> take(const store::IncomingPack& pack);
  [[nodiscard]] const Commit* find(const ObjectId& commit) const;

  World& world_;
  const Plan& plan_;
  CommitDisk& disk_;
  store::Disk& power_;
  const bool& good_;
};

}  // namespace swarmlab::simulation
