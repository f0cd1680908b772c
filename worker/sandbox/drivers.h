// The drivers that a worker has: by the words of --sandbox, and which of them runs a request.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "worker/sandbox/sandbox.h"

namespace swarmlab::sandbox {

struct Chosen {
  std::unique_ptr<Sandbox> sandbox;
  std::vector<SandboxDriver> drivers;  // empty: none, no isolation
};

/// \param words  as of open_drivers() \return empty of "none"; invalid_input if they make no sense
[[nodiscard]] Result<std::vector<SandboxDriver>> drivers_in(std::string_view words);

/// \param words  "bubblewrap", or several with commas between: the first runs what asks for no
///               other; "none" stands alone
/// \return invalid_input if the words make no sense, unavailable with the reason if one of the
///         drivers does not start here: none stands in for another
[[nodiscard]] Result<Chosen> open_drivers(std::string_view words, const SandboxOptions& options);

/// The words that these labs need: the drivers they name, and those that fit what they do not name.
/// Of container engines the one that answers here.
[[nodiscard]] Result<std::string> drivers_for(const std::vector<SandboxSettings>& labs);

}  // namespace swarmlab::sandbox
