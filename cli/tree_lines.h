// Labs as the lines of a tree, as they stand below each other by their names. For .cc files only:
// it includes Cap'n Proto.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schemas/view.capnp.h"

namespace swarmlab::cli {

struct TreeLine {
  std::string label;                           // indented; of a branch with what it came from
  std::optional<schema::LabView::Reader> lab;  // none: it only holds labs
};

/// What is below a lab or a folder comes after it, one step to the right. What only holds labs has
/// a line of its own where there are several below it; else it is part of the label.
[[nodiscard]] std::vector<TreeLine> as_tree(capnp::List<schema::LabView>::Reader labs);

}  // namespace swarmlab::cli
