// The labs that `init` writes: the files of cli/templates/, as the build put them into this binary.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace swarmlab {

/// "TEMPLATE/path in the lab", text; "{name}" stands for the lab's name in lab.toml and AGENT.md.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string_view>> embedded_templates();

}  // namespace swarmlab
