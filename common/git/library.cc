#include "common/git/library.h"

#include <git2.h>

#include <array>

namespace swarmlab::git {

Library::Library(const LibraryOptions& options) {
  git_libgit2_init();
  git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, options.fsync ? 1 : 0);
  // A container's user often is not the owner of the mounted repository. We run no hook and no
  // filter of it.
  git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
  git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1);
  git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
  // What git itself sets in users' repositories and what does not change how objects are read.
  std::array<const char*, 3> extensions{"worktreeconfig", "partialclone", "preciousobjects"};
  git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions.data(), extensions.size());
}

Library::~Library() {
  git_libgit2_shutdown();
}

}  // namespace swarmlab::git
