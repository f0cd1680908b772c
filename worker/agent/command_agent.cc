// kind = "command": anything that runs, with the workspace as its folder.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/lab/lab.h"
#include "common/lab/paths.h"
#include "worker/agent/agent.h"
#include "worker/sandbox/untrusted_text.h"

namespace swarmlab::worker {
namespace {

using nlohmann::json;
using sandbox::HowEnded;
using sandbox::Mount;
using sandbox::SandboxRequest;
using sandbox::SandboxResult;

constexpr const char* kBrief = "/swarmlab/brief.md";
constexpr const char* kResults = "/swarmlab/results.tsv";
constexpr const char* kOut = "/swarmlab/out";
constexpr const char* kData = "/data";
constexpr const char* kProgramFolder = "/swarmlab/bin";
constexpr const char* kProgram = "/swarmlab/bin/swarmlab";
constexpr const char* kConflicts = "/swarmlab/conflicts";
constexpr const char* kGuardLog = "/swarmlab/guard.log";

std::vector<std::pair<std::string, std::string>> variables_of(const Assignment& assignment) {
  return {{"SWARMLAB_LAB", assignment.settings.name},
          {"SWARMLAB_EXPERIMENT", fmt::to_string(assignment.experiment.value())},
          {"SWARMLAB_PARENT", assignment.parent_commit.hex()},
          {"SWARMLAB_SCALE", assignment.settings.scale},
          {"SWARMLAB_BRIEF", kBrief},
          {"SWARMLAB_RESULTS", kResults},
          {"SWARMLAB_OUTCOME", fmt::format("{}/{}", kOut, kOutcomeFile)},
          {"SWARMLAB_HYPOTHESIS", fmt::format("{}/{}", kOut, kHypothesisFile)}};
}

/// \return unavailable if a variable that the lab names is not in `environment`
Result<void> pass_on(const std::vector<std::string>& names,
                     const std::vector<std::string>& environment, SandboxRequest& request) {
  for (const std::string& name : names) {
    const std::string* found = nullptr;
    for (const std::string& variable : environment) {
      if (variable.starts_with(name + "=")) found = &variable;
    }
    if (found == nullptr) {
      return fail(ErrorCode::unavailable,
                  "variable {} of [agent] env is not set on this worker, expected it in the "
                  "environment that the worker was started with",
                  name);
    }
    request.env.emplace_back(name, found->substr(name.size() + 1));
  }
  return {};
}

// A member that is a number of 0 or more, cut to `most`; else 0.
double amount_at(const json& object, const char* key, double most) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return 0;
  const double number = found->get<double>();
  return std::isfinite(number) && number > 0 ? std::min(number, most) : 0;
}

// What it cost, if this line is the end of a stream of events as claude and others write it.
std::optional<Cost> cost_in(std::string_view line) {
  constexpr std::size_t kLongestLine = 1U << 20U;
  constexpr double kMostDollars = 100'000;  // of one attempt: a larger number is a mistake
  constexpr double kMostTokens = 1e12;
  constexpr double kMicro = 1e6;
  if (line.size() > kLongestLine || line.find("total_cost_usd") == std::string_view::npos) {
    return std::nullopt;
  }
  const json event = json::parse(line, nullptr, false);
  if (!event.is_object() || !event.contains("type") || event["type"] != "result") {
    return std::nullopt;
  }
  Cost cost;
  cost.usd = MicroUsd(std::llround(amount_at(event, "total_cost_usd", kMostDollars) * kMicro));
  const auto usage = event.find("usage");
  if (usage == event.end() || !usage->is_object()) return cost;
  for (const char* input :
       {"input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"}) {
    cost.input_tokens += static_cast<std::uint64_t>(amount_at(*usage, input, kMostTokens));
  }
  cost.output_tokens = static_cast<std::uint64_t>(amount_at(*usage, "output_tokens", kMostTokens));
  return cost;
}

class CommandAgent final : public Agent {
 public:
  [[nodiscard]] Result<SandboxRequest> prepare(
      const Assignment& assignment, const AgentPaths& paths,
      const std::vector<std::string>& environment) const override {
    const LabSettings& settings = assignment.settings;
    if (settings.agent.command.empty()) {
      return fail(ErrorCode::invalid_input, "the lab has no [agent] command");
    }
    SandboxRequest request;
    request.command = settings.agent.command;
    request.args = settings.agent.args;
    request.folder = join("/workspace", settings.folder);
    request.limits = settings.limits;
    request.timeout = settings.agent.timeout;
    request.mounts = paths.workspace;
    const auto mount = [&](Mount::Kind kind, std::string host, const char* inside) {
      request.mounts.push_back({.kind = kind, .host = std::move(host), .inside = inside});
    };
    mount(Mount::Kind::read_only, paths.brief, kBrief);
    mount(Mount::Kind::read_only, paths.results, kResults);
    mount(Mount::Kind::read_write, paths.out, kOut);
    if (!paths.program.empty()) {
      mount(Mount::Kind::read_only, paths.program, kProgram);
      request.path_first.emplace_back(kProgramFolder);
    }
    request.env = variables_of(assignment);
    std::string data = paths.data.empty() ? data_folder(settings, paths.checkout) : paths.data;
    if (!data.empty()) {
      mount(Mount::Kind::read_only, std::move(data), kData);
      request.env.emplace_back("SWARMLAB_DATA", kData);
    }
    if (!paths.conflicts.empty()) {
      mount(Mount::Kind::read_only, paths.conflicts, kConflicts);
      request.env.emplace_back("SWARMLAB_CONFLICTS", kConflicts);
    }
    if (paths.rework) {
      mount(Mount::Kind::read_only, paths.rework->guard_log, kGuardLog);
      request.env.emplace_back("SWARMLAB_REWORK", fmt::to_string(paths.rework->round));
      request.env.emplace_back("SWARMLAB_GUARD_LOG", kGuardLog);
    }
    SWARMLAB_CHECK(pass_on(settings.agent.env, environment, request));
    return request;
  }

  [[nodiscard]] std::optional<AgentFailure> read_end(const SandboxResult& result) const override {
    if (result.succeeded()) return std::nullopt;
    Outcome outcome = Outcome::crash;
    if (result.how == HowEnded::timed_out) outcome = Outcome::timeout;
    if (result.how == HowEnded::cancelled) outcome = Outcome::returned;
    return AgentFailure{outcome, sandbox::describe_failure("agent", result)};
  }

  [[nodiscard]] Cost read_cost(const SandboxResult& result) const override {
    std::string_view rest = result.out;
    while (!rest.empty()) {  // from the end: the last event counts
      const std::size_t end = rest.find_last_of('\n');
      const std::string_view line = end == std::string_view::npos ? rest : rest.substr(end + 1);
      if (const auto cost = cost_in(line)) return *cost;
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(0, end);
    }
    return {};
  }
};

}  // namespace

std::optional<Provider> Agent::provider(const LabSettings& /*settings*/) const {
  return std::nullopt;
}

std::unique_ptr<Agent> make_agent(AgentKind kind) {
  switch (kind) {
    case AgentKind::command:
    case AgentKind::claude:
    case AgentKind::codex:
    case AgentKind::pi:
    case AgentKind::opencode:
      return std::make_unique<CommandAgent>();
  }
  SWARMLAB_ASSERT(false);
}

}  // namespace swarmlab::worker
