#include "worker/workspace/overlay.h"

#include <filesystem>

#include "common/lab/paths.h"
#include "common/os/file.h"
#include "worker/workspace/workspace.h"

namespace swarmlab::worker {
namespace {

namespace fs = std::filesystem;

// Folders of the checkout down to `path`, made where they are missing.
Result<void> make_way(const fs::path& checkout, const fs::path& path) {
  fs::path at = checkout;
  for (const fs::path& part : path.parent_path()) {
    at /= part;
    std::error_code error;
    if (fs::is_symlink(fs::symlink_status(at, error))) {
      return fail(ErrorCode::invalid_input, "overlay: {} goes through a link", path.string());
    }
  }
  return make_folders(at.string());
}

Result<void> move_over(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::remove_all(to, error);
  if (!error) fs::rename(from, to, error);
  if (!error) return {};
  return fail(ErrorCode::internal, "overlay: {} cannot be laid over: {}", to.string(),
              error.message());
}

}  // namespace

Result<void> lay_over(const git::Repository& repository, const Overlay& overlay,
                      const std::string& checkout, const std::string& scratch) {
  SWARMLAB_TRY(tree, repository.subtree_id(overlay.lab_tree, overlay.folder));
  SWARMLAB_CHECK(prepare(repository, tree, scratch));
  SWARMLAB_TRY(files, repository.list_tree(tree));
  for (const git::TreeEntry& file : files) {
    const fs::path path(join(overlay.over, file.path));
    SWARMLAB_CHECK(make_way(checkout, path));
    SWARMLAB_CHECK(move_over(fs::path(scratch) / file.path, fs::path(checkout) / path));
  }
  return remove_tree(scratch);
}

}  // namespace swarmlab::worker
