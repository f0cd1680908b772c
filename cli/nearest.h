// The word that a mistyped one was probably meant to be.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace swarmlab::cli {

/// The candidate with the fewest edits (insert, drop, replace, swap of neighbours) from `word`.
/// Nothing if none is near: more than a third of the letters, at least one, would have to change.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 const std::vector<std::string>& candidates);

}  // namespace swarmlab::cli
