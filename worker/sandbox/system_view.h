// What every sandbox shows of the host: the system's folders, the short list of /etc, and what is
// exposed. Looked up once: a mount that is not made saves each run 0.1 ms.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::sandbox {

struct SystemView {
  struct Link {
    std::string target;
    std::string path;
  };
  struct File {  // small: not mounted, but written
    std::string path;
    std::string bytes;
  };
  std::vector<Link> links = {};
  std::vector<File> files = {};
  std::vector<std::string> binds = {};    // of the same path on the host, read-only
  std::vector<std::string> exposed = {};  // likewise, over all else
  std::string path = {};                  // the value of PATH
};

/// Reads what is there now.
/// \return not_found if an exposed path does not exist, invalid_input if it is not absolute.
[[nodiscard]] Result<SystemView> view_of_system(const SandboxOptions& options);

/// Whether it begins with / and has no "..", "//" and the like, and no NUL.
[[nodiscard]] bool is_absolute_and_plain(const std::string& path);

}  // namespace swarmlab::sandbox
