// The Model Context Protocol over lines of JSON (modelcontextprotocol.io, revisions 2024-11-05 to
// 2025-06-18): a client lists the tools of `swarmlab mcp` and calls them.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/mcp_tools.h"

namespace swarmlab::cli {

struct ToolResult {
  std::string text;
  bool failed = false;
};

class McpSession {
 public:
  // Does what the tool is for. The arguments fit its parameters.
  using Run = std::function<ToolResult(const McpTool& tool, const nlohmann::json& arguments)>;

  McpSession(std::vector<McpTool> tools, Run run)
      : tools_(std::move(tools)), run_(std::move(run)) {}

  /// The answer to one message, a line without its end; nothing to a notification. Never fails:
  /// what is wrong with the message is the answer.
  [[nodiscard]] std::optional<std::string> answer(std::string_view line) const;

 private:
  [[nodiscard]] nlohmann::json call(const nlohmann::json& parameters) const;

  std::vector<McpTool> tools_;
  Run run_;
};

}  // namespace swarmlab::cli
