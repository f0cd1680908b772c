// Repository: differences as people read them, and the state of the user's worktree.
#include <git2.h>

#include <algorithm>

#include "common/git/handle.h"
#include "common/git/repository.h"

namespace swarmlab::git {
namespace {

constexpr git_off_t kLargestTextBytes = 4 << 20;  // larger files are told of as binary

struct FreeDiff {
  void operator()(git_diff* diff) const { git_diff_free(diff); }
  void operator()(git_status_list* list) const { git_status_list_free(list); }
};

struct Text {
  std::string text;
  std::size_t max_bytes = 0;
  bool cut = false;
};

constexpr std::string_view kCutMark = "... (cut)\n";

// A line of the diff, from libgit2: C calls it, so no exception may leave it but that of a lack of
// memory, which ends us.
int take_line(const git_diff_delta* /*delta*/, const git_diff_hunk* /*hunk*/,
              const git_diff_line* line, void* into) noexcept {
  Text& out = *static_cast<Text*>(into);
  const bool marked = line->origin == GIT_DIFF_LINE_CONTEXT ||
                      line->origin == GIT_DIFF_LINE_ADDITION ||
                      line->origin == GIT_DIFF_LINE_DELETION;
  const std::size_t more = line->content_len + (marked ? 1 : 0);
  if (out.text.size() + more + kCutMark.size() > out.max_bytes) {
    out.cut = true;
    return GIT_EUSER;
  }
  if (marked) out.text.push_back(line->origin);
  out.text.append(line->content, line->content_len);
  return 0;
}

std::optional<DirtyFile> dirty_file(const git_status_entry& entry) {
  const git_diff_delta* delta =
      entry.index_to_workdir != nullptr ? entry.index_to_workdir : entry.head_to_index;
  const auto status = static_cast<unsigned int>(entry.status);
  if (delta == nullptr || (status & GIT_STATUS_IGNORED) != 0) return std::nullopt;
  DirtyFile::Kind kind = DirtyFile::Kind::modified;
  if ((status & (GIT_STATUS_WT_NEW | GIT_STATUS_INDEX_NEW)) != 0) kind = DirtyFile::Kind::untracked;
  if ((status & (GIT_STATUS_WT_DELETED | GIT_STATUS_INDEX_DELETED)) != 0) {
    kind = DirtyFile::Kind::removed;
  }
  const char* path = delta->new_file.path != nullptr ? delta->new_file.path : delta->old_file.path;
  return DirtyFile{.path = path, .kind = kind};
}

}  // namespace

Result<std::string> Repository::diff_text(const ObjectId& before, const ObjectId& after,
                                          std::size_t max_bytes) const {
  SWARMLAB_TRY(old_tree, tree_at(*this, before));
  SWARMLAB_TRY(new_tree, tree_at(*this, after));
  git_diff_options options;
  git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
  options.max_size = kLargestTextBytes;
  git_diff* made = nullptr;
  int code = git_diff_tree_to_tree(&made, handle_.get(), old_tree.get(), new_tree.get(), &options);
  if (code != 0) return git_failed("compare trees", code);
  const std::unique_ptr<git_diff, FreeDiff> diff(made);
  Text text{.text = {}, .max_bytes = max_bytes, .cut = false};
  code = git_diff_print(made, GIT_DIFF_FORMAT_PATCH, take_line, &text);
  if (code != 0 && !text.cut) return git_failed("print a diff", code);
  if (text.cut && max_bytes >= kCutMark.size()) text.text += kCutMark;
  return std::move(text.text);
}

Result<std::vector<DirtyFile>> Repository::dirty_files(
    const std::vector<std::string>& paths) const {
  git_status_options options;
  git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
  options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
  options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS |
                  GIT_STATUS_OPT_DISABLE_PATHSPEC_MATCH | GIT_STATUS_OPT_EXCLUDE_SUBMODULES;
  std::vector<std::string> copies = paths;  // libgit2 takes char*, and does not write to them
  std::vector<char*> pointers;
  for (std::string& path : copies) {
    if (path.empty()) {
      pointers.clear();  // the root: everywhere
      break;
    }
    pointers.push_back(path.data());
  }
  options.pathspec = {.strings = pointers.data(), .count = pointers.size()};
  git_status_list* made = nullptr;
  const int code = git_status_list_new(&made, handle_.get(), &options);
  if (code != 0) return git_failed("look for changes in " + folder(), code);
  const std::unique_ptr<git_status_list, FreeDiff> list(made);
  std::vector<DirtyFile> dirty;
  for (std::size_t i = 0; i < git_status_list_entrycount(made); ++i) {
    if (auto file = dirty_file(*git_status_byindex(made, i))) dirty.push_back(*std::move(file));
  }
  std::sort(dirty.begin(), dirty.end(),
            [](const DirtyFile& a, const DirtyFile& b) { return a.path < b.path; });
  return dirty;
}

}  // namespace swarmlab::git
