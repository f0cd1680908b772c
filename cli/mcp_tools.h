// The tools of `swarmlab mcp`: each is a command line of this program, made from the arguments that
// a client gives. Nothing that a client says becomes an option.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace swarmlab::cli {

struct McpParameter {
  enum class Kind : std::uint8_t { text, number };
  std::string_view name;
  Kind kind = Kind::text;
  bool is_required = false;
  std::string_view about;
};

struct McpTool {
  std::string_view name;
  std::string_view about;
  std::vector<McpParameter> parameters;
  bool only_reads = true;
  // The command line, from arguments that fit the parameters.
  std::function<std::vector<std::string>(const nlohmann::json& arguments)> command;
  std::string_view prints = {};  // the variable that names a file: its text instead of a command
};

/// For who asks from outside: the swarm's memory and queries, and the evaluator on the working
/// tree. \param lab  the only one that is answered about; empty: any
[[nodiscard]] std::vector<McpTool> tools_for_people(const std::string& lab);

/// For an agent in its workspace: what it was told, and what it is about to try. It reaches nothing
/// but the files of its lease.
[[nodiscard]] std::vector<McpTool> tools_in_workspace();

/// The tool as `tools/list` shows it.
[[nodiscard]] nlohmann::json described(const McpTool& tool);

/// \return invalid_input if the arguments are not what the tool takes
[[nodiscard]] Result<void> check_arguments(const McpTool& tool, const nlohmann::json& arguments);

}  // namespace swarmlab::cli
