#include "cli/predecessors/recognise.h"

#include <array>

namespace swarmlab::predecessors {

std::optional<Found> recognise(const Folder& folder) {
  using Recognise = std::optional<Found> (*)(const Folder&);
  constexpr std::array<Recognise, 6> kAll{recognise_autoresearch_lab, recognise_pi,
                                          recognise_polyresearch,     recognise_praxlab,
                                          recognise_karpathy,         recognise_uditgoenka};
  for (const Recognise one : kAll) {
    if (auto found = one(folder)) return found;
  }
  return std::nullopt;
}

}  // namespace swarmlab::predecessors
