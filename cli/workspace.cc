#include "cli/workspace.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "common/lab/lab.h"
#include "common/model/scale.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

using nlohmann::json;

constexpr std::uint64_t kMostFile = 16U << 20U;
constexpr std::uint64_t kMostLabToml = 1U << 20U;
constexpr const char* kWorkspace = "/workspace";

}  // namespace

bool is_in_workspace(const Context& context) {
  return context.variable("SWARMLAB_BRIEF").has_value();
}

Result<std::string> agents_variable(const Context& context, const char* name) {
  const auto value = context.variable(name);
  if (value) return *value;
  return fail(ErrorCode::invalid_input, "{} is not set: this is for agents in their workspaces",
              name);
}

Result<LabSettings> lab_of_workspace(const Context& context) {
  SWARMLAB_TRY(text, read_file((context.cwd / "lab.toml").string(), kMostLabToml));
  const std::filesystem::path inside = context.cwd.lexically_relative(kWorkspace);
  const bool is_below = !inside.empty() && inside != "." && *inside.begin() != "..";
  SWARMLAB_TRY(settings, read_lab(text, is_below ? inside.generic_string() : std::string()));
  const std::string scale = context.variable("SWARMLAB_SCALE").value_or("");
  for (std::uint32_t place = 0; place < settings.scales.size(); ++place) {
    if (settings.scales[place].name == scale) return at_scale(std::move(settings), place);
  }
  return std::move(settings);
}

std::string root_of_workspace(const Context& context, const LabSettings& settings) {
  return settings.folder.empty() ? context.cwd.string() : kWorkspace;
}

Result<void> add_to_outcome(const Context& context, const OutcomeNote& note) {
  SWARMLAB_TRY(file, agents_variable(context, "SWARMLAB_OUTCOME"));
  json outcome = json::object();
  if (const auto before = read_file(file, kMostFile)) {
    outcome = json::parse(*before, nullptr, false);
    if (!outcome.is_object()) outcome = json::object();
  }
  const json old = outcome.value("notes", json());
  const std::string notes = old.is_string() ? old.get<std::string>() : std::string();
  outcome["notes"] = notes.empty() ? note.text : notes + "\n" + note.text;
  if (!note.hypothesis.empty()) outcome["hypothesis"] = note.hypothesis;
  if (note.mechanism_confirmed) outcome["mechanismConfirmed"] = *note.mechanism_confirmed;
  return write_file(file, outcome.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

Result<std::vector<predecessors::Run>> given_results(const Context& context) {
  SWARMLAB_TRY(file, agents_variable(context, "SWARMLAB_RESULTS"));
  SWARMLAB_TRY(text, read_file(file, kMostFile));
  return predecessors::read_autoresearch_lab(text);
}

}  // namespace swarmlab::cli
