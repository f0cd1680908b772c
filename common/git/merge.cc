#include "common/git/merge.h"

#include <git2.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "common/git/handle.h"

namespace swarmlab::git {
namespace {

struct FreeMerge {
  void operator()(git_index* index) const { git_index_free(index); }
  void operator()(git_index_conflict_iterator* iterator) const {
    git_index_conflict_iterator_free(iterator);
  }
};

// A conflict as it goes on: a blob and its mode.
struct Settled {
  unsigned int mode = 0;
  ObjectId blob;
  Conflict conflict;
};

struct Entries {
  const git_index_entry* ancestor = nullptr;
  const git_index_entry* ours = nullptr;
  const git_index_entry* theirs = nullptr;
};

// One text of a file that both changed. Of binary files ours.
Result<std::string> text_of_both(Repository& repository, const Entries& entries, const Sides& names,
                                 git_merge_file_favor_t favor) {
  git_merge_file_options options{};
  git_merge_file_options_init(&options, GIT_MERGE_FILE_OPTIONS_VERSION);
  options.our_label = names.our_name.c_str();
  options.their_label = names.their_name.c_str();
  options.favor = favor;
  git_merge_file_result merged{};
  const int code = git_merge_file_from_index(&merged, repository.raw(), entries.ancestor,
                                             entries.ours, entries.theirs, &options);
  if (code != 0) return git_failed("merge of a file", code);
  std::string text(merged.ptr == nullptr ? "" : merged.ptr, merged.len);
  git_merge_file_result_free(&merged);
  return text;
}

Result<Settled> settle(Repository& repository, const Entries& entries, const Sides& names) {
  const git_index_entry* stays = entries.ours != nullptr ? entries.ours : entries.theirs;
  Settled settled{.mode = stays->mode,
                  .blob = from_oid(stays->id),
                  .conflict = {.path = stays->path, .marked = {}}};
  const bool both_are_files = entries.ours != nullptr && entries.theirs != nullptr &&
                              entries.ours->mode == entries.theirs->mode &&
                              (entries.ours->mode & 0170000U) == 0100000U;
  if (!both_are_files) return settled;
  SWARMLAB_TRY(ours, text_of_both(repository, entries, names, GIT_MERGE_FILE_FAVOR_OURS));
  SWARMLAB_TRY(marked, text_of_both(repository, entries, names, GIT_MERGE_FILE_FAVOR_NORMAL));
  if (marked == ours) return settled;  // no text
  SWARMLAB_TRY(blob, repository.write_blob(ours));
  settled.blob = blob;
  settled.conflict.marked = std::move(marked);
  return settled;
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
  entry.path = one.conflict.path.c_str();
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
  for (Settled& file : settled) {
    SWARMLAB_CHECK(put(raw, file));
    merged.conflicts.push_back(std::move(file.conflict));
  }
  std::ranges::sort(merged.conflicts, {}, &Conflict::path);
  git_oid tree{};
  if (const int code = git_index_write_tree_to(&tree, raw, repository.raw()); code != 0) {
    return git_failed("the tree of a merge", code);
  }
  merged.tree = from_oid(tree);
  return merged;
}

}  // namespace swarmlab::git
