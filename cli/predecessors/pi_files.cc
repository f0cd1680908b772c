#include "cli/predecessors/pi_files.h"

namespace swarmlab::predecessors {
namespace {

PiFiles below_auto() {
  return {.log = ".auto/log.jsonl",
          .prompt = ".auto/prompt.md",
          .measure = ".auto/measure.sh",
          .checks = ".auto/checks.sh",
          .ideas = ".auto/ideas.md",
          .config = ".auto/config.json",
          .before = ".auto/hooks/before.sh",
          .after = ".auto/hooks/after.sh"};
}

PiFiles flat() {
  return {.log = "autoresearch.jsonl",
          .prompt = "autoresearch.md",
          .measure = "autoresearch.sh",
          .checks = "autoresearch.checks.sh",
          .ideas = "autoresearch.ideas.md",
          .config = "autoresearch.config.json",
          .before = "autoresearch.hooks/before.sh",
          .after = "autoresearch.hooks/after.sh"};
}

}  // namespace

std::vector<std::string> PiFiles::present(const Folder& folder) const {
  std::vector<std::string> there;
  for (const std::string& path : {prompt, measure, checks, ideas, config, log, before, after}) {
    if (folder.has(path)) there.push_back(path);
  }
  return there;
}

std::optional<PiFiles> pi_files(const Folder& folder) {
  for (const PiFiles& files : {below_auto(), flat()}) {
    if (!files.present(folder).empty()) return files;
  }
  return std::nullopt;
}

}  // namespace swarmlab::predecessors
