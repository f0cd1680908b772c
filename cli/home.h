// The state folder of a repository: made, kept out of git and to ourselves.
#pragma once

#include <filesystem>

#include "common/result.h"

namespace swarmlab::cli {

/// Makes `.swarmlab` in the root, with a .gitignore of its own that hides all of it: the user's
/// files are not touched. Nobody else may enter it.
[[nodiscard]] Result<std::filesystem::path> make_state_folder(const std::filesystem::path& root);

/// The same for a state folder at any place.
[[nodiscard]] Result<void> make_private_folder(const std::filesystem::path& folder);

}  // namespace swarmlab::cli
