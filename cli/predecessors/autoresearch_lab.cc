// Autoresearch Lab: its lab.toml is read as it is. What it lacks is an agent, which it has in no
// file: that goes into a lab.toml above it, so that its own stays untouched.
#include "cli/predecessors/recognise.h"
#include "cli/predecessors/text.h"

namespace swarmlab::predecessors {

std::optional<Found> recognise_autoresearch_lab(const Folder& folder) {
  const auto text = folder.text("lab.toml");
  if (!text) return std::nullopt;
  const auto lines = lines_of(*text);
  const auto backend = first_match(lines, R"(^\s*(\[backend\]))");
  const auto module = first_match(lines, R"(^\s*module\s*=\s*["']([^"']+)["'])");
  const bool has_agent = first_match(lines, R"(^\s*\[agent\])").has_value();
  const std::string file = module ? module->text : "backend.py";
  const auto code = folder.text(file);
  const bool is_its = code && code->find("autoresearch_lab") != std::string::npos;
  if (!backend || !is_its || has_agent) return std::nullopt;
  Found found{
      .kind = "Autoresearch Lab", .seen = {place("lab.toml", backend->number), file}, .drafts = {}};
  found.agent = "claude";
  const auto results = first_match(lines, R"(^\s*results_file\s*=\s*["']([^"']+)["'])");
  const std::string log = results ? results->text : "results.tsv";
  if (folder.has(log)) {
    found.log = log;
    found.seen.push_back(log);
  }
  if (folder.inside().empty()) {
    found.notes.emplace_back(
        "it needs one table more, who does the experiments, which Autoresearch Lab does not mind: "
        "add [agent] with kind = \"claude\", or with a command, to lab.toml");
    return found;
  }
  found.with_command.push_back({.table = "agent",
                                .key = "session",
                                .value = toml_text("handshake"),
                                .from = "its agents wait for verdicts/verdict.json to be gone"});
  Draft above;
  for (const std::string& part : split(folder.inside(), '/')) {
    if (!part.empty()) above.folder += "../";
  }
  above.set("lab", "abstract", "true", "holds the lab");
  found.drafts.push_back(std::move(above));
  return found;
}

}  // namespace swarmlab::predecessors
