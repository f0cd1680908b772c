// kind = "command": anything that runs, with the workspace as its folder.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "worker/agent/preset.h"
#include "worker/agent/request.h"
#include "worker/sandbox/untrusted_text.h"

namespace swarmlab::worker {
namespace {

using nlohmann::json;
using sandbox::HowEnded;
using sandbox::Mount;
using sandbox::SandboxRequest;
using sandbox::SandboxResult;

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
    SWARMLAB_TRY(request, sandbox_of(assignment, paths, environment));
    if (paths.session_experiment > 0) {
      request.mounts.push_back(
          {.kind = Mount::Kind::read_write, .host = paths.home, .inside = kHomeInside});
    }
    request.command = settings.agent.command;
    request.args = settings.agent.args;
    return request;
  }

  [[nodiscard]] AgentEnded read(const SandboxResult& result,
                                const LabSettings& /*settings*/) const override {
    AgentEnded ended{.failure = std::nullopt,
                     .cost = read_cost(result),
                     .run = {},
                     .transcript = last_words(result.out)};
    if (result.how == HowEnded::cancelled) {
      ended.failure = AgentFailure{Outcome::returned, sandbox::describe_failure("agent", result)};
      return ended;
    }
    ended.run = AgentRun{};
    if (ended.cost != Cost{}) ended.run->cost_source = CostSource::told;
    if (result.succeeded()) return ended;
    const bool timed_out = result.how == HowEnded::timed_out;
    ended.run->end = timed_out ? AgentEnd::timed_out : AgentEnd::crashed;
    ended.failure = AgentFailure{timed_out ? Outcome::timeout : Outcome::crash,
                                 sandbox::describe_failure("agent", result)};
    return ended;
  }

 private:
  // Of whatever it writes, the end: as one step.
  [[nodiscard]] static Transcript last_words(std::string_view out) {
    constexpr std::size_t kMost = 8000;
    constexpr std::size_t kLookedAt = 64U << 10U;
    const std::size_t begin = out.size() - std::min(kLookedAt, out.size());
    std::string text = sandbox::clean_text(out.substr(begin), kLookedAt * 3, sandbox::Lines::keep);
    if (text.size() > kMost) {
      const std::size_t line = text.find('\n', text.size() - kMost);
      text.erase(0, line == std::string::npos ? text.size() - kMost : line + 1);
      text = sandbox::clean_text(text, kMost, sandbox::Lines::keep);
    }
    if (text.empty()) return {};
    TranscriptStep step{.kind = StepKind::words, .text = std::move(text)};
    step.text_bytes = out.size();
    return {std::move(step)};
  }

  [[nodiscard]] static Cost read_cost(const SandboxResult& result) {
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

std::unique_ptr<Agent> make_command() {
  return std::make_unique<CommandAgent>();
}

}  // namespace swarmlab::worker
