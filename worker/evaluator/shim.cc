#include "worker/evaluator/shim.h"

#include <fmt/format.h>

#include "common/os/file.h"
#include "worker/evaluator/shim_files.h"

namespace swarmlab::worker {

Result<void> write_shim(const std::string& folder) {
  for (const auto& [path, content] : shim_files()) {
    const std::string full = fmt::format("{}/{}", folder, path);
    SWARMLAB_CHECK(make_folders(full.substr(0, full.rfind('/'))));
    SWARMLAB_CHECK(write_file(full, content));
  }
  return {};
}

}  // namespace swarmlab::worker
