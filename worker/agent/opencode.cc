// kind = "opencode": OpenCode. Its stream: steps, each with tokens and cost at its end, tools,
// texts, errors. It may try a provider that fails again without end, and say nothing meanwhile.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "worker/agent/preset.h"
#include "worker/agent/stream.h"

namespace swarmlab::worker {
namespace {

using nlohmann::json;

void take_tool(const json& part, Steps& steps) {
  const json& state = member(part, "state");
  const bool failed = text_at(state, "status") == "error";
  steps.call(text_at(part, "callID"), text_at(part, "tool"), call_text(member(state, "input")));
  steps.result(text_at(part, "callID"), text_at(state, failed ? "error" : "output"), failed);
  const json& time = member(state, "time");
  const std::uint64_t start = count_at(time, "start");
  const std::uint64_t end = count_at(time, "end");
  if (start > 0 && end >= start) steps.took(Milliseconds(end - start));
}

void take_step(const json& part, Reading& reading) {
  AgentRun& run = reading.run;
  const json& tokens = member(part, "tokens");
  const json& cache = member(tokens, "cache");
  const std::uint64_t cached = count_at(cache, "read");
  const std::uint64_t output = count_at(tokens, "output") + count_at(tokens, "reasoning");
  const Cost cost{.usd = dollars_at(part, "cost"),
                  .input_tokens = count_at(tokens, "input") + count_at(cache, "write") + cached,
                  .output_tokens = output};
  run.turns += 1;
  run.cached_tokens += cached;
  reading.steps.spent(cost);
  reading.cost.input_tokens += cost.input_tokens;
  reading.cost.output_tokens += cost.output_tokens;
  reading.cost.usd = MicroUsd(reading.cost.usd.value() + cost.usd.value());
  reading.cost_told = true;
  const std::string reason = text_at(part, "reason");
  if (reason == "unknown" && output == 0) {
    run.end = AgentEnd::unavailable;
    run.said = "the provider's answer broke off";
    return;
  }
  reading.has_end = reason != "tool-calls";
  run.end = reason == "content-filter" ? AgentEnd::refused : AgentEnd::finished;
  run.said.clear();
}

class OpenCode final : public Preset {
 public:
  [[nodiscard]] std::optional<Provider> provider(const LabSettings& settings) const override {
    return openai_of(settings);
  }

 private:
  Result<void> start(const Start& with, sandbox::SandboxRequest& request) const override {
    request.command = "exec opencode run --format json";
    Words& words = request.args;
    json config = {{"autoupdate", false}, {"share", "disabled"}, {"permission", "allow"}};
    std::string model = with.agent.model;
    if (with.bridge != nullptr) {
      model = "swarmlab/" + model;
      config["small_model"] = model;
      config["provider"]["swarmlab"] = {
          {"npm", "@ai-sdk/openai-compatible"},
          {"name", "swarmlab"},
          {"options", {{"baseURL", with.bridge->base_url}, {"apiKey", "{env:SWARMLAB_AGENT_KEY}"}}},
          {"models", {{with.agent.model, {{"name", with.agent.model}}}}}};
      put(request, "SWARMLAB_AGENT_KEY", with.bridge->token);
    }
    put(request, "OPENCODE_CONFIG_CONTENT", config.dump());
    put(request, "OPENCODE_DISABLE_MODELS_FETCH", "1");
    put(request, "OPENCODE_DISABLE_AUTOUPDATE", "1");
    if (!model.empty()) words.insert(words.end(), {"-m", model});
    if (!with.session.empty()) words.insert(words.end(), {"-s", with.session});
    words.insert(words.end(), with.agent.args.begin(), with.agent.args.end());
    words.push_back(with.prompt);
    return {};
  }

  [[nodiscard]] Reading read(std::string_view out) const override { return read_opencode(out); }
};

}  // namespace

Reading read_opencode(std::string_view out) {
  Reading reading;
  for_each_event(out, [&](const json& event, std::uint64_t line) {
    reading.steps.at_line(line);
    const std::string type = text_at(event, "type");
    AgentRun& run = reading.run;
    const json& part = member(event, "part");
    if (const std::string session = session_of(text_at(event, "sessionID")); !session.empty()) {
      run.session = session;
    }
    if (type == "tool_use") {
      run.tool_calls += 1;
      take_tool(part, reading.steps);
    } else if (type == "text") {
      run.final_message = message_of(text_at(part, "text"));
      reading.steps.words(text_at(part, "text"));
    } else if (type == "reasoning") {
      reading.steps.thought(text_at(part, "text"));
    } else if (type == "step_finish") {
      take_step(part, reading);
    } else if (type == "error") {
      const json& data = member(member(event, "error"), "data");
      const std::string words = text_at(data, "message");
      note_failure(run, count_at(data, "statusCode"),
                   words.empty() ? text_at(member(event, "error"), "name") : words);
      reading.has_end = true;
    }
  });
  return bounded(std::move(reading));
}

std::unique_ptr<Agent> make_opencode() {
  return std::make_unique<OpenCode>();
}

}  // namespace swarmlab::worker
