// A lab's settings as read, with the places that later checks need. Private to this room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/lab/lab.h"
#include "common/lab/problems.h"
#include "common/model/lab.h"

namespace swarmlab {

// Where things were written; what was not, or not right, is not known().
struct LabLines {
  Place dockerfile;
  Place backend;  // [backend], or its module
  Place instructions;
  Place pipeline_dir;
  Place data;
  Place evaluator_command;
  Place guard_command;
  Place agent_command;
  Place artifact;
  std::vector<Place> editable;  // as many as Artifact::editable
};

struct LabFile {
  LabSettings settings;
  LabLines lines;
  Problems problems;
  std::vector<std::string> folders;  // of the sources of `problems`: the lab's own comes first

  /// The folder that a path which stands there is relative to.
  [[nodiscard]] const std::string& folder_of(Place place) const {
    return folders.at(static_cast<std::size_t>(place.file));
  }
  [[nodiscard]] bool is_inherited(Place place) const {
    return place.known() && folder_of(place) != settings.folder;
  }
  /// A path that stands there, relative to the lab's folder. \return  invalid_input that says what
  /// it does: "leaves the repository", ...
  [[nodiscard]] Result<std::string> to_lab(const std::string& path, Place place) const;
};

[[nodiscard]] LabFile read_lab_file(const LabTexts& texts);

}  // namespace swarmlab
