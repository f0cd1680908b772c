// Which labs a command means, and where they are: a folder, a name, or the nearest.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "common/result.h"

namespace swarmlab::cli {

struct LabPlace {
  std::filesystem::path root;  // of the repository
  std::string folder;          // of the lab, relative to it; "" is the root
  std::string name;            // in the tree of labs
  bool abstract = false;       // no lab: it only gives settings to those below
  [[nodiscard]] std::filesystem::path path() const { return root / folder; }
};

/// The root of the git repository that `context.lab`, if it is a folder, or else the current folder
/// is in.
[[nodiscard]] Result<std::filesystem::path> locate_root(const Context& context);

/// Where swarmlab keeps its own: `.swarmlab` in the repository's root.
[[nodiscard]] std::filesystem::path state_folder(const std::filesystem::path& root);

/// The lab in the user's work tree: LAB as a folder, else as a name of the repository's labs;
/// without LAB the nearest lab.toml upwards, else the only lab of the repository.
[[nodiscard]] Result<LabPlace> locate_lab(const Context& context);

/// All labs of a part of the tree. LAB is a folder, or a name of a lab or of what is above labs:
/// the lab that is there, and those below. Without LAB: the current folder, if it has a lab.toml;
/// else the lab that it is in. Each has a name of its own; sorted by folder.
[[nodiscard]] Result<std::vector<LabPlace>> locate_labs(const Context& context);

/// The name of the lab that LAB or the current folder says, without asking anyone. Nothing if they
/// say nothing. For queries, which may go to a coordinator elsewhere: a LAB that is no folder is
/// taken as a name.
[[nodiscard]] Result<std::optional<std::string>> named_lab(const Context& context);

/// The same for what may also be a part of the tree: "" is all of it.
[[nodiscard]] Result<std::optional<std::string>> named_place(const Context& context);

}  // namespace swarmlab::cli
