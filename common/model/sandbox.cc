#include "common/model/sandbox.h"

#include <algorithm>
#include <array>

namespace swarmlab {
namespace {

constexpr std::array kDrivers = {SandboxDriver::bubblewrap, SandboxDriver::docker,
                                 SandboxDriver::podman, SandboxDriver::runsc,
                                 SandboxDriver::runner};

std::string label_of(SandboxDriver driver) {
  return std::string(kSandboxLabelPrefix) + std::string(name_of(driver));
}

}  // namespace

std::string_view name_of(SandboxDriver driver) {
  switch (driver) {
    case SandboxDriver::any:
      return "any";
    case SandboxDriver::bubblewrap:
      return "bubblewrap";
    case SandboxDriver::docker:
      return "docker";
    case SandboxDriver::podman:
      return "podman";
    case SandboxDriver::runsc:
      return "runsc";
    case SandboxDriver::runner:
      return "runner";
  }
  return "unknown";
}

std::optional<SandboxDriver> sandbox_driver_from(std::string_view name) {
  const auto found =
      std::ranges::find(kDrivers, name, [](SandboxDriver driver) { return name_of(driver); });
  if (found == kDrivers.end()) return std::nullopt;
  return *found;
}

bool has_images(SandboxDriver driver) {
  return driver == SandboxDriver::docker || driver == SandboxDriver::podman ||
         driver == SandboxDriver::runsc;
}

std::vector<std::string> labels_of(const std::vector<SandboxDriver>& drivers) {
  std::vector<std::string> labels;
  labels.reserve(drivers.size() + 1);
  for (const SandboxDriver driver : drivers) labels.push_back(label_of(driver));
  if (std::ranges::any_of(drivers, has_images)) labels.emplace_back(kContainerLabel);
  return labels;
}

std::vector<std::string> labels_for(const LabSettings& settings) {
  std::vector<std::string> labels;
  if (settings.sandbox.driver != SandboxDriver::any) {
    labels.push_back(label_of(settings.sandbox.driver));
  } else if (settings.sandbox.wants_image()) {
    labels.emplace_back(kContainerLabel);
  }
  if (settings.evaluator.service) labels.emplace_back(kServicesLabel);
  return labels;
}

bool is_own_label(std::string_view label) {
  return label.starts_with(kSandboxLabelPrefix) || label == kServicesLabel;
}

}  // namespace swarmlab
