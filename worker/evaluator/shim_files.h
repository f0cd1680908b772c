// The files of worker/evaluator/python, as the build put them into this binary.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace swarmlab {

/// Relative path, content.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string_view>> shim_files();

}  // namespace swarmlab
