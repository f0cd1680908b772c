// lab.toml against the files of the commit that it is in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/model/lab.h"
#include "common/result.h"

namespace swarmlab {

struct CheckedLab {
  // As read_lab() has them; and scripts that the evaluator's or the guard's command names are
  // frozen.
  LabSettings settings;
  std::vector<std::string> warnings;  // "lab.toml:7: ...": may be meant, but a person should know
};

/// read_lab(), then: does the backend exist, the instructions (if lab.toml names them), the data
/// folder; does each editable glob match something; is anything left to edit.
/// \param files  paths of all files of the commit, relative to the root
[[nodiscard]] Result<CheckedLab> check_lab(std::string_view text, const std::string& folder,
                                           const std::vector<std::string>& files,
                                           const std::string& default_name = "lab");

/// A lab without an agent can be evaluated, but not run. \return invalid_input with what to write
[[nodiscard]] Result<void> check_has_agent(const LabSettings& settings);

}  // namespace swarmlab
