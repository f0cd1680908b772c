// Why a file or folder that is hashed could not be read.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "common/result.h"

namespace swarmlab::git {

/// By errno: not_found, else internal.
[[nodiscard]] inline tl::unexpected<Error> unreadable(std::string_view what,
                                                      const std::string& path) {
  const ErrorCode code = errno == ENOENT ? ErrorCode::not_found : ErrorCode::internal;
  return fail(code, "{}: cannot {}: {}", path, what, std::strerror(errno));
}

}  // namespace swarmlab::git
