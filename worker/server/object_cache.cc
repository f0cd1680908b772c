#include "worker/server/object_cache.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "common/git/pack.h"
#include "common/os/file.h"

namespace swarmlab::worker {
namespace {

constexpr std::size_t kMostTold = 32;    // commits named in a fetch
constexpr std::size_t kMostPacks = 100;  // then they are folded together

// What is not synced lasts as long as the kernel that has it in memory: a crash of ours does it no
// harm, one of the machine may leave packs that are there by name only.
constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";
constexpr const char* kFilledSince = "/filled-since-boot";  // below the folder

std::string text_of(const std::string& path) {
  constexpr std::uint64_t kMostBytes = 100;
  return read_file(path, kMostBytes).value_or("");
}

std::uint64_t size_of_folder(const std::string& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored)) bytes += it->file_size(ignored);
  }
  return bytes;
}

}  // namespace

Result<std::unique_ptr<ObjectCache>> ObjectCache::open(const std::string& folder,
                                                       std::uint64_t max_bytes) {
  const std::string boot = text_of(kBootId);
  if (text_of(folder + kFilledSince) != boot || size_of_folder(folder) > max_bytes) {
    SWARMLAB_CHECK(remove_tree(folder));
  }
  if (const auto made = git::Repository::init_bare(folder); !made) {
    // It holds nothing that the coordinator has not: a damaged one is made anew.
    SWARMLAB_CHECK(remove_tree(folder));
    if (const auto again = git::Repository::init_bare(folder); !again) {
      return within(folder, again.error());
    }
  }
  SWARMLAB_CHECK(write_file(folder + kFilledSince, boot));
  return std::unique_ptr<ObjectCache>(new ObjectCache(folder));
}

Result<git::Repository> ObjectCache::repository() const {
  return git::Repository::open(folder_);
}

std::vector<ObjectId> ObjectCache::known() const {
  const std::lock_guard lock(mutex_);
  return {known_.begin(), known_.end()};
}

void ObjectCache::remember(const ObjectId& commit) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(known_, commit) != known_.end()) return;
  known_.push_back(commit);
  if (known_.size() > kMostTold) known_.pop_front();
}

Result<void> ObjectCache::bring(Link& link, LabId lab, std::span<const ObjectId> commits,
                                git::Repository& repository, const CancelToken& stop) {
  // A slot that waits here may find that another fetched what it needs.
  const std::lock_guard lock(writing_);
  SWARMLAB_CHECK(repository.refresh());
  for (const ObjectId& commit : commits) {
    if (!repository.has(commit)) {
      SWARMLAB_TRY(pack, link.fetch(lab, std::span(&commit, 1), known(), stop));
      if (const auto done = git::index_pack(repository, pack, commit); !done) {
        return within("commit " + commit.brief() + " from the coordinator", done.error());
      }
    }
    remember(commit);
  }
  return git::consolidate_packs(folder_, kMostPacks);
}

}  // namespace swarmlab::worker
