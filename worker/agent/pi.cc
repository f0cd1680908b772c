// kind = "pi": the pi coding agent. Its stream: session, then events of messages and tools, with
// usage and cost in each message. It ends with exit code 0 whatever its provider did.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "worker/agent/preset.h"
#include "worker/agent/stream.h"

namespace swarmlab::worker {
namespace {

using nlohmann::json;

void take_steps(const json& message, Steps& steps) {
  if (text_at(message, "role") == "toolResult") {
    return steps.result(text_at(message, "toolCallId"), text_of_content(member(message, "content")),
                        is_true(member(message, "isError")));
  }
  if (text_at(message, "role") != "assistant") return;
  for (const json& block : member(message, "content")) {
    const std::string type = text_at(block, "type");
    if (type == "text") steps.words(text_at(block, "text"));
    if (type == "thinking") steps.thought(text_at(block, "thinking"));
    if (type == "toolCall") {
      steps.call(text_at(block, "id"), text_at(block, "name"),
                 call_text(member(block, "arguments")));
    }
  }
  const json& usage = member(message, "usage");
  steps.spent({.usd = dollars_at(member(usage, "cost"), "total"),
               .input_tokens = count_at(usage, "input") + count_at(usage, "cacheWrite") +
                               count_at(usage, "cacheRead"),
               .output_tokens = count_at(usage, "output")});
}

std::string text_in(const json& message) {
  std::string text;
  for (const json& block : member(message, "content")) {
    if (text_at(block, "type") == "text") text += text_at(block, "text");
  }
  return text;
}

void add_usage(const json& usage, Reading& reading) {
  const std::uint64_t cached = count_at(usage, "cacheRead");
  reading.run.cached_tokens += cached;
  reading.cost.input_tokens += count_at(usage, "input") + count_at(usage, "cacheWrite") + cached;
  reading.cost.output_tokens += count_at(usage, "output");
  const MicroUsd usd = dollars_at(member(usage, "cost"), "total");
  reading.cost.usd = MicroUsd(reading.cost.usd.value() + usd.value());
  reading.cost_told = true;
}

// The end of an answer of the model.
void take_message(const json& message, Reading& reading) {
  if (text_at(message, "role") != "assistant") return;
  AgentRun& run = reading.run;
  add_usage(member(message, "usage"), reading);
  run.turns += 1;
  if (const std::string model = text_at(message, "model"); !model.empty()) {
    run.model = words_of(model);
  }
  for (const json& block : member(message, "content")) {
    if (text_at(block, "type") == "toolCall") run.tool_calls += 1;
  }
  const std::string reason = text_at(message, "stopReason");
  if (reason == "error" || reason == "aborted") {
    return note_failure(run, 0, text_at(message, "errorMessage"));
  }
  const std::string text = text_in(message);
  const json& usage = member(message, "usage");
  if (text.empty() && reason == "stop" && count_at(usage, "output") == 0) {
    // A stream that breaks off looks like an answer without words.
    run.end = AgentEnd::unavailable;
    run.said = "the provider's answer broke off";
    return;
  }
  run.end = AgentEnd::finished;
  run.said.clear();
  if (!text.empty()) run.final_message = message_of(text);
}

class Pi final : public Preset {
 public:
  [[nodiscard]] std::optional<Provider> provider(const LabSettings& settings) const override {
    return openai_of(settings);
  }

 private:
  Result<void> start(const Start& with, sandbox::SandboxRequest& request) const override {
    request.command = "exec pi -p --mode json";
    Words& words = request.args;
    if (with.bridge != nullptr) {
      // Written inside: nothing of ours follows the links of a home that agents had before.
      request.command =
          "mkdir -p \"$HOME/.pi/agent\" && printf %s \"$SWARMLAB_AGENT_MODELS\" > "
          "\"$HOME/.pi/agent/models.json\" && " +
          request.command;
      const json models = {{"providers",
                            {{"swarmlab",
                              {{"baseUrl", with.bridge->base_url},
                               {"api", "openai-completions"},
                               {"apiKey", "SWARMLAB_AGENT_KEY"},
                               {"models", json::array({{{"id", with.agent.model}}})}}}}}};
      put(request, "SWARMLAB_AGENT_MODELS", models.dump());
      put(request, "SWARMLAB_AGENT_KEY", with.bridge->token);
      words.insert(words.end(), {"--provider", "swarmlab"});
    }
    put(request, "PI_OFFLINE", "1");
    if (!with.agent.model.empty()) words.insert(words.end(), {"--model", with.agent.model});
    if (!with.session.empty()) words.insert(words.end(), {"--session", with.session});
    words.insert(words.end(), with.agent.args.begin(), with.agent.args.end());
    words.push_back(with.prompt);
    return {};
  }

  [[nodiscard]] Reading read(std::string_view out) const override { return read_pi(out); }
};

}  // namespace

Reading read_pi(std::string_view out) {
  Reading reading;
  for_each_event(out, [&](const json& event, std::uint64_t line) {
    reading.steps.at_line(line);
    const std::string type = text_at(event, "type");
    if (type == "session") {
      reading.run.session = session_of(text_at(event, "id"));
    } else if (type == "message_end") {
      take_steps(member(event, "message"), reading.steps);
      take_message(member(event, "message"), reading);
    } else if (type == "agent_end") {
      reading.has_end = true;
    }
  });
  return bounded(std::move(reading));
}

std::unique_ptr<Agent> make_pi() {
  return std::make_unique<Pi>();
}

}  // namespace swarmlab::worker
