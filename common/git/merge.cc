#include "common/git/merge.h"

#include <git2.h>

#include <algorithm>
#include <memory>

#include "common/git/handle.h"

namespace swarmlab::git {
namespace {

struct FreeMerge {
  void operator()(git_index* index) const { git_index_free(index); }
  void operator()(git_index_conflict_iterator* iterator) const {
    git_index_conflict_iterator_free(iterator);
  }
};

// Both sides of a conflict as they go on: a blob and its mode.
struct Settled {
  std::string path;
  unsigned int mode = 0;
  ObjectId blob;
};

struct Entries {
  const git_index_entry* ancestor = nullptr;
  const git_index_entry* ours = nullptr;
  const git_index_entry* theirs = nullptr;
};

// A file that both changed: one text with marks. Of binary files ours stays.
Result<Settled> with_marks(Repository& repository, const Entries& entries, const Sides& names) {
  git_merge_file_options options{};
  git_merge_file_options_init(&options, GIT_MERGE_FILE_OPTIONS_VERSION);
  options.our_label = names.our_name.c_str();
  options.their_label = names.their_name.c_str();
  git_merge_file_result merged{};
  const int code = git_merge_file_from_index(&merged, repository.raw(), entries.ancestor,
                                             entries.ours, entries.theirs, &options);
  if (code != 0) return git_failed("merge of a file", code);
  const std::string text(merged.ptr == nullptr ? "" : merged.ptr, merged.len);
  git_merge_file_result_free(&merged);
  SWARMLAB_TRY(blob, repository.write_blob(text));
  return Settled{.path = entries.ours->path, .mode = entries.ours->mode, .blob = blob};
}

Result<Settled> settle(Repository& repository, const Entries& entries, const Sides& names) {
  const bool both_are_files = entries.ours != nullptr && entries.theirs != nullptr &&
                              entries.ours->mode == entries.theirs->mode &&
                              (entries.ours->mode & 0170000U) == 0100000U;
  if (both_are_files) return with_marks(repository, entries, names);
  const git_index_entry* stays = entries.ours != nullptr ? entries.ours : entries.theirs;
  return Settled{.path = stays->path, .mode = stays->mode, .blob = from_oid(stays->id)};
}

Result<std::vector<Settled>> settle_all(Repository& repository, git_index* index,
                                        const Sides& names) {
  git_index_conflict_iterator* raw = nullptr;
  if (const int code = git_index_conflict_iterator_new(&raw, index); code != 0) {
    return git_failed("conflicts of a merge", code);
  }
  const std::unique_ptr<git_index_conflict_iterator, FreeMerge> iterator(raw);
  std::vector<Settled> settled;
  Entries entries;
  while (true) {
    const int code =
        git_index_conflict_next(&entries.ancestor, &entries.ours, &entries.theirs, raw);
    if (code == GIT_ITEROVER) return settled;
    if (code != 0) return git_failed("a conflict of a merge", code);
    SWARMLAB_TRY(one, settle(repository, entries, names));
    settled.push_back(std::move(one));
  }
}

Result<void> put(git_index* index, const Settled& one) {
  git_index_entry entry{};
  entry.path = one.path.c_str();
  entry.mode = one.mode;
  entry.id = to_oid(one.blob);
  if (const int code = git_index_conflict_remove(index, entry.path); code != 0) {
    return git_failed("a conflict of a merge", code);
  }
  const int code = git_index_add(index, &entry);
  if (code != 0) return git_failed("a merged file", code);
  return {};
}

}  // namespace

Result<Merged> merge(Repository& repository, const Sides& sides) {
  SWARMLAB_TRY(base, tree_at(repository, sides.base));
  SWARMLAB_TRY(ours, tree_at(repository, sides.ours));
  SWARMLAB_TRY(theirs, tree_at(repository, sides.theirs));
  git_merge_options options{};
  git_merge_options_init(&options, GIT_MERGE_OPTIONS_VERSION);
  git_index* raw = nullptr;
  if (const int code =
          git_merge_trees(&raw, repository.raw(), base.get(), ours.get(), theirs.get(), &options);
      code != 0) {
    return git_failed("merge of two candidates", code);
  }
  const std::unique_ptr<git_index, FreeMerge> index(raw);
  Merged merged;
  SWARMLAB_TRY(settled, settle_all(repository, raw, sides));
  for (const Settled& file : settled) {
    SWARMLAB_CHECK(put(raw, file));
    merged.conflicts.push_back(file.path);
  }
  std::ranges::sort(merged.conflicts);
  git_oid tree{};
  if (const int code = git_index_write_tree_to(&tree, raw, repository.raw()); code != 0) {
    return git_failed("the tree of a merge", code);
  }
  merged.tree = from_oid(tree);
  return merged;
}

}  // namespace swarmlab::git
