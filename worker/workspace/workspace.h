// The folder that an agent works in: the parent's tree, and which parts of it the sandbox may
// write.
#pragma once

#include <string>
#include <vector>

#include "common/git/repository.h"
#include "common/lab/scope.h"
#include "common/result.h"

namespace swarmlab::worker {

struct MountPlan {
  std::string path;  // relative to the workspace; "" is all of it
  bool writable = false;
  bool operator==(const MountPlan&) const = default;
};

constexpr std::size_t kMaxMounts = 300;

/// Checks the tree out into a fresh folder (which must not exist or be empty).
/// \param leave_out  a folder of the tree that stays empty, for a mount; "" is none
[[nodiscard]] Result<void> prepare(const git::Repository& repository, const ObjectId& tree,
                                   const std::string& folder, const std::string& leave_out = {});

/// Binds for the sandbox, in the order in which to make them: the whole workspace writable, then
/// over it, read-only, each top-most entry that holds nothing editable. An editor can so replace an
/// editable file by rename. New files beside them can be written too: collect() finds those. If
/// that took more than kMaxMounts, only `protect` is bound read-only (paths of the lab's own, as
/// far as they are not editable), and collect() is what holds the scope.
[[nodiscard]] std::vector<MountPlan> plan_mounts(const std::vector<git::TreeEntry>& listing,
                                                 const Scope& scope,
                                                 const std::vector<std::string>& protect);

}  // namespace swarmlab::worker
