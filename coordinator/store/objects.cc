#include "coordinator/store/objects.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "common/git/library.h"
#include "common/git/pack.h"
#include "common/git/repository.h"
#include "common/git/verify.h"
#include "common/os/unique_fd.h"

namespace swarmlab::store {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxPacks = 50;
constexpr std::size_t kPathsToName = 5;  // in the message about a candidate that left its scope

// What a report claims of its commit, held against the repository that it is in, or would be in.
Result<void> verify(const git::Repository& repository, const IncomingPack& claim) {
  SWARMLAB_TRY(parents, repository.parents_of(claim.commit));
  if (parents != std::vector{claim.parent}) {
    return fail(ErrorCode::invalid_input, "its parent is {}, expected {}",
                parents.empty() ? "none" : parents.front().hex(), claim.parent.hex());
  }
  SWARMLAB_TRY(tree, repository.tree_of(claim.commit));
  if (tree != claim.tree) {
    return fail(ErrorCode::invalid_input, "its tree is {}, expected {}", tree.hex(),
                claim.tree.hex());
  }
  SWARMLAB_TRY(parent_tree, repository.tree_of(claim.parent));
  SWARMLAB_TRY(outside, git::verify_candidate(repository, parent_tree, tree, claim.is_editable));
  if (outside.empty()) return {};
  const std::size_t count = outside.size();
  if (count > kPathsToName) outside.resize(kPathsToName);
  return fail(ErrorCode::invalid_input, "changes {} paths that are not editable: {}{}", count,
              fmt::join(outside, ", "), count > kPathsToName ? ", ..." : "");
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
    const auto check = [&pack](const git::Repository& view) { return verify(view, pack); };
    Result<void> taken =
        pack.bytes.empty() ? verify(repository, pack) : burst.add(pack.bytes, pack.commit, check);
    results.push_back(of_commit(pack.commit, std::move(taken)));
  }
  if (auto written = burst.commit(); !written) return impl_->here(written.error());
  return results;
}

Result<void> Objects::import_commit(const std::filesystem::path& from, const ObjectId& commit) {
  auto source = git::Repository::open(from.string());
  if (!source) return within("repository at " + from.string(), source.error());
  if (auto copied = git::copy_commit(*source, commit, impl_->repository); !copied) {
    return impl_->here(copied.error());
  }
  return {};
}

bool Objects::has(const ObjectId& object) const {
  return impl_->repository.has(object);
}

Result<ObjectId> Objects::tree_of(const ObjectId& commit) const {
  auto tree = impl_->repository.tree_of(commit);
  if (!tree) return impl_->here(tree.error());
  return tree;
}

Result<std::string> Objects::make_pack(std::span<const ObjectId> wanted,
                                       std::span<const ObjectId> had) const {
  auto pack =
      git::make_pack(impl_->repository, {wanted.begin(), wanted.end()}, {had.begin(), had.end()});
  if (!pack) return impl_->here(pack.error());
  return pack;
}

Result<std::string> Objects::diff_text(const ObjectId& parent, const ObjectId& commit,
                                       std::size_t max_bytes) const {
  SWARMLAB_TRY(before, tree_of(parent));
  SWARMLAB_TRY(after, tree_of(commit));
  auto text = impl_->repository.diff_text(before, after, max_bytes);
  if (!text) return impl_->here(text.error());
  return text;
}

Result<void> Objects::compact_if_needed() {
  if (auto done = git::consolidate_packs(impl_->repository.git_folder(), kMaxPacks); !done) {
    return impl_->here(done.error());
  }
  if (auto seen = impl_->repository.refresh(); !seen) return impl_->here(seen.error());
  return {};
}

}  // namespace swarmlab::store
