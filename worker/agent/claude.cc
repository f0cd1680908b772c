// kind = "claude": Claude Code. Its stream is "stream-json": system/init, a message a line, and at
// the end a result with cost and usage. `subtype` and exit code of a failure may say "success".
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "worker/agent/preset.h"
#include "worker/agent/stream.h"

namespace swarmlab::worker {
namespace {

using nlohmann::json;

void take_assistant(const json& message, Reading& reading) {
  AgentRun& run = reading.run;
  const std::string model = text_at(message, "model");
  if (model == "<synthetic>") return;  // the program's own words
  run.turns += 1;
  if (!model.empty()) run.model = words_of(model);
  if (text_at(message, "stop_reason") == "refusal") run.end = AgentEnd::refused;
  for (const json& block : member(message, "content")) {
    const std::string type = text_at(block, "type");
    if (type == "tool_use") {
      run.tool_calls += 1;
      reading.steps.call(text_at(block, "id"), text_at(block, "name"),
                         call_text(member(block, "input")));
    } else if (type == "text") {
      reading.steps.words(text_at(block, "text"));
    } else if (type == "thinking") {
      reading.steps.thought(text_at(block, "thinking"));
    }
  }
  const json& usage = member(message, "usage");
  reading.steps.spent({.usd = {},
                       .input_tokens = count_at(usage, "input_tokens") +
                                       count_at(usage, "cache_creation_input_tokens") +
                                       count_at(usage, "cache_read_input_tokens"),
                       .output_tokens = count_at(usage, "output_tokens")},
                      text_at(message, "id"));
}

void take_results(const json& message, Steps& steps) {
  for (const json& block : member(message, "content")) {
    if (text_at(block, "type") != "tool_result") continue;
    steps.result(text_at(block, "tool_use_id"), text_of_content(member(block, "content")),
                 is_true(member(block, "is_error")));
  }
}

void take_result(const json& event, Reading& reading) {
  AgentRun& run = reading.run;
  reading.has_end = true;
  run.final_message = message_of(text_at(event, "result"));
  reading.cost.usd = dollars_at(event, "total_cost_usd");
  reading.cost_told = true;
  const json& usage = member(event, "usage");
  run.cached_tokens = count_at(usage, "cache_read_input_tokens");
  reading.cost.input_tokens = count_at(usage, "input_tokens") +
                              count_at(usage, "cache_creation_input_tokens") + run.cached_tokens;
  reading.cost.output_tokens = count_at(usage, "output_tokens");
  const std::string subtype = text_at(event, "subtype");
  if (is_true(member(event, "is_error")) && subtype == "success") {
    note_failure(run, count_at(event, "api_error_status"), run.final_message);
  } else if (text_at(event, "stop_reason") == "refusal") {
    run.end = AgentEnd::refused;
    run.said = words_of(run.final_message);
  } else if (run.end != AgentEnd::refused) {
    run.end = AgentEnd::finished;  // a limit of turns or of its budget ends it well, too
    run.said = subtype == "success" ? std::string() : words_of(subtype);
  }
}

class Claude final : public Preset {
 public:
  [[nodiscard]] std::optional<Provider> provider(const LabSettings& settings) const override {
    return provider_of(settings, {.name = "anthropic",
                                  .wire = Wire::anthropic,
                                  .base_url = "https://api.anthropic.com",
                                  .key_variable = "ANTHROPIC_API_KEY"});
  }

 private:
  Result<void> start(const Start& with, sandbox::SandboxRequest& request) const override {
    request.command = "exec claude -p --output-format stream-json --verbose";
    Words& words = request.args;
    words = {"--dangerously-skip-permissions"};
    if (!with.agent.model.empty()) words.insert(words.end(), {"--model", with.agent.model});
    if (!with.session.empty()) words.insert(words.end(), {"--resume", with.session});
    words.insert(words.end(), with.agent.args.begin(), with.agent.args.end());
    request.in = with.prompt;
    // It refuses to go without asking where it may be root, unless told that it is in a sandbox.
    put(request, "IS_SANDBOX", "1");
    put(request, "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
    put(request, "CLAUDE_CODE_MAX_RETRIES", "2");
    put(request, "DISABLE_AUTOUPDATER", "1");
    if (with.bridge != nullptr) {
      put(request, "ANTHROPIC_BASE_URL", with.bridge->base_url);
      put(request, "ANTHROPIC_API_KEY", with.bridge->token);
    } else if (!with.agent.base_url.empty()) {
      put(request, "ANTHROPIC_BASE_URL", with.agent.base_url);
    }
    return {};
  }

  [[nodiscard]] Reading read(std::string_view out) const override { return read_claude(out); }
};

}  // namespace

Reading read_claude(std::string_view out) {
  Reading reading;
  for_each_event(out, [&](const json& event, std::uint64_t line) {
    reading.steps.at_line(line);
    const std::string type = text_at(event, "type");
    AgentRun& run = reading.run;
    if (const std::string session = session_of(text_at(event, "session_id")); !session.empty()) {
      run.session = session;
    }
    if (type == "assistant") return take_assistant(member(event, "message"), reading);
    if (type == "result") return take_result(event, reading);
    // It tries again: what stands if nothing more comes.
    if (type == "system" && text_at(event, "subtype") == "api_retry") {
      note_failure(run, count_at(event, "error_status"), text_at(event, "error"));
    } else if (type == "user") {
      take_results(member(event, "message"), reading.steps);
      if (run.end != AgentEnd::refused) run.end = AgentEnd::finished;
    }
  });
  return bounded(std::move(reading));
}

std::unique_ptr<Agent> make_claude() {
  return std::make_unique<Claude>();
}

}  // namespace swarmlab::worker
