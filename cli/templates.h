// The labs that `init` writes. The program carries them: cmake/EmbedTemplates.cmake puts the files
// of cli/templates/ into it.
#pragma once

#include <span>
#include <string_view>

namespace swarmlab::cli {

struct TemplateFile {
  std::string_view name;  // of the template: "minimal"
  std::string_view path;  // in the lab: "data/samples.jsonl"
  std::string_view text;  // "{name}" stands for the lab's name in lab.toml and AGENT.md
};

/// By template, then by path.
[[nodiscard]] std::span<const TemplateFile> template_files();

}  // namespace swarmlab::cli
