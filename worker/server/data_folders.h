// The data of labs, as folders of this host that sandboxes see read-only: checked out of objects
// once, however many slots and attempts use it; or what lies on this host already, if it is what
// the lab was opened with. Two hosts with different data at the same path must be found out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "common/git/folder_manifest.h"
#include "common/git/repository.h"
#include "common/model/lab.h"
#include "common/result.h"

namespace swarmlab::worker {

/// Thread-safe.
class DataFolders {
 public:
  // What lies in a checkout or on this host anyway has no folder here: `folder` is empty.
  struct InUse {
    std::string folder;
    std::shared_ptr<const void> held;  // the folder stays while this lives
  };
  /// The coordinator's manifest of the data of this hash (common/git/folder_manifest.h).
  using GetManifest = std::function<Result<std::string>(const ObjectId& hash)>;

  /// Checkouts are kept in `folder`, which must be ours alone, within `max_bytes` and what is in
  /// use.
  DataFolders(std::string folder, std::uint64_t max_bytes)
      : folder_(std::move(folder)), max_bytes_(max_bytes) {}

  /// \return  invalid_input if the data at a path of this host is not what `expected` says: the
  ///          message names the first file that differs, as far as the manifest tells
  Result<void> verify(const DataSource& data, const ObjectId& expected,
                      const GetManifest& manifest = {});

  /// Whether data that is shipped lies on this host, at the place that it comes from.
  bool is_in_place(const DataSource& data, const ObjectId& expected);

  /// The tree as a folder. \pre  `repository` has it with all that it names
  Result<InUse> check_out(const git::Repository& repository, const ObjectId& tree);

  /// Whether the tree is worth a folder that attempts share.
  Result<bool> is_large(const git::Repository& repository, const ObjectId& tree);

 private:
  struct Folder {
    std::string path;
    std::uint64_t bytes = 0;
    std::uint64_t used = 0;  // when, counted in uses
  };
  Result<git::FolderManifest> hash(const std::string& folder);
  Result<void> open();
  void evict();

  const std::string folder_;
  const std::uint64_t max_bytes_;
  std::mutex hashing_;
  git::FolderHasher hasher_;
  std::mutex mutex_;  // guards what follows
  bool opened_ = false;
  std::uint64_t uses_ = 0;
  std::map<ObjectId, std::shared_ptr<Folder>> folders_;
  std::map<ObjectId, std::uint64_t> sizes_;
};

}  // namespace swarmlab::worker
