// What the presets have in common: agents that are known by name. Each has a file of its own, which
// says how its program is started and what its stream says (stream.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "worker/agent/agent.h"
#include "worker/agent/stream.h"

namespace swarmlab::worker {

class Preset : public Agent {
 public:
  [[nodiscard]] Result<sandbox::SandboxRequest> prepare(
      const Assignment& assignment, const AgentPaths& paths,
      const std::vector<std::string>& environment) const final;
  [[nodiscard]] AgentEnded read(const sandbox::SandboxResult& result,
                                const LabSettings& settings) const final;

 protected:
  using Words = std::vector<std::string>;

  struct Start {
    const swarmlab::Agent& agent;
    const std::string& prompt;
    const std::string& session;  // to go on with; empty: a new one
    const Bridged* bridge;       // null: it talks to its provider itself
  };
  /// The command, its arguments and what it needs beside the sandbox that any agent has.
  virtual Result<void> start(const Start& with, sandbox::SandboxRequest& request) const = 0;
  [[nodiscard]] virtual Reading read(std::string_view out) const = 0;
  /// Whether its stream counts what the session cost, not what this run of it did.
  [[nodiscard]] virtual bool counts_session() const { return false; }

  static void put(sandbox::SandboxRequest& request, std::string name, std::string value) {
    request.env.emplace_back(std::move(name), std::move(value));
  }
  /// The kind's own provider, as the lab changes it. None where the agent has a login of its own.
  [[nodiscard]] static std::optional<Provider> provider_of(const LabSettings& settings,
                                                           Provider own);
  /// The same of those that talk to OpenAI, or to who speaks as it does.
  [[nodiscard]] static std::optional<Provider> openai_of(const LabSettings& settings);
};

/// What an agent is asked: the brief has the rest. \param news  AgentPaths::news
[[nodiscard]] std::string prompt_of(const LabSettings& settings,
                                    const std::optional<Rework>& rework,
                                    const std::string& news = {});

/// Of a run that its provider is to blame for.
[[nodiscard]] AgentFailure failure_of_provider(const AgentRun& run);

[[nodiscard]] std::unique_ptr<Agent> make_command();
[[nodiscard]] std::unique_ptr<Agent> make_claude();
[[nodiscard]] std::unique_ptr<Agent> make_codex();
[[nodiscard]] std::unique_ptr<Agent> make_pi();
[[nodiscard]] std::unique_ptr<Agent> make_opencode();

}  // namespace swarmlab::worker
