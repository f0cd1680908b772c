// The bytes of the program that runs first in containers; see worker/sandbox/inside.
#pragma once

#include <string_view>

namespace swarmlab::sandbox {

[[nodiscard]] std::string_view inside_program();

}  // namespace swarmlab::sandbox
