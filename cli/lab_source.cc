#include "cli/lab_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "cli/lab_texts.h"
#include "common/git/folder_manifest.h"
#include "common/git/hash.h"
#include "common/git/repository.h"
#include "common/lab/lab_check.h"
#include "common/lab/paths.h"
#include "common/lab/relevance.h"

namespace swarmlab::cli {

namespace {

constexpr std::size_t kMostNamed = 8;

std::string listed(const std::vector<std::string>& paths) {
  std::string text;
  for (std::size_t i = 0; i < std::min(paths.size(), kMostNamed); ++i) text += "\n  " + paths[i];
  if (paths.size() > kMostNamed)
    text += fmt::format("\n  ... and {} more", paths.size() - kMostNamed);
  return text;
}

Result<void> refuse_uncommitted(const git::Repository& repository, const Relevance& relevance,
                                std::vector<std::string>& warnings) {
  SWARMLAB_TRY(dirty, repository.dirty_files({}));
  std::vector<std::string> modified;
  std::vector<std::string> untracked;
  for (const git::DirtyFile& file : dirty) {
    if (!relevance.matters(file.path) && !relevance.is_settings(file.path)) continue;
    (file.kind == git::DirtyFile::Kind::untracked ? untracked : modified).push_back(file.path);
  }
  if (!modified.empty()) {
    return fail(ErrorCode::invalid_input,
                "{} of the lab differ{} from the last commit, which is what experiments start "
                "from; commit or stash them first:{}",
                modified.size() == 1 ? "1 file" : fmt::format("{} files", modified.size()),
                modified.size() == 1 ? "s" : "", listed(modified));
  }
  if (!untracked.empty()) {
    warnings.push_back(fmt::format(
        "{} not in git, so no experiment sees {}:{}",
        untracked.size() == 1 ? "1 file is" : fmt::format("{} files are", untracked.size()),
        untracked.size() == 1 ? "it" : "them", listed(untracked)));
  }
  return {};
}

Result<ObjectId> evaluator_hash(const git::Repository& repository, const ObjectId& tree,
                                const LabSettings& settings, const Relevance& relevance) {
  SWARMLAB_TRY(entries, repository.list_tree(tree));
  std::vector<HashedFile> files;
  files.reserve(entries.size());
  for (const git::TreeEntry& entry : entries) {
    files.push_back(
        {.path = entry.path, .mode = static_cast<int>(entry.leaf.mode), .id = entry.leaf.id.hex()});
  }
  return git::hash_blob(evaluator_text(settings, relevance, files));
}

Result<ObjectId> data_hash(const git::Repository& repository, const ObjectId& tree,
                           const DataSource& data, std::string& manifest_text) {
  constexpr std::size_t kMostManifest = 3U << 20U;
  switch (data.kind) {
    case DataSource::Kind::none:
      return ObjectId{};
    case DataSource::Kind::folder:
      return repository.subtree_id(tree, data.path);
    case DataSource::Kind::host_path:
    case DataSource::Kind::shipped: {
      SWARMLAB_TRY(manifest, git::FolderHasher().hash(data.path));
      if (data.kind == DataSource::Kind::host_path) {
        manifest_text = git::manifest_text(manifest, kMostManifest);
      }
      return manifest.tree;
    }
  }
  return ObjectId{};
}

// A lab at a commit, and what its scores depend on.
struct Reading {
  CheckedLab lab;
  Relevance relevance;
};

Result<Reading> read_at(const git::Repository& repository, const ObjectId& tree,
                        const LabPlace& place, const LabOverrides& overrides) {
  auto texts = lab_texts_at(repository, tree, place.folder, place.root.filename().string());
  if (!texts && texts.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::invalid_input,
                "{} is not in the last commit, which is what experiments start from; commit it "
                "with: git add {} && git commit",
                join(place.folder, "lab.toml"), place.folder.empty() ? "." : place.folder);
  }
  if (!texts) return tl::unexpected(texts.error());
  SWARMLAB_TRY(entries, repository.list_tree(tree));
  std::vector<std::string> files;
  files.reserve(entries.size());
  for (const git::TreeEntry& entry : entries) files.push_back(entry.path);
  SWARMLAB_TRY(checked, check_lab(*texts, files));
  SWARMLAB_TRY(settings, with_overrides(std::move(checked.settings), overrides));
  SWARMLAB_CHECK(check_has_agent(settings));
  checked.settings = std::move(settings);
  SWARMLAB_TRY(relevance, Relevance::of(checked, files));
  return Reading{.lab = std::move(checked), .relevance = std::move(relevance)};
}

// The commit to go on from: the previous one, unless something that matters differs.
Result<ObjectId> commit_to_use(const git::Repository& repository, const ObjectId& head,
                               const std::optional<ObjectId>& previous, const Relevance& relevance,
                               std::vector<std::string>& warnings) {
  if (!previous || *previous == head || !repository.has(*previous)) return head;
  SWARMLAB_TRY(before, repository.tree_of(*previous));
  SWARMLAB_TRY(after, repository.tree_of(head));
  SWARMLAB_TRY(changes, repository.changed_paths(before, after));
  const auto matters = [&](const git::PathChange& change) {
    return relevance.matters(change.path);
  };
  if (std::ranges::any_of(changes, matters)) return head;
  if (!changes.empty()) {
    warnings.push_back(
        fmt::format("going on from commit {}: nothing that {} newer commit changed "
                    "can change a score",
                    previous->brief(), head.brief()));
  }
  return *previous;
}

// All of a LabSource but what is hashed; the commit is HEAD.
struct Unhashed {
  LabSource source;
  Relevance relevance;
};

Result<Unhashed> read_unhashed(const git::Repository& repository, const LabPlace& place,
                               const LabOverrides& overrides) {
  SWARMLAB_TRY(head, repository.head_commit());
  SWARMLAB_TRY(head_tree, repository.tree_of(head));
  SWARMLAB_TRY(reading, read_at(repository, head_tree, place, overrides));
  Unhashed read{.source = {}, .relevance = std::move(reading.relevance)};
  read.source.lab_commit = head;
  read.source.settings = std::move(reading.lab.settings);
  read.source.warnings = std::move(reading.lab.warnings);
  SWARMLAB_CHECK(refuse_uncommitted(repository, read.relevance, read.source.warnings));
  return read;
}

}  // namespace

