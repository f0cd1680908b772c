#include "cli/mcp_tools.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

namespace swarmlab::cli {

namespace {

using nlohmann::json;
using Kind = McpParameter::Kind;
using Words = std::vector<std::string>;

constexpr McpParameter kLab{.name = "lab",
                            .kind = Kind::text,
                            .is_required = false,
                            .about = "name of the lab; not needed where there is only one"};

// "--option=value" is one word: whatever the value is, it is no option of its own.
void add_option(Words& words, const json& arguments, const char* name) {
  const auto found = arguments.find(name);
  if (found == arguments.end()) return;
  const std::string value = found->is_string() ? found->get<std::string>() : found->dump();
  words.push_back("--" + std::string(name) + "=" + value);
}

McpTool query(std::string_view name, std::string_view about, Words words, const std::string& lab) {
  McpTool tool{.name = name, .about = about, .parameters = {}, .command = {}};
  if (lab.empty()) tool.parameters.push_back(kLab);
  tool.command = [words = std::move(words), lab](const json& arguments) {
    Words line = words;
    if (lab.empty()) {
      add_option(line, arguments, "lab");
    } else {
      line.push_back("--lab=" + lab);
    }
    return line;
  };
  return tool;
}

// The same with options of its own.
McpTool with(McpTool tool, std::vector<McpParameter> parameters) {
  for (const McpParameter& parameter : parameters) tool.parameters.push_back(parameter);
  tool.command = [before = std::move(tool.command),
                  parameters = std::move(parameters)](const json& arguments) {
    Words line = before(arguments);
    for (const McpParameter& parameter : parameters) {
      add_option(line, arguments, std::string(parameter.name).c_str());
    }
    return line;
  };
  return tool;
}

McpTool experiment(const std::string& lab) {
  McpTool tool = query("experiment",
                       "All of one experiment: its change as a diff, hypothesis, measurements, "
                       "verdict and why, cost, what its agent did step by step, logs",
                       {"show", "--json"}, lab);
  tool.parameters.push_back({.name = "number",
                             .kind = Kind::number,
                             .is_required = true,
                             .about = "of the experiment; the baseline is 1"});
  tool.command = [before = std::move(tool.command)](const json& arguments) {
    Words line = before(arguments);
    line.push_back(arguments.at("number").dump());
    return line;
  };
  return tool;
}

}  // namespace

std::vector<McpTool> tools_for_people(const std::string& lab) {
  std::vector<McpTool> tools;
  tools.push_back(query("context",
                        "What is known of a lab: goal, history, what runs now, hints, open ideas. "
                        "Text that agents wrote is quoted as data",
                        {"context", "--json"}, lab));
  tools.push_back(query("failures", "What failed in a lab, and why", {"failures", "--json"}, lab));
  tools.push_back(query("status", "How a lab stands: best, counts, budgets, what runs",
                        {"status", "--json"}, lab));
  tools.push_back(query("frontier", "The candidates that the next experiments start from",
                        {"frontier", "--json"}, lab));
  tools.push_back(query("best", "The best experiment so far", {"best", "--json"}, lab));
  tools.push_back(with(
      query("experiments", "What was tried, and what became of it", {"experiments", "--json"}, lab),
      {{.name = "verdict",
        .kind = Kind::text,
        .is_required = false,
        .about = "only those: keep, discard, crash, timeout, guard_failed, out_of_scope, "
                 "duplicate, no_change, invalid or running"},
       {.name = "last",
        .kind = Kind::number,
        .is_required = false,
        .about = "only the newest so many"}}));
  tools.push_back(experiment(lab));
  tools.push_back(
      query("eval",
            "Runs the evaluator on the working tree, in a sandbox: metrics for your own "
            "eyes. Nothing is recorded",
            {"eval", "--json"}, lab));
  if (lab.empty()) {
    tools.push_back({.name = "labs",
                     .about = "All labs of the swarm with their bests",
                     .parameters = {},
                     .command = [](const json&) {
                       return Words{"labs", "--json"};
                     }});
  }
  return tools;
}

std::vector<McpTool> tools_in_workspace() {
  return {{.name = "context",
           .about = "The brief: goal, history, what failed, what others try now, hints, open ideas",
           .parameters = {},
           .command = {},
           .prints = "SWARMLAB_BRIEF"},
          {.name = "results",
           .about = "The table of the lab's experiments so far, tab-separated",
           .parameters = {},
           .command = {},
           .prints = "SWARMLAB_RESULTS"},
          {.name = "eval",
           .about = "Runs the evaluator on your change, here: metrics for your own eyes. What "
                    "counts is measured elsewhere",
           .parameters = {},
           .command =
               [](const json&) {
                 return Words{"eval", "--json"};
               }},
          {.name = "hypothesis",
           .about = "Tells the other agents what you are about to try, so that nobody repeats it",
           .parameters = {{.name = "hypothesis",
                           .kind = Kind::text,
                           .is_required = true,
                           .about = "what you try, in a sentence"},
                          {.name = "mechanism",
                           .kind = Kind::text,
                           .is_required = false,
                           .about = "why it should help"}},
           .only_reads = false,
           .command = [](const json& arguments) {
             Words line{"hypothesis"};
             add_option(line, arguments, "mechanism");
             line.emplace_back("--");
             line.push_back(arguments.at("hypothesis").get<std::string>());
             return line;
           }}};
}

json described(const McpTool& tool) {
  json properties = json::object();
  json required = json::array();
  for (const McpParameter& parameter : tool.parameters) {
    properties[std::string(parameter.name)] = {
        {"type", parameter.kind == Kind::number ? "integer" : "string"},
        {"description", parameter.about}};
    if (parameter.is_required) required.push_back(parameter.name);
  }
  return {{"name", tool.name},
          {"description", tool.about},
          {"inputSchema",
           {{"type", "object"},
            {"properties", std::move(properties)},
            {"required", std::move(required)},
            {"additionalProperties", false}}},
          {"annotations", {{"readOnlyHint", tool.only_reads}}}};
}

Result<void> check_arguments(const McpTool& tool, const json& arguments) {
  if (!arguments.is_object()) {
    return fail(ErrorCode::invalid_input, "the arguments of {} are no object", tool.name);
  }
  for (const auto& [name, value] : arguments.items()) {
    const auto known = std::ranges::find(tool.parameters, name, &McpParameter::name);
    if (known == tool.parameters.end()) {
      return fail(ErrorCode::invalid_input, "{} has no parameter {}", tool.name, name);
    }
    const bool fits = known->kind == Kind::number ? value.is_number_unsigned() : value.is_string();
    if (!fits) {
      return fail(ErrorCode::invalid_input, "{} of {} is no {}", name, tool.name,
                  known->kind == Kind::number ? "whole number of 0 or more" : "text");
    }
  }
  for (const McpParameter& parameter : tool.parameters) {
    if (parameter.is_required && !arguments.contains(std::string(parameter.name))) {
      return fail(ErrorCode::invalid_input, "{} needs {}", tool.name, parameter.name);
    }
  }
  return {};
}

}  // namespace swarmlab::cli
