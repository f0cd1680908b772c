#include "coordinator/swarm/rejected.h"

namespace swarmlab::swarm {

const FrontierEntry* find_kept(const Lab& lab, ExperimentNumber number) {
  for (const auto* kept : {&lab.frontier, &lab.rejected}) {
    if (const auto found = kept->find(number); found != kept->end()) return &found->second;
  }
  return nullptr;
}

std::optional<ExperimentNumber> rejected_above(const Lab& lab,
                                               std::optional<ExperimentNumber> parent) {
  if (lab.rejected.empty()) return std::nullopt;
  while (parent) {
    if (lab.rejected.contains(*parent)) return parent;
    const FrontierEntry* entry = find_kept(lab, *parent);
    if (entry == nullptr) return std::nullopt;
    parent = entry->parent;
  }
  return std::nullopt;
}

}  // namespace swarmlab::swarm
