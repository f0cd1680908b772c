// What was built, and from what. The values come from the build (cmake/BuildInfo.cmake).
#pragma once

#include <string_view>

namespace swarmlab::cli {

extern const std::string_view kVersion;      // "0.1.0"
extern const std::string_view kBuildCommit;  // short; empty when built outside a git checkout
extern const std::string_view kBuildType;
extern const std::string_view kCompiler;

}  // namespace swarmlab::cli
