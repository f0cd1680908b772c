// What the readers of packs have in common: kinds of entries that are differences, and how they
// speak of what is wrong.
#pragma once

#include <fmt/format.h>

#include <utility>

#include "common/result.h"

namespace swarmlab::git {

constexpr int kOffsetDelta = 6;
constexpr int kReferenceDelta = 7;

template <class... Args>
[[nodiscard]] tl::unexpected<Error> bad_pack(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::invalid_input, "pack: {}",
              fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace swarmlab::git
