#include "worker/sandbox/runner_layout.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/os/sha256.h"
#include "worker/sandbox/inside/runner_words.h"

namespace swarmlab::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHome = "/home/agent";
constexpr const char* kWork = "/work";  // below the runner's folder
constexpr const char* kKept = "/kept";  // copies of what lies elsewhere
constexpr std::size_t kMostKept = 16;
constexpr std::size_t kNameDigits = 32;

bool is_at_or_below(const std::string& path, const std::string& folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

Result<void> failed(const std::string& path, const std::error_code& error) {
  return fail(ErrorCode::unavailable, "{}: {}", path, error.message());
}

// An agent is the same user: what it took from the folders above its own is given back.
void mend(const std::string& path, const std::string& folder) {
  for (fs::path above = fs::path(path).parent_path(); is_at_or_below(above.string(), folder);
       above = above.parent_path()) {
    ::chmod(above.c_str(), 0755);
  }
}

// Links are not followed, and their permissions say nothing.
Result<void> take_write_permission(const std::string& path) {
  std::error_code error;
  const auto take = [](const fs::path& one) {
    std::error_code ignored;  // it is the owner's own, or it is gone
    if (fs::is_symlink(fs::symlink_status(one, ignored))) return;
    fs::permissions(one, fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write,
                    fs::perm_options::remove | fs::perm_options::nofollow, ignored);
  };
  take(path);
  if (!fs::is_directory(fs::symlink_status(path, error))) return {};
  for (fs::recursive_directory_iterator at(path, error), end; !error && at != end;
       at.increment(error)) {
    take(at->path());
  }
  return error ? failed(path, error) : Result<void>();
}

// Another file at the same path, or a changed one, has another name.
Result<std::string> name_of_copy(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) {
    return fail(ErrorCode::invalid_input, "mount of {}: {}", path, std::strerror(errno));
  }
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}", path, about.st_dev, about.st_ino,
                                about.st_mtim.tv_sec, about.st_mtim.tv_nsec))
      .substr(0, kNameDigits);
}

// The oldest go.
void make_room(const std::string& kept) {
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, std::string>> entries;
  for (const auto& entry : fs::directory_iterator(kept, error)) {
    std::error_code ignored;
    entries.emplace_back(fs::last_write_time(entry.path(), ignored), entry.path().string());
  }
  if (entries.size() < kMostKept) return;
  std::ranges::sort(entries);
  for (std::size_t i = 0; i + kMostKept / 2 < entries.size(); ++i) {
    [[maybe_unused]] const auto removed = remove_tree(entries[i].second);
  }
}

Result<std::string> copy_into(const std::string& folder, const std::string& path) {
  const std::string kept = folder + kKept;
  SWARMLAB_CHECK(make_folders(kept, 0755));
  SWARMLAB_TRY(name, name_of_copy(path));
  std::string copy = kept + "/" + name;
  std::error_code error;
  if (fs::exists(copy, error)) return copy;
  make_room(kept);
  const std::string half = copy + ".half";
  SWARMLAB_CHECK(remove_tree(half));
  fs::copy(path, half, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  if (!error) fs::rename(half, copy, error);
  if (error) return tl::unexpected(failed(path, error).error());
  return copy;
}

}  // namespace

Result<RunnerLayout> RunnerLayout::make(const SandboxRequest& request, const RunnerView& view) {
  const std::string work = view.folder + kWork;
  for (const Mount& mount : request.mounts) mend(mount.host, view.folder);
  SWARMLAB_CHECK(make_folders(work, 0755));
  ::chmod(work.c_str(), 0755);
  SWARMLAB_TRY(own, TempFolder::create(work, "run"));
  RunnerLayout layout(request, std::move(own));
  layout.links_ = fmt::format("{}/{}", view.folder, kInsideLinks);
  SWARMLAB_CHECK(layout.add_own_folders());
  SWARMLAB_CHECK(layout.bring(view));
  SWARMLAB_CHECK(layout.link(view));
  SWARMLAB_CHECK(layout.freeze());
  layout.translate(view);
  return layout;
}

// What other drivers have in memory.
Result<void> RunnerLayout::add_own_folders() {
  const bool has_home = std::ranges::any_of(
      request_.mounts, [](const Mount& mount) { return mount.inside == kHome; });
  if (!has_home) {
    request_.mounts.insert(request_.mounts.begin(), {.kind = Mount::Kind::empty, .inside = kHome});
  }
  int count = 0;
  for (Mount& mount : request_.mounts) {
    if (mount.kind != Mount::Kind::empty) continue;
    mount.host = fmt::format("{}/{}", own_.path(), count++);
    mount.kind = Mount::Kind::read_write;
    SWARMLAB_CHECK(make_folders(mount.host, 0755));
  }
  return {};
}

