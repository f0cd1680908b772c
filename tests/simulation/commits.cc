#include "tests/simulation/commits.h"

#include <algorithm>
#include <cstring>

namespace swarmlab::simulation {
namespace {

constexpr std::size_t kEntry = 80;  // four names

std::string_view bytes_of(const ObjectId& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

ObjectId id_from(std::string_view bytes) {
  ObjectId id;
  std::memcpy(id.bytes.data(), bytes.data(), id.bytes.size());
  return id;
}

}  // namespace

ObjectId object_named(std::uint64_t kind, std::uint64_t first, std::uint64_t second) {
  Random names(mix(mix(mix(1469, kind), first), second));
  ObjectId id;
  const std::uint64_t words[] = {names.next(), names.next(), names.next()};
  std::memcpy(id.bytes.data(), words, id.bytes.size());
  return id;
}

std::uint64_t number_of(const ObjectId& object) {
  std::uint64_t number = 0;
  std::memcpy(&number, object.bytes.data(), sizeof number);
  return number;
}

double score_of(const ObjectId& tree) {
  return static_cast<double>(Random(number_of(tree)).below(10'000));
}

bool is_score_of(double score, const ObjectId& tree) {
  return score >= score_of(tree) && score < score_of(tree) + static_cast<double>(kNoise);
}

std::string to_pack(const std::vector<NamedCommit>& commits, std::size_t padding) {
  std::string pack = fmt::format("{:08}", commits.size());
  for (const NamedCommit& one : commits) {
    pack += bytes_of(one.id);
    pack += bytes_of(one.commit.tree);
    pack += bytes_of(one.commit.parent);
    pack += bytes_of(one.commit.merged);
  }
  pack.append(padding, 'p');
  std::uint64_t sum = 0;  // a pack ends with its hash
  for (const char c : pack) sum = sum * 31 + static_cast<unsigned char>(c);
  const ObjectId hash = object_named(6, sum);
  pack += bytes_of(hash);
  return pack;
}

Result<std::vector<NamedCommit>> from_pack(std::string_view pack) {
  std::vector<NamedCommit> commits;
  if (pack.size() < 8) return fail(ErrorCode::invalid_input, "no pack");
  const std::size_t count = std::strtoull(std::string(pack.substr(0, 8)).c_str(), nullptr, 10);
  pack.remove_prefix(8);
  if (pack.size() < count * kEntry) return fail(ErrorCode::invalid_input, "a torn pack");
  for (std::size_t i = 0; i < count; ++i, pack.remove_prefix(kEntry)) {
    commits.push_back({.id = id_from(pack),
                       .commit = {.tree = id_from(pack.substr(20)),
                                  .parent = id_from(pack.substr(40)),
                                  .merged = id_from(pack.substr(60))}});
  }
  return commits;
}

void CommitDisk::crash(bool power_loss, Random& random) {
  for (const auto& [id, commit] : loose) {
    if (!power_loss || random.one_in(2)) synced.emplace(id, commit);
  }
  loose.clear();
}

const Commit* Commits::find(const ObjectId& commit) const {
  const auto found = disk_.synced.find(commit);
  if (found != disk_.synced.end()) return &found->second;
  const auto loose = disk_.loose.find(commit);
  return loose == disk_.loose.end() ? nullptr : &loose->second;
}

Result<void> Commits::take(const store::IncomingPack& pack) {
  if (!pack.bytes.empty()) {
    SWARMLAB_TRY(commits, from_pack(pack.bytes));
    for (const NamedCommit& one : commits) disk_.loose.emplace(one.id, one.commit);
  }
  const Commit* commit = find(pack.commit);
  if (commit == nullptr) return fail(ErrorCode::invalid_input, "the commit is not here");
  if (commit->parent != pack.parent) return fail(ErrorCode::invalid_input, "another parent");
  if (commit->merged != pack.merged.value_or(ObjectId())) {
    return fail(ErrorCode::invalid_input, "merged with another");
  }
  if (commit->tree != pack.tree) return fail(ErrorCode::invalid_input, "another tree");
  return {};
}

Result<std::vector<Result<void>>> Commits::ingest(std::span<const store::IncomingPack> packs) {
  std::vector<Result<void>> results;
  for (const store::IncomingPack& pack : packs) results.push_back(take(pack));
  if (!good_ && world_.random.chance(plan_.failed_ingest)) {
    return fail(ErrorCode::internal, "objects: the disk failed to sync");
  }
  if (!power_.takes_it()) return results;  // nobody will hear of it
  for (const auto& [id, commit] : disk_.loose) disk_.synced.emplace(id, commit);
  disk_.loose.clear();
  return results;
}

Result<void> Commits::import_commit(const std::filesystem::path&, const ObjectId& commit) {
  if (has(commit)) return {};
  return fail(ErrorCode::not_found, "no commit {}", commit.brief());
}

bool Commits::has(const ObjectId& object) const {
  return find(object) != nullptr;
}

Result<ObjectId> Commits::tree_of(const ObjectId& commit) const {
  const Commit* found = find(commit);
  if (found == nullptr) return fail(ErrorCode::not_found, "no commit {}", commit.brief());
  return found->tree;
}

Result<std::string> Commits::make_pack(std::span<const ObjectId> wanted,
                                       std::span<const ObjectId> had) const {
  std::vector<NamedCommit> commits;
  for (const ObjectId& id : wanted) {
    const Commit* found = find(id);
    if (found == nullptr) return fail(ErrorCode::not_found, "no commit {}", id.brief());
    if (std::ranges::find(had, id) == had.end()) commits.push_back({.id = id, .commit = *found});
  }
  return to_pack(commits, 0);
}

Result<store::ObjectStore::Grafted> Commits::graft(const Graft& graft) {
  SWARMLAB_TRY(tree, tree_of(graft.commit));
  SWARMLAB_TRY(parent_tree, tree_of(graft.parent));
  static_cast<void>(parent_tree);
  const Grafted grafted{.commit = object_named(7, number_of(tree), number_of(graft.parent)),
                        .tree = tree};
  if (power_.takes_it()) {
    disk_.synced.emplace(grafted.commit, Commit{.tree = tree, .parent = graft.parent});
  } else {
    disk_.loose.emplace(grafted.commit, Commit{.tree = tree, .parent = graft.parent});
  }
  return grafted;
}

Result<std::string> Commits::diff_text(const ObjectId& parent, const ObjectId& commit,
                                       std::size_t /*max_bytes*/) const {
  return fmt::format("{} {}\n", parent.brief(), commit.brief());
}

}  // namespace swarmlab::simulation
