#include "worker/server/laid_out.h"

#include <filesystem>

#include "common/git/pack.h"
#include "common/git/pack_file.h"
#include "worker/workspace/workspace.h"

namespace swarmlab::worker {
namespace {

constexpr std::uint64_t kSmallPack = 4U << 20U;  // inflated: is held in memory

}  // namespace

std::vector<ObjectId> commits_for(const Assignment& assignment) {
  if (const auto& comparison = assignment.comparison) {
    return {assignment.lab_commit, comparison->candidate, comparison->reference};
  }
  std::vector<ObjectId> wanted = {assignment.lab_commit, assignment.parent_commit};
  if (const auto& merge = assignment.merge) {
    wanted.push_back(merge->commit);
    wanted.push_back(merge->base);
  }
  if (assignment.candidate) wanted.push_back(*assignment.candidate);
  return wanted;
}

Result<std::vector<sandbox::Mount>> workspace_mounts(const git::Repository& repository,
                                                     const ObjectId& tree, const Scope& scope,
                                                     const WorkspacePlaces& places) {
  SWARMLAB_TRY(listing, repository.list_tree(tree));
  const std::string base = places.lab.empty() ? "" : places.lab + "/";
  std::vector<sandbox::Mount> mounts;
  for (const MountPlan& plan : plan_mounts(listing, scope, {base + "lab.toml"})) {
    const std::string below = plan.path.empty() ? "" : "/" + plan.path;
    const std::string host = places.folder + below;
    std::error_code gone;
    if (!std::filesystem::exists(host, gone)) continue;
    mounts.push_back(
        {.kind = plan.writable ? sandbox::Mount::Kind::read_write : sandbox::Mount::Kind::read_only,
         .host = host,
         .inside = "/workspace" + below});
  }
  if (!places.data_inside.empty()) {
    mounts.push_back({.kind = sandbox::Mount::Kind::read_only,
                      .host = places.data,
                      .inside = "/workspace/" + places.data_inside});
  }
  return mounts;
}

Result<std::uint64_t> pack_candidate(const git::Repository& repository,
                                     const std::vector<ObjectId>& had, const std::string& file,
                                     SpooledReport& result) {
  const std::vector<ObjectId> wanted{*result.report.commit};
  SWARMLAB_TRY(small, git::is_small_pack(repository, wanted, had, kSmallPack));
  if (small) {
    SWARMLAB_TRY(pack, git::make_pack(repository, wanted, had));
    result.pack = std::move(pack);
    return result.pack.size();
  }
  result.pack_file = file;
  SWARMLAB_TRY(pack, git::write_pack_file(repository, wanted, had, file));
  return pack.bytes;
}

}  // namespace swarmlab::worker
