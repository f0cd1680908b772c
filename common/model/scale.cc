#include "common/model/scale.h"

#include <algorithm>

namespace swarmlab {

const Needs& needs_at(const LabSettings& settings, std::uint32_t place) {
  if (settings.scales.empty()) return settings.needs;
  const std::optional<Needs>& needs = settings.scales.at(place).needs;
  return needs ? *needs : settings.needs;
}

LabSettings at_scale(LabSettings settings, std::uint32_t place) {
  const Scale& scale = settings.scales.at(place);
  settings.scale = scale.name;
  settings.needs = needs_at(settings, place);
  if (scale.timeout.count() > 0) {
    settings.evaluator.timeout = scale.timeout;
    // What takes longer to score takes longer to check, too.
    if (settings.guard) settings.guard->timeout = std::max(settings.guard->timeout, scale.timeout);
  }
  return settings;
}

const Scale* current_scale(const LabSettings& settings) {
  const auto found = std::ranges::find(settings.scales, settings.scale, &Scale::name);
  return found == settings.scales.end() ? nullptr : &*found;
}

}  // namespace swarmlab
