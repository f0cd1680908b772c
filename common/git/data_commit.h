// Data that is no part of the user's repository, as a commit that git can carry: its tree is the
// folder, and its id follows from that tree alone, so that the same data is the same commit
// wherever it is made.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/git/folder_manifest.h"
#include "common/git/pack_file.h"
#include "common/model/object_id.h"
#include "common/result.h"

namespace swarmlab::git {

/// The commit of data with this tree.
[[nodiscard]] ObjectId data_commit_of(const ObjectId& tree);

struct DataPack {
  ObjectId commit;
  FolderManifest manifest;
  PackInfo pack;
};

/// Told how many bytes of how many were taken in; from the calling thread, now and then.
using Progress = std::function<void(std::uint64_t done, std::uint64_t all)>;

/// A pack with the commit of `folder` and all below it, as a file at `path`: the same bytes
/// whenever it is made of the same data. Reads all twice, in pieces. Errors as
/// FolderHasher::hash().
[[nodiscard]] Result<DataPack> write_data_pack(const std::string& folder, const std::string& path,
                                               const Progress& progress = {});

/// The data of `folder` into a repository of ours; costs little if it is there.
[[nodiscard]] Result<DataPack> import_data(const std::string& folder, Repository& to,
                                           const Progress& progress = {});

}  // namespace swarmlab::git
