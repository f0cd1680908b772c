// This program, for who runs in a sandbox: `swarmlab hypothesis` is to work there too.
#pragma once

#include <string>
#include <vector>

namespace swarmlab::sandbox {

/// The path of the running program, if it would run inside: it is still there, and the libraries
/// that it uses are where a sandbox shows them (the system's folders, and what is exposed). Else
/// empty, and `why` says why.
[[nodiscard]] std::string own_program(const std::vector<std::string>& exposed, std::string& why);

}  // namespace swarmlab::sandbox
