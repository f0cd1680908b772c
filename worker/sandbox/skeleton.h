// The root file system of a container that shows the machine's own programs: mount points, links
// and the small files of /etc; all else is mounted. As a tar file, the same bytes for the same
// view.
#pragma once

#include <string>

#include "worker/sandbox/system_view.h"

namespace swarmlab::sandbox {

[[nodiscard]] std::string skeleton_of(const SystemView& system);

}  // namespace swarmlab::sandbox
