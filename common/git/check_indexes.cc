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

namespace swarmlab::git {
namespace {

constexpr std::uint64_t kMaxIndexBytes = 2ULL << 30U;
constexpr std::size_t kSum = 20;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// A pack that does not end with the sum that its index says is not looked into by libgit2: all that
// is in it would seem to be missing.
Result<void> check_end_of_pack(const std::string& file, std::string_view expected) {
  SWARMLAB_TRY(pack, open_to_read(file));
  const off_t size = ::lseek(pack.get(), 0, SEEK_END);
  std::string sum;
  if (size >= static_cast<off_t>(kSum)) {
    SWARMLAB_CHECK(read_range(pack.get(), static_cast<std::uint64_t>(size) - kSum, kSum,
                              [&sum](std::string_view bytes) -> Result<void> {
                                sum += bytes;
                                return {};
                              }));
  }
  if (sum == expected) return {};
  return fail(ErrorCode::corrupt, "{} is damaged: it does not end as its index says", file);
}

Result<void> check(const std::string& name) {
  const std::string file = name + ".idx";
  SWARMLAB_TRY(bytes, read_file(file, kMaxIndexBytes));
  if (bytes.size() > 2 * kSum) {
    const std::string_view all(bytes);
    Sha1 sum;
    sum.add(all.substr(0, all.size() - kSum));
    if (std::memcmp(sum.finish().bytes.data(), bytes.data() + bytes.size() - kSum, kSum) == 0) {
      return check_end_of_pack(name + ".pack", all.substr(all.size() - 2 * kSum, kSum));
    }
  }
  return fail(ErrorCode::corrupt, "{} is damaged; make it anew by: git index-pack {}.pack", file,
              name);
}

}  // namespace

Result<void> check_pack_indexes(const std::string& repository_folder) {
  const std::string folder = repository_folder + "/objects/pack";
  const std::unique_ptr<DIR, CloseFolder> listing(::opendir(folder.c_str()));
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
