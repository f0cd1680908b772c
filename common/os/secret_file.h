// Who may read a file with a secret in it.
#pragma once

#include <sys/stat.h>

namespace swarmlab {

/// Whether nobody but its owner may use the file. Where root owns it and `reader` is somebody else,
/// the file's group may read it, too: that is how Kubernetes and systemd hand secrets to a process
/// that is not root.
[[nodiscard]] constexpr bool is_kept_secret(const struct stat& about, uid_t reader) {
  constexpr mode_t kGroupReads = 0040;
  const bool handed_over = about.st_uid == 0 && reader != 0;
  return (about.st_mode & 0077U & ~(handed_over ? kGroupReads : 0U)) == 0;
}

}  // namespace swarmlab
