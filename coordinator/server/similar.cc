#include "coordinator/server/similar.h"

#include <algorithm>

#include "common/model/sketch.h"

namespace swarmlab::server {

void Similar::add(LabId lab, ExperimentNumber parent, ExperimentNumber number, std::string sketch) {
  if (!is_sketch(sketch)) return;
  OfLab& known = labs_[lab];
  std::deque<Known>& siblings = known.by_parent[parent];
  siblings.push_back({.number = number, .sketch = std::move(sketch)});
  known.order.emplace_back(parent, number);
  if (siblings.size() > limits_.of_a_parent) siblings.pop_front();
  while (known.order.size() > limits_.of_a_lab) {
    const auto [above, oldest] = known.order.front();
    known.order.pop_front();
    forget(known, above, oldest);
  }
}

void Similar::forget(OfLab& lab, ExperimentNumber parent, ExperimentNumber number) {
  const auto siblings = lab.by_parent.find(parent);
  if (siblings == lab.by_parent.end()) return;
  std::erase_if(siblings->second, [number](const Known& one) { return one.number == number; });
  if (siblings->second.empty()) lab.by_parent.erase(siblings);
}

std::optional<NearDuplicate> Similar::nearest(LabId lab, ExperimentNumber parent,
                                              std::string_view sketch, double least) const {
  const auto known = labs_.find(lab);
  if (known == labs_.end() || !is_sketch(sketch)) return std::nullopt;
  const auto siblings = known->second.by_parent.find(parent);
  if (siblings == known->second.by_parent.end()) return std::nullopt;
  std::optional<NearDuplicate> nearest;
  for (const Known& one : siblings->second) {
    const double similarity = similarity_of(one.sketch, sketch);
    if (similarity < least || (nearest && similarity <= nearest->similarity)) continue;
    nearest = NearDuplicate{.of = one.number, .similarity = similarity};
  }
  return nearest;
}

std::size_t Similar::size() const {
  std::size_t all = 0;
  for (const auto& [lab, known] : labs_) {
    for (const auto& [parent, siblings] : known.by_parent) all += siblings.size();
  }
  return all;
}

}  // namespace swarmlab::server
