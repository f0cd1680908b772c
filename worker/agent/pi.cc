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

std::string text_in(const json& message) {
  std::string text;
  for (const json& block : member(message, "content")) {
    if (text_at(block, "type") == "text") text += text_at(block, "text");
  }
  return text;
}

void add_usage(const json& usage, Transcript& transcript) {
  const std::uint64_t cached = count_at(usage, "cacheRead");
  transcript.run.cached_tokens += cached;
  transcript.cost.input_tokens += count_at(usage, "input") + count_at(usage, "cacheWrite") + cached;
  transcript.cost.output_tokens += count_at(usage, "output");
  const MicroUsd usd = dollars_at(member(usage, "cost"), "total");
  transcript.cost.usd = MicroUsd(transcript.cost.usd.value() + usd.value());
  transcript.cost_told = true;
}

// The end of an answer of the model.
void take_message(const json& message, Transcript& transcript) {
  if (text_at(message, "role") != "assistant") return;
  AgentRun& run = transcript.run;
  add_usage(member(message, "usage"), transcript);
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

  [[nodiscard]] Transcript read(std::string_view out) const override { return read_pi(out); }
};

}  // namespace

Transcript read_pi(std::string_view out) {
  Transcript transcript;
  for_each_event(out, [&](const json& event) {
    const std::string type = text_at(event, "type");
    if (type == "session") {
      transcript.run.session = session_of(text_at(event, "id"));
    } else if (type == "message_end") {
      take_message(member(event, "message"), transcript);
    } else if (type == "agent_end") {
      transcript.has_end = true;
    }
  });
  return bounded(std::move(transcript));
}

std::unique_ptr<Agent> make_pi() {
  return std::make_unique<Pi>();
}

}  // namespace swarmlab::worker
