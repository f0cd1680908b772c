// Drivers of sandboxes by name, and the labels by which labs find workers that have them.
//
// A worker tells a label for each driver that it has; a lab that needs one has the label among its
// needs. So the coordinator gives no work to a worker that could not do it, and says who lacks what
// in the words that it has for labels.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/lab.h"

namespace swarmlab {

inline constexpr std::string_view kSandboxLabelPrefix = "sandbox=";
// Of workers with any container engine.
inline constexpr std::string_view kContainerLabel = "sandbox=container";
// Of workers that start services of labs, outside of sandboxes.
inline constexpr std::string_view kServicesLabel = "host-services";

/// "any" is no driver, but has a name, too.
[[nodiscard]] std::string_view name_of(SandboxDriver driver);
/// Nothing for a word that is no driver.
[[nodiscard]] std::optional<SandboxDriver> sandbox_driver_from(std::string_view name);
/// Whether it can run a lab's own image.
[[nodiscard]] bool has_images(SandboxDriver driver);

/// That a worker with these drivers tells.
[[nodiscard]] std::vector<std::string> labels_of(const std::vector<SandboxDriver>& drivers);
/// That the lab's sandbox and services need of a worker.
[[nodiscard]] std::vector<std::string> labels_for(const LabSettings& settings);
/// Whether the name is one that only workers themselves may tell.
[[nodiscard]] bool is_own_label(std::string_view label);

}  // namespace swarmlab
