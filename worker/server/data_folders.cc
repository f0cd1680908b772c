#include "worker/server/data_folders.h"

#include <cstdio>
#include <filesystem>

#include "common/git/checkout.h"
#include "common/log/log.h"
#include "common/os/file.h"
#include "worker/server/since_boot.h"

namespace swarmlab::worker {
namespace {

constexpr std::uint64_t kLarge = 4U << 20U;  // less is checked out with the rest

}  // namespace

Result<git::FolderManifest> DataFolders::hash(const std::string& folder) {
  const std::lock_guard lock(hashing_);
  return hasher_.hash(folder);
}

Result<void> DataFolders::verify(const DataSource& data, const ObjectId& expected,
                                 const GetManifest& get_manifest) {
  if (data.kind != DataSource::Kind::host_path) return {};
  SWARMLAB_TRY(here, hash(data.path));
  if (here.tree == expected) return {};
  std::string difference;
  if (const auto theirs = get_manifest ? get_manifest(expected) : Result<std::string>("")) {
    if (const auto first = git::first_difference(here, *theirs)) difference = *first + "; ";
  }
  return fail(ErrorCode::invalid_input,
              "the data at {} is not what the lab was opened with: {}it hashes to {}, expected {}",
              data.path, difference, here.tree.brief(), expected.brief());
}

bool DataFolders::is_in_place(const DataSource& data, const ObjectId& expected) {
  std::error_code error;
  if (!std::filesystem::is_directory(data.path, error)) return false;
  const auto here = hash(data.path);
  return here && here->tree == expected;
}

// Takes what an earlier process left: it may go when there is no room.
Result<void> DataFolders::open() {
  SWARMLAB_CHECK(make_folder_of_this_boot(folder_));
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder_, error), end; !error && it != end;
       it.increment(error)) {
    const std::string path = it->path().string();
    const auto tree = ObjectId::from_hex(it->path().filename().string());
    if (!tree) continue;
    std::uint64_t bytes = 0;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path, ignored)) {
      if (entry.is_regular_file(ignored)) bytes += entry.file_size(ignored);
    }
    folders_[*tree] = std::make_shared<Folder>(Folder{.path = path, .bytes = bytes, .used = 0});
  }
  return {};
}

Result<bool> DataFolders::is_large(const git::Repository& repository, const ObjectId& tree) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = sizes_.find(tree);
    if (known != sizes_.end()) return known->second > kLarge;
  }
  SWARMLAB_TRY(entries, repository.list_tree(tree));
  std::uint64_t bytes = 0;
  for (const git::TreeEntry& entry : entries) {
    if (entry.leaf.mode == git::FileMode::submodule) continue;
    SWARMLAB_TRY(size, repository.blob_size(entry.leaf.id));
    bytes += size;
  }
  const std::lock_guard lock(mutex_);
  sizes_[tree] = bytes;
  return bytes > kLarge;
}

Result<DataFolders::InUse> DataFolders::check_out(const git::Repository& repository,
                                                  const ObjectId& tree) {
  SWARMLAB_CHECK(is_large(repository, tree));  // learns its size
  const std::lock_guard lock(mutex_);          // who wants the same waits
  if (!opened_) {
    SWARMLAB_CHECK(open());
    opened_ = true;
  }
  std::shared_ptr<Folder>& folder = folders_[tree];
  if (!folder) {
    const std::string path = folder_ + "/" + tree.hex();
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) {
      const std::string making = path + ".making";
      SWARMLAB_CHECK(remove_tree(making));
      SWARMLAB_CHECK(git::checkout_tree(repository, tree, making));
      if (std::rename(making.c_str(), path.c_str()) != 0) {
        return fail(ErrorCode::internal, "{}: cannot be put in place", path);
      }
      log::info("data {} is checked out{}", tree.brief(), log::field("bytes", sizes_[tree]));
    }
    folder = std::make_shared<Folder>(Folder{.path = path, .bytes = sizes_[tree], .used = 0});
  }
  folder->used = ++uses_;
  InUse in_use{.folder = folder->path, .held = folder};
  evict();
  return in_use;
}

// What nobody uses goes, the least recently used first.
void DataFolders::evict() {
  std::uint64_t total = 0;
  for (const auto& [tree, folder] : folders_) total += folder ? folder->bytes : 0;
  while (total > max_bytes_) {
    auto oldest = folders_.end();
    for (auto it = folders_.begin(); it != folders_.end(); ++it) {
      if (!it->second || it->second.use_count() > 1) continue;
      if (oldest == folders_.end() || it->second->used < oldest->second->used) oldest = it;
    }
    if (oldest == folders_.end()) return;
    total -= oldest->second->bytes;
    if (const auto removed = remove_tree(oldest->second->path); !removed) {
      log::warning("{} stays: {}", oldest->second->path, removed.error().message);
    }
    folders_.erase(oldest);
  }
}

}  // namespace swarmlab::worker
