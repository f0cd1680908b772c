#include "worker/workspace/renew.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <string_view>

#include "common/git/checkout.h"
#include "common/os/file.h"
#include "common/os/folder_handle.h"

namespace swarmlab::worker {
namespace {

using Listing = std::vector<git::TreeEntry>;

Listing frozen_of(Listing listing, const Scope& scope) {
  std::erase_if(listing, [&](const git::TreeEntry& entry) { return scope.editable(entry.path); });
  return listing;
}

enum class There : std::uint8_t { nothing, folder, other };

There what_is(const std::string& path) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) return There::nothing;
  return S_ISDIR(about.st_mode) ? There::folder : There::other;
}

class Renewing {
 public:
  Renewing(const Renewal& renewal, const Listing& frozen) : renewal_(renewal) {
    kept_.insert(renewal.keep.begin(), renewal.keep.end());
    for (const git::TreeEntry& entry : frozen) kept_.insert(entry.path);
  }

  // Of a folder that is one, and no link.
  Result<void> clear(const std::string& below) {
    const std::string folder = at(below);
    const FolderHandle open(::opendir(folder.c_str()));
    if (!open) return fail(ErrorCode::invalid_input, "{}: {}", folder, std::strerror(errno));
    while (const dirent* entry = ::readdir(open.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      const std::string path = below.empty() ? std::string(name) : below + "/" + entry->d_name;
      if (kept_.contains(path)) continue;
      if (leads_to_kept(path) && what_is(at(path)) == There::folder) {
        SWARMLAB_CHECK(clear(path));
      } else {
        SWARMLAB_CHECK(remove_tree(at(path)));
      }
    }
    return {};
  }

  /// \pre  cleared
  [[nodiscard]] bool has(const std::string& path) const {
    return is_below_mount(path) || what_is(at(path)) != There::nothing;
  }

  // From the scratch folder.
  Result<void> put(const std::string& path) {
    SWARMLAB_CHECK(make_folders_above(path));
    const std::string from = renewal_.scratch + "/" + path;
    if (::rename(from.c_str(), at(path).c_str()) == 0) return {};
    return fail(ErrorCode::invalid_input, "{}: {}", path, std::strerror(errno));
  }

 private:
  [[nodiscard]] std::string at(const std::string& path) const {
    return path.empty() ? renewal_.folder : renewal_.folder + "/" + path;
  }

  [[nodiscard]] bool leads_to_kept(const std::string& path) const {
    const auto next = kept_.lower_bound(path + "/");
    return next != kept_.end() && next->starts_with(path + "/");
  }

  [[nodiscard]] bool is_below_mount(const std::string& path) const {
    return std::any_of(renewal_.keep.begin(), renewal_.keep.end(), [&](const std::string& mount) {
      return path == mount || path.starts_with(mount + "/");
    });
  }

  Result<void> make_folders_above(const std::string& path) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const std::string folder = at(path.substr(0, slash));
      switch (what_is(folder)) {
        case There::folder:
          continue;
        case There::other:
          return fail(ErrorCode::invalid_input, "{} is no folder", path.substr(0, slash));
        case There::nothing:
          if (::mkdir(folder.c_str(), 0755) == 0) continue;
          return fail(ErrorCode::unavailable, "{}: {}", folder, std::strerror(errno));
      }
    }
    return {};
  }

  const Renewal& renewal_;
  std::set<std::string> kept_;
};

}  // namespace

Result<void> renew(const git::Repository& repository, const Scope& scope, const Renewal& renewal) {
  SWARMLAB_TRY(before, repository.list_tree(renewal.before));
  SWARMLAB_TRY(now, repository.list_tree(renewal.tree));
  const Listing frozen = frozen_of(now, scope);
  if (frozen_of(std::move(before), scope) != frozen) {
    return fail(ErrorCode::invalid_input, "the trees differ in what is frozen");
  }
  SWARMLAB_CHECK(git::checkout_tree(repository, renewal.tree, renewal.scratch, renewal.leave_out));
  Renewing renewing(renewal, frozen);
  SWARMLAB_CHECK(renewing.clear(""));
  for (const git::TreeEntry& entry : now) {
    if (!renewing.has(entry.path)) SWARMLAB_CHECK(renewing.put(entry.path));
  }
  return remove_tree(renewal.scratch);
}

}  // namespace swarmlab::worker
