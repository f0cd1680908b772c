// lab.toml against the files of the commit that it is in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/lab/lab.h"
#include "common/model/lab.h"
#include "common/result.h"

namespace swarmlab {

struct CheckedLab {
  // As read_lab() has them; and scripts that the evaluator's or the guard's command names are
  // frozen. A command that is inherited names its scripts relative to the file that states it; here
  // they are relative to the lab's folder, where every command runs.
  LabSettings settings;
  std::vector<std::string> warnings;  // "lab.toml:7: ...": may be meant, but a person should know
  // Folders above the lab whose evaluator, backend or guard it inherits.
  std::vector<std::string> scored_from;
};

/// read_lab(), then: does the backend exist, the instructions (if lab.toml names them), the data
/// folder; does each editable glob match something; is anything left to edit.
/// \param files  paths of all files of the commit, relative to the root
[[nodiscard]] Result<CheckedLab> check_lab(const LabTexts& texts,
                                           const std::vector<std::string>& files);
/// Of a lab that nothing is above.
[[nodiscard]] Result<CheckedLab> check_lab(std::string_view text, const std::string& folder,
                                           const std::vector<std::string>& files,
                                           const std::string& default_name = "lab");

/// A lab without an agent can be evaluated, but not run. \return invalid_input with what to write
[[nodiscard]] Result<void> check_has_agent(const LabSettings& settings);

}  // namespace swarmlab
