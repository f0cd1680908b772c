// Runs an agent on a workspace: what runs in its sandbox, and how its end is read.
//
// One Agent for each AgentKind, in a file of its own. None of them decides anything about a
// candidate: what an agent says is a note.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "common/model/report.h"
#include "common/result.h"
#include "worker/bridge/provider.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::worker {

// A round after the first: the guard failed, and the agent may repair its change in the workspace
// as it left it. An agent that can resume its session does so here; what it wrote below `out` is
// still there.
struct Rework {
  std::uint32_t round = 1;  // 1 to `most`
  std::uint32_t most = 1;
  std::string reason;     // how the guard failed: one line, then perhaps the last lines it wrote
  std::string guard_log;  // file on this host: read-only at /swarmlab/guard.log
};

// On this host, absolute.
struct AgentPaths {
  std::vector<sandbox::Mount> workspace;  // binds of /workspace and below, in order
  std::string checkout;                   // the folder behind /workspace
  std::string brief;                      // file: read-only at /swarmlab/brief.md
  std::string results;                    // file: read-only at /swarmlab/results.tsv
  std::string out;                        // empty folder: writable at /swarmlab/out
  std::string data = {};                  // the data; empty: it is where the settings say
  std::string program = {};  // swarmlab: read-only at /swarmlab/bin/swarmlab; empty: not there
  // Folder: read-only at /swarmlab/conflicts; empty: nothing conflicts.
  std::string conflicts = {};
  std::optional<Rework> rework = {};   // none: the first round
  std::optional<Bridged> bridge = {};  // none: provider() named none, or there is no key for it
  std::string home = {};     // folder: its home, in all rounds of an attempt; empty: a new one
  std::string session = {};  // AgentRun::session of what went before; empty: there is none
  // Of a session that goes on after another experiment: what that one came to.
  std::string news = {};
  std::uint32_t session_experiment = 0;  // of its session, from 1; 0: sessions have one alone
  std::string handshake = {};  // folder: writable in the lab's folder; empty: it does none
};

// Below AgentPaths::out.
constexpr const char* kOutcomeFile = "outcome.json";
constexpr const char* kHypothesisFile = "hypothesis.json";  // as `swarmlab hypothesis` writes it

struct AgentFailure {
  Outcome outcome =
      Outcome::crash;        // crash, timeout; returned: cancelled, or not the agent's fault
  std::string reason;        // one line, then perhaps the last lines of the output
  bool own_failure = false;  // of `returned`: this worker does not have its program
  bool operator==(const AgentFailure&) const = default;
};

// What the end of an agent's run and its output say.
struct AgentEnded {
  std::optional<AgentFailure> failure;  // none: it ended well
  Cost cost;                            // as far as its output tells
  std::optional<AgentRun> run = {};     // none: it was cancelled
  Transcript transcript = {};           // its steps, without what it was asked
  bool counts_session = false;          // `cost` is of its whole session so far
  bool operator==(const AgentEnded&) const = default;
};

/// Stateless, so thread-safe.
class Agent {
 public:
  Agent() = default;
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  Agent(Agent&&) = delete;
  Agent& operator=(Agent&&) = delete;
  virtual ~Agent() = default;

  /// \param environment  of the worker ("NAME=VALUE"): only what [agent] env names is passed on
  /// \return invalid_input if the lab has no agent, unavailable if a variable is not set here
  [[nodiscard]] virtual Result<sandbox::SandboxRequest> prepare(
      const Assignment& assignment, const AgentPaths& paths,
      const std::vector<std::string>& environment) const = 0;

  /// Whom the agent talks to, if the address can be set: the worker starts a bridge to it, and
  /// prepare() gets what stands in for it.
  [[nodiscard]] virtual std::optional<Provider> provider(const LabSettings& settings) const;

  /// Reads an output that is not trusted, in time linear in its length.
  [[nodiscard]] virtual AgentEnded read(const sandbox::SandboxResult& result,
                                        const LabSettings& settings) const = 0;
};

[[nodiscard]] std::unique_ptr<Agent> make_agent(AgentKind kind);

}  // namespace swarmlab::worker
