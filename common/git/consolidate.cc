// consolidate_packs: many small packs become one, as look-ups get slower with each pack.
#include <dirent.h>
#include <git2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>

#include "common/git/handle.h"
#include "common/git/pack.h"
#include "common/os/fail_point.h"
#include "common/os/file.h"
#include "common/os/folder_handle.h"

namespace swarmlab::git {
namespace {

constexpr std::uint64_t kMaxFoldedIndexBytes = 2ULL << 30U;
constexpr std::size_t kFanout = 256;

struct PackFile {
  std::string stem;  // its path, without ".pack"
  std::uint64_t bytes = 0;
};

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// Packs with their index; smallest first. One without is what a crash left: not git's, nor ours.
Result<std::vector<PackFile>> packs_in(const std::string& folder) {
  const FolderHandle listing(::opendir(folder.c_str()));
  if (!listing) {
    return fail(ErrorCode::internal, "{}: cannot list: {}", folder, std::strerror(errno));
  }
  std::vector<PackFile> packs;
  for (const dirent* entry = ::readdir(listing.get()); entry != nullptr;
       entry = ::readdir(listing.get())) {
    const std::string name = entry->d_name;
    if (!ends_with(name, ".pack")) continue;
    const std::string stem = folder + "/" + name.substr(0, name.size() - 5);
    struct stat about {};
    if (::access((stem + ".idx").c_str(), F_OK) != 0) continue;
    if (::access((stem + ".keep").c_str(), F_OK) == 0) continue;  // somebody asked to leave it
    if (::stat((stem + ".pack").c_str(), &about) != 0) continue;
    packs.push_back({stem, static_cast<std::uint64_t>(about.st_size)});
  }
  std::sort(packs.begin(), packs.end(), [](const PackFile& a, const PackFile& b) {
    return std::pair(a.bytes, a.stem) < std::pair(b.bytes, b.stem);
  });
  return packs;
}

// The names in a pack's index, version 2: magic, version, fan-out table, sorted names, ...
Result<void> add_names(const std::string& stem, std::set<ObjectId>& names) {
  SWARMLAB_TRY(index, read_file(stem + ".idx", kMaxFoldedIndexBytes));
  constexpr std::string_view kMagic("\377tOc\0\0\0\2", 8);
  constexpr std::size_t kNamesAt = kMagic.size() + 4 * kFanout;
  if (index.size() < kNamesAt || index.compare(0, kMagic.size(), kMagic) != 0) {
    return fail(ErrorCode::corrupt, "{}.idx: is no pack index of version 2", stem);
  }
  std::size_t count = 0;
  for (std::size_t i = kNamesAt - 4; i < kNamesAt; ++i) {
    count = (count << 8U) | static_cast<unsigned char>(index[i]);
  }
  if (count > (index.size() - kNamesAt) / 20) {
    return fail(ErrorCode::corrupt, "{}.idx: is cut off", stem);
  }
  for (std::size_t i = 0; i < count; ++i) {
    ObjectId id;
    std::memcpy(id.bytes.data(), index.data() + kNamesAt + 20 * i, 20);
    names.insert(id);
  }
  return {};
}

Result<std::string> write_merged(const Repository& repository, const std::set<ObjectId>& names,
                                 const std::string& folder) {
  git_packbuilder* made = nullptr;
  int code = git_packbuilder_new(&made, repository.raw());
  if (code != 0) return git_failed("make a pack", code);
  const Owned<git_packbuilder> builder(made);
  for (const ObjectId& id : names) {
    const git_oid oid = to_oid(id);
    code = git_packbuilder_insert(made, &oid, nullptr);
    if (code != 0) return git_failed("pack object " + id.hex(), code);
  }
  code = git_packbuilder_write(made, folder.c_str(), 0, nullptr, nullptr);
  if (code != 0) return git_failed("write a pack to " + folder, code);
  return fmt::format("{}/pack-{}", folder, git_packbuilder_name(made));
}

}  // namespace

Result<void> consolidate_packs(const std::string& repository_folder, std::size_t max_packs) {
  SWARMLAB_TRY(repository, Repository::open(repository_folder));
  const std::string folder = repository.git_folder() + "/objects/pack";
  SWARMLAB_TRY(packs, packs_in(folder));
  if (packs.size() <= std::max<std::size_t>(max_packs, 1)) return {};
  const std::size_t keep = std::max<std::size_t>(max_packs / 2, 1);
  packs.resize(packs.size() - keep + 1);  // the smallest; their sum is one of those that remain
  std::set<ObjectId> names;
  for (const PackFile& pack : packs) SWARMLAB_CHECK(add_names(pack.stem, names));
  SWARMLAB_TRY(merged, write_merged(repository, names, folder));
  fail_point(FailPoint::repack_written);
  for (const PackFile& pack : packs) {
    if (pack.stem == merged) continue;
    // The index first: a pack without one is not looked at, an index without a pack is an error.
    ::unlink((pack.stem + ".idx").c_str());
    fail_point(FailPoint::repack_half_removed);
    ::unlink((pack.stem + ".pack").c_str());
  }
  return sync_folder(folder);
}

}  // namespace swarmlab::git
