// check_pack_indexes: whether the tables that lead into packs are as they were written.
#include <dirent.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <set>

#include "common/git/byte_file.h"
#include "common/git/pack.h"
#include "common/git/sha1.h"
#include "common/os/file.h"
#include "common/os/folder_handle.h"

namespace swarmlab::git {
namespace {

constexpr std::uint64_t kMaxIndexBytes = 2ULL << 30U;
constexpr std::size_t kSum = 20;
// Of packs and indexes of version 2, which are what is written here (gitformat-pack).
constexpr std::string_view kHead{"PACK\0\0\0\2", 8};
constexpr std::size_t kNumber = 4;
constexpr std::size_t kCountInIndex = 8 + 255 * kNumber;  // the last of the fan-out

Result<std::string> bytes_of(int file, std::uint64_t from, std::size_t count) {
  std::string found;
  SWARMLAB_CHECK(read_range(file, from, count, [&found](std::string_view bytes) -> Result<void> {
    found += bytes;
    return {};
  }));
  return found;
}

// A pack that does not begin with the number of objects, or does not end with the sum, that its
// index says is not looked into by libgit2: all that is in it would seem to be missing.
Result<void> check_ends_of_pack(const std::string& file, std::string_view index) {
  SWARMLAB_TRY(pack, open_to_read(file));
  const off_t size = ::lseek(pack.get(), 0, SEEK_END);
  if (size >= static_cast<off_t>(kHead.size() + kNumber + kSum)) {
    SWARMLAB_TRY(head, bytes_of(pack.get(), 0, kHead.size() + kNumber));
    SWARMLAB_TRY(sum, bytes_of(pack.get(), static_cast<std::uint64_t>(size) - kSum, kSum));
    const std::string_view count = index.substr(kCountInIndex, kNumber);
    if (head == std::string(kHead).append(count) &&
        sum == index.substr(index.size() - 2 * kSum, kSum)) {
      return {};
    }
  }
  return fail(ErrorCode::corrupt, "{} is damaged: it does not begin or end as its index says",
              file);
}

Result<void> check(const std::string& name) {
  const std::string file = name + ".idx";
  SWARMLAB_TRY(bytes, read_file(file, kMaxIndexBytes));
  if (bytes.size() > kCountInIndex + kNumber + 2 * kSum) {
    const std::string_view all(bytes);
    Sha1 sum;
    sum.add(all.substr(0, all.size() - kSum));
    if (std::memcmp(sum.finish().bytes.data(), bytes.data() + bytes.size() - kSum, kSum) == 0) {
      return check_ends_of_pack(name + ".pack", all);
    }
  }
  return fail(ErrorCode::corrupt, "{} is damaged; make it anew by: git index-pack {}.pack", file,
              name);
}

}  // namespace

Result<void> check_pack_indexes(const std::string& repository_folder) {
  const std::string folder = repository_folder + "/objects/pack";
  const FolderHandle listing(::opendir(folder.c_str()));
  if (!listing) return fail(ErrorCode::internal, "{}: cannot list it", folder);
  std::set<std::string> packs;
  std::set<std::string> indexes;
  for (const dirent* entry = ::readdir(listing.get()); entry != nullptr;
       entry = ::readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (name.ends_with(".idx")) indexes.emplace(name.substr(0, name.size() - 4));
    if (name.ends_with(".pack")) packs.emplace(name.substr(0, name.size() - 5));
  }
  for (const std::string& name : indexes) {
    if (packs.contains(name)) SWARMLAB_CHECK(check(folder + "/" + name));
  }
  return {};
}

}  // namespace swarmlab::git
