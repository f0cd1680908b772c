#include "cli/workspace.h"

#include <nlohmann/json.hpp>

#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

using nlohmann::json;

constexpr std::uint64_t kMostFile = 16U << 20U;

}  // namespace

Result<std::string> agents_variable(const Context& context, const char* name) {
  const auto value = context.variable(name);
  if (value) return *value;
  return fail(ErrorCode::invalid_input, "{} is not set: this is for agents in their workspaces",
              name);
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
