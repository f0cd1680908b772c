// The files that a lab's settings come from, each as it stands: the lab's own and those of the
// folders above it; and what is set on the command line for a branch. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/lab/lab.h"
#include "common/lab/problems.h"
#include "common/lab/toml_tree.h"

namespace swarmlab {

struct Levels {
  std::vector<toml_tree::Table> tables;  // the lab's own first, then upwards
  std::string name;                      // of the lab in the tree
  std::optional<Place> abstract;         // where the lab's own file says that it is none
};

/// None yet. The lab's own file is the first source, then those above it, then each that is set.
[[nodiscard]] Problems problems_of(const LabTexts& texts);

/// \param problems  those of problems_of()
[[nodiscard]] Levels read_levels(const LabTexts& texts, Problems& problems);

/// LabTexts::set as tables: the later goes before the earlier.
[[nodiscard]] toml_tree::Table read_set(const LabTexts& texts, Problems& problems);

}  // namespace swarmlab
