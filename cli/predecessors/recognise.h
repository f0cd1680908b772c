// Which predecessor a folder was made for. Each is a function in a file of its own, from the texts
// of the folder to the settings of a lab.toml.
#pragma once

#include <optional>

#include "cli/predecessors/found.h"

namespace swarmlab::predecessors {

/// Nothing if it is of none of them. The one whose files say most about themselves is asked first.
[[nodiscard]] std::optional<Found> recognise(const Folder& folder);

[[nodiscard]] std::optional<Found> recognise_autoresearch_lab(const Folder& folder);
[[nodiscard]] std::optional<Found> recognise_pi(const Folder& folder);
[[nodiscard]] std::optional<Found> recognise_polyresearch(const Folder& folder);
[[nodiscard]] std::optional<Found> recognise_praxlab(const Folder& folder);
[[nodiscard]] std::optional<Found> recognise_karpathy(const Folder& folder);
[[nodiscard]] std::optional<Found> recognise_uditgoenka(const Folder& folder);

}  // namespace swarmlab::predecessors
