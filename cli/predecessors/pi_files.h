// Where pi-autoresearch keeps the files of a session: in .auto/, or in older labs flat.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/predecessors/folder.h"

namespace swarmlab::predecessors {

// Paths from the folder; whether they are there or not.
struct PiFiles {
  std::string log;
  std::string prompt;
  std::string measure;
  std::string checks;
  std::string ideas;
  std::string config;
  std::string before;  // hooks
  std::string after;
  [[nodiscard]] std::vector<std::string> present(const Folder& folder) const;
};

/// If anything is below .auto/, that layout; else the flat one, if a file of it is there.
[[nodiscard]] std::optional<PiFiles> pi_files(const Folder& folder);

}  // namespace swarmlab::predecessors
