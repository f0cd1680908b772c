// What a change is like, in at most a kilobyte: by it near duplicates are found without their
// diffs.
//
// A change is the set of the lines that it adds and removes, without white space, blank lines and
// lines that are comments only. Its sketch is the 128 smallest hashes of that set (bottom-k, or
// KMV: Broder 1997, "On the resemblance and containment of documents"). Of two sketches the Jaccard
// similarity of the sets is estimated; it is exact where both have fewer than 128 lines. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace swarmlab {

inline constexpr std::size_t kSketchHashes = 128;
inline constexpr std::size_t kSketchBytes = kSketchHashes * 8;

/// \param diff  unified, of git. \return  empty if it changes no lines, or holds what has none
[[nodiscard]] std::string sketch_of(std::string_view diff);

/// Whether the bytes are what sketch_of() gives of a change: they may come from anyone.
[[nodiscard]] bool is_sketch(std::string_view bytes);

/// 0 (nothing in common) to 1 (the same). \pre  both are sketches
[[nodiscard]] double similarity_of(std::string_view one, std::string_view other);

}  // namespace swarmlab
