// kind = "codex": OpenAI's Codex. Its stream: thread.started, items, and turn.completed with usage
// or turn.failed with words. It tells no cost.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "worker/agent/preset.h"
#include "worker/agent/stream.h"

namespace swarmlab::worker {
namespace {

using nlohmann::json;

// Of a tool, the name, what it was called with, and its result.
void call_tool(const json& item, const std::string& type, Steps& steps) {
  if (type == "command_execution") {
    steps.call(text_at(item, "id"), "shell", text_at(item, "command"));
  } else if (type == "mcp_tool_call") {
    steps.call(text_at(item, "id"), text_at(item, "server") + "." + text_at(item, "tool"),
               call_text(member(item, "arguments")));
  } else if (type == "file_change") {
    steps.call(text_at(item, "id"), type, call_text(member(item, "changes")));
  } else if (type == "web_search") {
    steps.call(text_at(item, "id"), type, text_at(item, "query"));
  }
}

void end_tool(const json& item, const std::string& type, Steps& steps) {
  std::string result = type == "command_execution" ? text_at(item, "aggregated_output")
                                                   : call_text(member(item, "result"));
  if (const std::string error = text_at(member(item, "error"), "message"); !error.empty()) {
    result = error;
  }
  const bool failed = text_at(item, "status") == "failed" || count_at(item, "exit_code") != 0;
  steps.result(text_at(item, "id"), result, failed);
}

void take_item(const json& item, Reading& reading) {
  AgentRun& run = reading.run;
  const std::string type = text_at(item, "type");
  if (type == "agent_message") {
    run.final_message = message_of(text_at(item, "text"));
    run.turns += 1;
    reading.steps.words(text_at(item, "text"));
  } else if (type == "reasoning") {
    reading.steps.thought(text_at(item, "text"));
  } else if (type == "command_execution" || type == "file_change" || type == "mcp_tool_call" ||
             type == "web_search") {
    run.tool_calls += 1;
    run.turns += 1;
    if (!reading.steps.is_open(text_at(item, "id"))) call_tool(item, type, reading.steps);
    end_tool(item, type, reading.steps);
  }
}

// Sums of the whole session so far, so the last ones count.
void take_usage(const json& usage, Reading& reading) {
  reading.cost.input_tokens = count_at(usage, "input_tokens");
  reading.cost.output_tokens = count_at(usage, "output_tokens");
  reading.run.cached_tokens = count_at(usage, "cached_input_tokens");
}

// A provider of our own: its address and key are the bridge's, and it gives up in bounded time.
void add_bridge(const Bridged& bridge, std::vector<std::string>& words) {
  const std::string provider = fmt::format(
      "model_providers.swarmlab={{name=\"swarmlab\",base_url=\"{}\",env_key=\"SWARMLAB_AGENT_KEY\","
      "wire_api=\"responses\",supports_websockets=false,request_max_retries=2,"
      "stream_max_retries=2}}",
      bridge.base_url);
  words.insert(words.end(), {"-c", provider, "-c", "model_provider=\"swarmlab\""});
}

class Codex final : public Preset {
 public:
  [[nodiscard]] std::optional<Provider> provider(const LabSettings& settings) const override {
    return openai_of(settings);
  }

 private:
  Result<void> start(const Start& with, sandbox::SandboxRequest& request) const override {
    request.command = "exec codex exec --json --skip-git-repo-check";
    Words& words = request.args;
    words = {"--dangerously-bypass-approvals-and-sandbox"};  // it is in ours
    if (!with.agent.model.empty()) words.insert(words.end(), {"-m", with.agent.model});
    if (with.bridge != nullptr) {
      add_bridge(*with.bridge, words);
      put(request, "SWARMLAB_AGENT_KEY", with.bridge->token);
    } else if (!with.agent.base_url.empty()) {
      words.insert(words.end(), {"-c", fmt::format("openai_base_url=\"{}\"", with.agent.base_url)});
    }
    words.insert(words.end(), with.agent.args.begin(), with.agent.args.end());
    if (!with.session.empty()) words.insert(words.end(), {"resume", with.session});
    words.emplace_back("-");  // the prompt comes from stdin
    request.in = with.prompt;
    return {};
  }

  [[nodiscard]] Reading read(std::string_view out) const override { return read_codex(out); }
  [[nodiscard]] bool counts_session() const override { return true; }
};

}  // namespace

Reading read_codex(std::string_view out) {
  Reading reading;
  for_each_event(out, [&](const json& event, std::uint64_t line) {
    reading.steps.at_line(line);
    const std::string type = text_at(event, "type");
    AgentRun& run = reading.run;
    if (type == "thread.started") {
      run.session = session_of(text_at(event, "thread_id"));
    } else if (type == "item.started") {
      call_tool(member(event, "item"), text_at(member(event, "item"), "type"), reading.steps);
    } else if (type == "item.completed") {
      take_item(member(event, "item"), reading);
    } else if (type == "turn.completed") {
      take_usage(member(event, "usage"), reading);
      reading.steps.spent(reading.cost);
      reading.has_end = true;
      run.end = AgentEnd::finished;
      run.said.clear();
    } else if (type == "turn.failed") {
      reading.has_end = true;
      note_failure(run, 0, text_at(member(event, "error"), "message"));
    } else if (type == "error") {  // it tries again: what stands if nothing more comes
      note_failure(run, 0, text_at(event, "message"));
    }
  });
  return bounded(std::move(reading));
}

std::unique_ptr<Agent> make_codex() {
  return std::make_unique<Codex>();
}

}  // namespace swarmlab::worker