// What lies elsewhere is copied, once as long as it is the same.
Result<void> RunnerLayout::bring(const RunnerView& view) {
  for (Mount& mount : request_.mounts) {
    if (is_at_or_below(mount.host, view.folder)) continue;
    if (mount.kind == Mount::Kind::read_write) {
      return fail(ErrorCode::invalid_input,
                  "mount of {} at {}: it is written to, expected it in {}, which the runner sees",
                  mount.host, mount.inside, view.folder);
    }
    if (!view.our_program.empty() && mount.host == view.our_program) {
      mount.host = view.program;
      continue;
    }
    SWARMLAB_TRY(copy, copy_into(view.folder, mount.host));
    mount.host = std::move(copy);
  }
  return {};
}

// Of what lies below another mount only what is not there already: a file of a home folder.
Result<void> RunnerLayout::link(const RunnerView& /*view*/) {
  SWARMLAB_CHECK(remove_tree(links_));
  SWARMLAB_CHECK(make_folders(links_, 0755));
  std::error_code error;
  const std::string links =
      fs::canonical(links_, error).string();  // the folder may be named by a link
  if (error) return failed(links_, error);
  for (const Mount& mount : request_.mounts) {
    const fs::path path = links + mount.inside;
    const fs::path above = fs::weakly_canonical(path.parent_path(), error);
    if (error) return failed(path.string(), error);
    if (is_at_or_below(above.string(), links)) {
      SWARMLAB_CHECK(make_folders(above.string(), 0755));
      SWARMLAB_CHECK(remove_tree(path.string()));
      fs::create_symlink(mount.host, path, error);
    } else if (mount.kind == Mount::Kind::read_only &&
               (above / path.filename()).string() != mount.host &&
               mount.inside.starts_with(std::string(kHome) + "/")) {
      SWARMLAB_CHECK(make_folders(above.string(), 0755));
      SWARMLAB_CHECK(remove_tree((above / path.filename()).string()));
      fs::copy(mount.host, above / path.filename(), fs::copy_options::recursive, error);
    }
    if (error) return failed(path.string(), error);
  }
  return {};
}

Result<void> RunnerLayout::freeze() const {
  for (const Mount& frozen : request_.mounts) {
    if (frozen.kind != Mount::Kind::read_only) continue;
    const bool is_below = std::ranges::any_of(request_.mounts, [&frozen](const Mount& mount) {
      return mount.kind == Mount::Kind::read_write && is_at_or_below(frozen.host, mount.host);
    });
    if (is_below) SWARMLAB_CHECK(take_write_permission(frozen.host));
  }
  return {};
}

std::string RunnerLayout::on_host(const std::string& text, const RunnerView& view) const {
  for (std::size_t i = 0; i < kPlaceCount; ++i) {
    const bool leads_there = (view.places & (1U << i)) != 0;
    if (leads_there && is_at_or_below(text, kPlaces[i])) return text;
  }
  const bool is_inside = std::ranges::any_of(request_.mounts, [&text](const Mount& mount) {
    return is_at_or_below(text, mount.inside) || is_at_or_below(mount.inside, text);
  });
  return is_inside && text.starts_with('/') && text != "/" ? links_ + text : text;
}

void RunnerLayout::translate(const RunnerView& view) {
  request_.folder = on_host(request_.folder, view);
  for (std::string& word : request_.args) word = on_host(word, view);
  for (std::string& folder : request_.path_first) folder = on_host(folder, view);
  const bool has_home =
      std::ranges::any_of(request_.env, [](const auto& one) { return one.first == "HOME"; });
  if (!has_home) request_.env.emplace_back("HOME", kHome);
  for (auto& [name, value] : request_.env) value = on_host(value, view);
}

std::string RunnerLayout::paths() const {
  std::string text;
  const auto add = [&text](char may, const std::string& path) {
    text.append(1, may).append(1, '\0').append(path).append(1, '\0');
  };
  add(kMayRead, links_);
  for (const Mount& mount : request_.mounts) {
    add(mount.kind == Mount::Kind::read_write ? kMayWrite : kMayRead, mount.host);
  }
  return text;
}

}  // namespace swarmlab::sandbox
