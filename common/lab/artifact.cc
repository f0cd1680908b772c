#include <fmt/format.h>

#include "common/lab/freeze.h"
#include "common/lab/paths.h"
#include "common/lab/scope.h"
#include "common/lab/tables.h"

namespace swarmlab::tables {
namespace {

using toml_tree::Node;

constexpr const char* kGlobs = "a list of paths or globs such as [\"pipeline/**\"]";

struct Globs {
  std::vector<std::string> globs;
  std::vector<Place> lines;
};

// Relative to the folder of the file that states them, in the result to the repository's root.
Globs read_globs(Section& section, std::string_view key, const LabFile& file) {
  Globs result;
  const std::string& folder = file.folder_of(section.line(key));
  std::vector<std::string> texts;
  if (!section.texts(key, texts, kGlobs)) return result;
  const auto& nodes = std::get<toml_tree::List>(section.find(key)->value);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Node& node = nodes[i];
    const auto problem = [&](const std::string& why) {
      section.problem(node.line,
                      fmt::format("[artifact] {} {} {}, expected a path or glob in the repository, "
                                  "relative to the lab's folder",
                                  key, toml_tree::shown(node), why));
    };
    Result<std::string> glob = glob_to_repository(texts[i], folder);
    if (!glob) {
      problem(glob.error().message);
    } else if (const auto scope = Scope::from(Artifact{{*glob}, {}, 0}); !scope) {
      problem("is no glob (" + scope.error().message + ")");
    } else {
      result.globs.push_back(*std::move(glob));
      result.lines.push_back(node.line);
    }
  }
  return result;
}

void check_anything_is_left(const Section& section, LabFile& file) {
  const Artifact& artifact = file.settings.artifact;
  if (artifact.editable.empty() || leaves_anything(artifact)) return;
  file.problems.add(section.line("editable"),
                    fmt::format("[artifact] editable has only frozen paths, expected one that is "
                                "not among {}",
                                fmt::join(artifact.frozen, ", ")));
}

}  // namespace

void read_artifact(Section section, LabFile& file) {
  LabSettings& settings = file.settings;
  Artifact& artifact = settings.artifact;
  const Node* editable = section.find("editable");
  if (editable == nullptr) {
    const std::string folder = escape_glob(settings.pipeline_dir);
    artifact.editable = {folder.empty() ? "**" : folder + "/**"};
    file.lines.editable = {file.lines.pipeline_dir};
  } else if (const auto* list = std::get_if<toml_tree::List>(&editable->value);
             list != nullptr && list->empty()) {
    section.wrong("editable", "at least one path or glob: else an agent can change nothing");
  } else {
    Globs globs = read_globs(section, "editable", file);
    artifact.editable = std::move(globs.globs);
    file.lines.editable = std::move(globs.lines);
  }
  artifact.frozen = read_globs(section, "frozen", file).globs;
  section.size("max_file_size", artifact.max_file_bytes, 1);
  section.finish();
  file.lines.artifact = section.line("editable");
  freeze_own_files(settings);
  check_anything_is_left(section, file);
}

}  // namespace swarmlab::tables
