#include "coordinator/store/objects.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "common/git/data_commit.h"
#include "common/git/library.h"
#include "common/git/pack.h"
#include "common/git/repository.h"
#include "common/git/verify.h"
#include "common/os/fail_point.h"
#include "common/os/unique_fd.h"

namespace swarmlab::store {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxPacks = 50;
constexpr std::size_t kPathsToName = 5;  // in the message about a candidate that left its scope

Result<void> verify_scope(const git::Repository& repository, const ObjectId& parent_tree,
                          const ObjectId& tree, const git::PathPredicate& is_editable) {
  SWARMLAB_TRY(outside, git::verify_candidate(repository, parent_tree, tree, is_editable));
  if (outside.empty()) return {};
  const std::size_t count = outside.size();
  if (count > kPathsToName) outside.resize(kPathsToName);
  return fail(ErrorCode::invalid_input, "changes {} paths that are not editable: {}{}", count,
              fmt::join(outside, ", "), count > kPathsToName ? ", ..." : "");
}

// What a report claims of its commit, held against the repository that it is in, or would be in.
Result<void> verify(const git::Repository& repository, const IncomingPack& claim) {
  SWARMLAB_TRY(parents, repository.parents_of(claim.commit));
  std::vector<ObjectId> expected = {claim.parent};
  if (claim.merged) expected.push_back(*claim.merged);
  if (parents != expected) {
    return fail(ErrorCode::invalid_input, "its parent is {}, expected {}",
                parents.empty() ? "none" : parents.front().hex(), claim.parent.hex());
  }
  SWARMLAB_TRY(tree, repository.tree_of(claim.commit));
  if (tree != claim.tree) {
    return fail(ErrorCode::invalid_input, "its tree is {}, expected {}", tree.hex(),
                claim.tree.hex());
  }
  SWARMLAB_TRY(parent_tree, repository.tree_of(claim.parent));
  return verify_scope(repository, parent_tree, tree, claim.is_editable);
}

// libgit2 syncs packs and objects; that the repository itself survives a power loss is up to us.
Result<void> sync_skeleton(const fs::path& path) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  if (error) return fail(ErrorCode::unavailable, "cannot be found: {}", error.message());
  for (const char* part : {"HEAD", "config", "objects/pack", "objects", "refs", ".", ".."}) {
    const UniqueFd file(::open((whole / part).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0) {
      return fail(ErrorCode::unavailable, "{} cannot be synced: {}", part, std::strerror(errno));
    }
  }
  return {};
}

// The outer error says nothing of the pack.
Result<Result<void>> take_in_staged(git::Repository& repository, const IncomingPack& pack) {
  SWARMLAB_TRY(view, pack.staged->view());
  Result<void> verified = verify(view, pack);
  if (verified) SWARMLAB_CHECK(pack.staged->commit(repository));
  return verified;
}

// What a process that ended early was about to take in.
void remove_left_over(const fs::path& path) {
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    std::error_code ignored;
    if (name.starts_with("staged-")) fs::remove_all(it->path(), ignored);
    if (name.find(".pack") != std::string::npos) fs::remove(it->path(), ignored);
  }
}

Result<void> of_commit(const ObjectId& commit, Result<void> result) {
  if (result) return result;
  return within("commit " + commit.hex(), result.error());
}

}  // namespace

struct Objects::Impl {
  git::Library library;  // lives as long as the repository
  std::filesystem::path path;
  git::Repository repository;

  [[nodiscard]] tl::unexpected<Error> here(const Error& error) const {
    return within("objects at " + path.string(), error);
  }
  // Of what was found before: all that it stands on has to be there too. libgit2 says of a damaged
  // delta that its base is not found.
  [[nodiscard]] tl::unexpected<Error> damaged(Error error) const {
    if (error.code == ErrorCode::not_found) error.code = ErrorCode::corrupt;
    return here(error);
  }
};

