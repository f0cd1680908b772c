// A lab.toml as read, with the lines that later checks need. Private to this room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/lab/problems.h"
#include "common/model/lab.h"

namespace swarmlab {

// Where things were written. 0: they were not, or not right.
struct LabLines {
  int backend = 0;  // [backend], or its module
  int instructions = 0;
  int pipeline_dir = 0;
  int data = 0;
  int evaluator_command = 0;
  int guard_command = 0;
  int artifact = 0;
  std::vector<int> editable;  // as many as Artifact::editable
};

struct LabFile {
  LabSettings settings;
  LabLines lines;
  Problems problems;
};

[[nodiscard]] LabFile read_lab_file(std::string_view text, const std::string& folder,
                                    const std::string& default_name);

}  // namespace swarmlab
