// What an agent may never edit, whatever lab.toml says. Private to this room.
#pragma once

#include <string>

#include "common/model/lab.h"

namespace swarmlab {

/// Adds globs to Artifact::frozen, each once.
void freeze_file(Artifact& artifact, const std::string& path);
void freeze_folder(Artifact& artifact, const std::string& path);

/// lab.toml and those that are or could be above it, backend, instructions, results, data, git and
/// swarmlab's own folders.
void freeze_own_files(LabSettings& settings);

/// False if no path can be editable: each glob lies in frozen ones.
[[nodiscard]] bool leaves_anything(const Artifact& artifact);

}  // namespace swarmlab