Objects::Objects(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Objects::Objects(Objects&&) noexcept = default;
Objects& Objects::operator=(Objects&&) noexcept = default;
Objects::~Objects() = default;

Result<Objects> Objects::open(const std::filesystem::path& path) {
  const git::Library library({.fsync = true});
  auto repository = git::Repository::init_bare(path.string());
  if (!repository) return within("objects at " + path.string(), repository.error());
  if (auto synced = sync_skeleton(path); !synced) {
    return within("objects at " + path.string(), synced.error());
  }
  remove_left_over(path);
  if (auto sound = git::check_pack_indexes(repository->git_folder()); !sound) {
    return within("objects at " + path.string(), sound.error());
  }
  Objects objects(std::unique_ptr<Impl>(
      new Impl{.library = git::Library(), .path = path, .repository = std::move(*repository)}));
  SWARMLAB_CHECK(objects.compact_if_needed());
  return objects;
}

Result<std::vector<Result<void>>> Objects::ingest(std::span<const IncomingPack> packs) {
  git::Repository& repository = impl_->repository;
  std::vector<Result<void>> results;
  results.reserve(packs.size());
  git::PackIngest burst(repository);
  for (const IncomingPack& pack : packs) {
    if (pack.staged != nullptr) {
      SWARMLAB_TRY(taken, take_in_staged(repository, pack));
      results.push_back(of_commit(pack.commit, std::move(taken)));
      continue;
    }
    const auto check = [&pack](const git::Repository& view) { return verify(view, pack); };
    Result<void> taken =
        pack.bytes.empty() ? verify(repository, pack) : burst.add(pack.bytes, pack.commit, check);
    results.push_back(of_commit(pack.commit, std::move(taken)));
  }
  fail_point(FailPoint::objects_before_sync);
  if (auto written = burst.commit(); !written) return impl_->here(written.error());
  fail_point(FailPoint::objects_after_sync);
  return results;
}

Result<void> Objects::take_in(git::StagedPack& pack) {
  if (auto taken = pack.commit(impl_->repository); !taken) return impl_->here(taken.error());
  return {};
}

Result<void> Objects::take_in(std::string_view pack, const ObjectId& commit) {
  return of_commit(commit, git::index_pack(impl_->repository, pack, commit));
}

Result<git::FolderManifest> Objects::import_data(const std::filesystem::path& from) {
  SWARMLAB_TRY(made, git::import_data(from.string(), impl_->repository));
  return std::move(made.manifest);
}

Result<void> Objects::import_commit(const std::filesystem::path& from, const ObjectId& commit) {
  auto source = git::Repository::open(from.string());
  if (!source) return within("repository at " + from.string(), source.error());
  if (auto copied = git::copy_commit(*source, commit, impl_->repository); !copied) {
    return impl_->here(copied.error());
  }
  return {};
}

std::string Objects::folder() const {
  return impl_->repository.git_folder();
}

Result<bool> Objects::is_small_pack(const std::vector<ObjectId>& wanted,
                                    const std::vector<ObjectId>& had,
                                    std::uint64_t max_bytes) const {
  auto small = git::is_small_pack(impl_->repository, wanted, had, max_bytes);
  if (!small) return impl_->here(small.error());
  return small;
}

bool Objects::has(const ObjectId& object) const {
  return impl_->repository.has(object);
}

Result<ObjectId> Objects::tree_of(const ObjectId& commit) const {
  const bool is_here = has(commit);  // asked first: libgit2 forgets what it failed to read
  auto tree = impl_->repository.tree_of(commit);
  if (!tree) return is_here ? impl_->damaged(tree.error()) : impl_->here(tree.error());
  return tree;
}

Result<std::string> Objects::make_pack(std::span<const ObjectId> wanted,
                                       std::span<const ObjectId> had) const {
  const bool has_all = std::ranges::all_of(wanted, [this](const auto& id) { return has(id); });
  auto pack =
      git::make_pack(impl_->repository, {wanted.begin(), wanted.end()}, {had.begin(), had.end()});
  if (!pack) {
    return has_all ? impl_->damaged(pack.error()) : impl_->here(pack.error());
  }
  return pack;
}

Result<std::string> Objects::diff_text(const ObjectId& parent, const ObjectId& commit,
                                       std::size_t max_bytes) const {
  SWARMLAB_TRY(before, tree_of(parent));
  SWARMLAB_TRY(after, tree_of(commit));
  auto text = impl_->repository.diff_text(before, after, max_bytes);
  if (!text) return impl_->damaged(text.error());
  return text;
}

Result<std::vector<StoredFile>> Objects::files_of(const ObjectId& commit) const {
  SWARMLAB_TRY(tree, tree_of(commit));
  auto entries = impl_->repository.list_tree(tree);
  if (!entries) return impl_->damaged(entries.error());
  std::vector<StoredFile> files;
  files.reserve(entries->size());
  for (git::TreeEntry& entry : *entries) {
    files.push_back({.path = std::move(entry.path),
                     .mode = static_cast<int>(entry.leaf.mode),
                     .id = entry.leaf.id});
  }
  return files;
}

Result<std::string> Objects::file_of(const ObjectId& commit, const std::string& path,
                                     std::uint64_t max_bytes) const {
  SWARMLAB_TRY(tree, tree_of(commit));
  return impl_->repository.file_at(tree, path, max_bytes);
}

Result<ObjectId> Objects::change_file(const FileChange& change) {
  git::Repository& repository = impl_->repository;
  SWARMLAB_TRY(tree, tree_of(change.commit));
  SWARMLAB_TRY(blob, repository.write_blob(change.bytes));
  SWARMLAB_TRY(changed, repository.replace_paths(tree, {{change.path, git::Leaf{.id = blob}}}));
  return repository.commit(changed, {change.commit},
                           {.author_name = "swarmlab",
                            .author_email = "swarmlab@localhost",
                            .at = change.at,
                            .message = change.message});
}

Result<ObjectStore::Grafted> Objects::graft(const Graft& graft) {
  git::Repository& repository = impl_->repository;
  SWARMLAB_TRY(tree, tree_of(graft.commit));
  SWARMLAB_TRY(parent_tree, tree_of(graft.parent));
  if (auto fits = verify_scope(repository, parent_tree, tree, graft.is_editable); !fits) {
    return within("commit " + graft.commit.hex(), fits.error());
  }
  SWARMLAB_TRY(commit, repository.commit(tree, {graft.parent},
                                         {.author_name = "swarmlab",
                                          .author_email = "swarmlab@localhost",
                                          .at = graft.at,
                                          .message = graft.message}));
  return Grafted{.commit = commit, .tree = tree};
}

Result<void> Objects::compact_if_needed() {
  if (auto done = git::consolidate_packs(impl_->repository.git_folder(), kMaxPacks); !done) {
    return impl_->here(done.error());
  }
  if (auto seen = impl_->repository.refresh(); !seen) return impl_->here(seen.error());
  return {};
}

}  // namespace swarmlab::store