Result<LabSource> read_lab_source(const LabPlace& place, const LabOverrides& overrides,
                                  const std::optional<ObjectId>& previous) {
  SWARMLAB_TRY(repository, git::Repository::open(place.root.string()));
  SWARMLAB_TRY(read, read_unhashed(repository, place, overrides));
  LabSource source = std::move(read.source);
  SWARMLAB_TRY(commit, commit_to_use(repository, source.lab_commit, previous, read.relevance,
                                     source.warnings));
  source.lab_commit = commit;
  SWARMLAB_TRY(tree, repository.tree_of(commit));
  SWARMLAB_TRY(evaluator, evaluator_hash(repository, tree, source.settings, read.relevance));
  source.evaluator_hash = evaluator;
  auto data = data_hash(repository, tree, source.settings.evaluator.data, source.data_manifest);
  if (!data) return within("data " + source.settings.evaluator.data.path, data.error());
  source.data_hash = *data;
  const DataSource& holdout = source.settings.holdout;
  if (holdout.kind == DataSource::Kind::none) return source;
  std::string nobody_compares_it;
  auto hash = data_hash(repository, tree, holdout, nobody_compares_it);
  if (!hash) return within("holdout " + holdout.path, hash.error());
  source.holdout_hash = *hash;
  return source;
}

Result<LabSettings> check_lab_source(const LabPlace& place, const LabOverrides& overrides) {
  SWARMLAB_TRY(repository, git::Repository::open(place.root.string()));
  SWARMLAB_TRY(read, read_unhashed(repository, place, overrides));
  const DataSource& data = read.source.settings.evaluator.data;
  std::error_code error;
  const bool is_outside =
      data.kind == DataSource::Kind::host_path || data.kind == DataSource::Kind::shipped;
  if (is_outside && !std::filesystem::is_directory(data.path, error)) {
    return fail(ErrorCode::not_found, "data {}: is no folder of this machine, expected one",
                data.path);
  }
  return std::move(read.source.settings);
}

}  // namespace swarmlab::cli
