// An agent that lives on over several experiments of a session, by the handshake of
// worker/agent/handshake.h. Between two of them all of its sandbox is held still.
//
// Its process outlives leases, and nothing else does: gates, output, time and what it cost are of
// one turn, which is what it does for one experiment.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "common/os/cancel.h"
#include "common/os/clock.h"
#include "common/result.h"
#include "worker/agent/handshake.h"
#include "worker/sandbox/capture.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::worker {

/// Of one thread, beside its own.
class LivingAgent {
 public:
  struct Of {
    sandbox::Sandbox& sandbox;  // outlives it
    std::string folder;         // of the handshake, on this host
    // What its sandbox shows must stay where it is as long as it lives.
    std::shared_ptr<const void> held = {};
  };
  /// \param request  of its first experiment: its reins, its ears and its timeout are ours
  [[nodiscard]] static Result<std::unique_ptr<LivingAgent>> make(Of of,
                                                                 sandbox::SandboxRequest request);
  LivingAgent(const LivingAgent&) = delete;
  LivingAgent& operator=(const LivingAgent&) = delete;
  LivingAgent(LivingAgent&&) = delete;
  LivingAgent& operator=(LivingAgent&&) = delete;
  ~LivingAgent();  // kills it

  /// Whether its sandbox is what this request asks for. What is told by files may differ.
  [[nodiscard]] bool fits(const sandbox::SandboxRequest& request) const;

  struct Turn {
    const sandbox::SandboxRequest& request;  // of this experiment: its gates, its stop
    Milliseconds time;
    const CancelToken& cancel;
    bool keep = false;  // hold it when it has signalled; else its sandbox ends then
  };
  struct Done {
    sandbox::SandboxResult result;  // of this turn; a signal is an exit with code 0
    std::optional<Signal> signal;
  };
  /// Lets it work on one experiment, until it signals, ends, or has to end. Afterwards it is held,
  /// or gone.
  [[nodiscard]] Result<Done> work(const Turn& turn);

  /// Between two turns.
  [[nodiscard]] bool is_held() const { return is_held_; }
  /// Tells it that the session is over, and kills it after the grace. \pre  it is held
  void part(const std::string& text, Milliseconds grace);

 private:
  // Of all its gates, who takes connections just now.
  struct Exchange {
    std::mutex mutex;
    std::map<std::uint16_t, std::function<void(UniqueFd)>> takes;
  };
  // What it wrote in this turn.
  struct Heard {
    std::mutex mutex;
    std::chrono::steady_clock::time_point begin;
    std::optional<sandbox::OutputCapture> out;
    std::optional<sandbox::OutputCapture> err;
    sandbox::LineTimes times;
  };

  LivingAgent(Of of, sandbox::SandboxRequest request, UniqueFd watch, CancelSource kill,
              CancelSource ended);
  void connect(const sandbox::SandboxRequest& request);
  void disconnect();
  void start();
  void listen();
  Result<void> go();
  enum class Why { signalled, ended, out_of_time, cancelled };
  Why wait(const Turn& turn, Deadline deadline, std::optional<Signal>& signal);
  Result<sandbox::SandboxResult> bury();
  Result<Done> conclude(const Turn& turn, Why why, std::optional<Signal> signal);
  void add_heard(sandbox::SandboxResult& result);

  const Of of_;
  sandbox::SandboxRequest request_;
  const UniqueFd watch_;
  const CancelSource kill_;
  const CancelSource ended_;  // cancelled by its thread when the run is over
  const std::shared_ptr<Exchange> exchange_ = std::make_shared<Exchange>();
  const std::shared_ptr<Heard> heard_ = std::make_shared<Heard>();
  std::thread thread_;
  std::optional<Result<sandbox::SandboxResult>> result_;  // the thread's, until it ended
  bool is_held_ = false;
};

}  // namespace swarmlab::worker
