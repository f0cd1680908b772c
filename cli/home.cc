#include "cli/home.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "cli/locate.h"
#include "common/os/file.h"

namespace swarmlab::cli {

Result<std::filesystem::path> make_state_folder(const std::filesystem::path& root) {
  std::filesystem::path folder = state_folder(root);
  SWARMLAB_CHECK(make_private_folder(folder));
  return folder;
}

Result<void> make_private_folder(const std::filesystem::path& folder) {
  SWARMLAB_CHECK(make_folders(folder.string(), 0700));
  if (chmod(folder.c_str(), 0700) != 0)
    return fail(ErrorCode::unavailable, "{}: {}", folder.string(), std::strerror(errno));
  const std::string ignore = (folder / ".gitignore").string();
  if (!read_file(ignore, 1U << 10U)) SWARMLAB_CHECK(write_file(ignore, "*\n"));
  return {};
}

}  // namespace swarmlab::cli
