// A worker: slots that ask for tasks, do them and report, until it is told to leave.
//
// What it measured is on its disk before it is reported, and stays there until the coordinator has
// acknowledged it: neither a crash of the worker nor one of the coordinator loses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/http/health.h"
#include "common/metrics/page.h"
#include "common/model/resources.h"
#include "common/net/gate.h"
#include "common/os/clock.h"
#include "common/result.h"
#include "common/wire/protocol.h"
#include "worker/bridge/provider_keys.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::worker {

// What it does just now, for who watches the process.
struct WorkerPulse {
  bool heard = false;      // the coordinator answered the last heartbeat
  std::size_t leases = 0;  // that it holds: what runs, and what is to be delivered
};

struct WorkerOptions {
  std::string address;  // of the coordinator: ipc://path or tcp://host:port
  std::optional<net::Credentials> credentials = std::nullopt;  // none: plain
  bool insecure = false;                                       // plain to another machine, too
  std::string name;                                            // one worker of a name at a time
  std::string folder;      // its own: object cache, spool, work folders
  std::string host_class;  // measurements compare within one
  std::string version;     // of this build
  std::uint32_t slots = 1;
  Capacity capacity = {};                   // what its machine has: tasks are matched with it
  std::uint64_t cache_bytes = 4ULL << 30U;  // half of it for objects, half for data
  std::uint64_t max_candidate_bytes = 1ULL << 30U;        // as a pack
  wire::ProtocolRange protocols = wire::our_protocols();  // what it offers the coordinator
  std::vector<std::string> environment;  // "NAME=VALUE": what [agent] env may pass on
  bool host_services = false;            // it may start services of labs, outside of sandboxes
  ProviderKeys provider_keys = {};       // of the models that its agents use
  std::string program = {};              // swarmlab itself, to be shown to agents; empty: not
  // Where attempts are laid out for agents, and for guards and evaluators; empty: in `folder`.
  std::string agent_work = {};
  std::string trial_work = {};
  bool once = false;  // each slot does one experiment, then the worker leaves
  // After each heartbeat that was sent or tried: while it is called, the worker works.
  std::function<void(const WorkerPulse&)> on_beat = {};
};

class Worker {
 public:
  /// Takes the folder for itself, clears what attempts left there, and starts to connect.
  /// \return  conflict if a living worker has the folder, after kFolderGrace
  static Result<std::unique_ptr<Worker>> start(const WorkerOptions& options,
                                               std::unique_ptr<sandbox::Sandbox> sandbox,
                                               Clock& clock);

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  Worker(Worker&&) = delete;
  Worker& operator=(Worker&&) = delete;
  ~Worker();

  /// Works until leave() and what runs is done.
  /// \return  an error if it stopped because nothing works here: a full disk, no sandbox, a
  ///          coordinator of another version
  Result<void> run();

  /// Takes nothing more; what runs is finished and delivered. Thread-safe.
  void leave();
  /// leave(), and what runs is ended and handed back.
  void leave_now();

  /// Whether it has had nothing to do for so long; at its start (without `once`) whether there was
  /// nothing for any slot. Thread-safe.
  [[nodiscard]] bool is_idle_for(Milliseconds patience) const;

  /// Writes to the log what it holds. Thread-safe.
  void log_summary() const;

  /// Its metrics, and what keeps it from its work. Thread-safe; waits for no slot, but reads what
  /// lies in its folder.
  [[nodiscard]] metrics::Page vitals() const;
  [[nodiscard]] std::vector<http::Reason> reasons() const;

 private:
  struct Impl;
  explicit Worker(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A child that a killed worker was just starting holds its folder until it becomes its program:
// some ms, more where the machine is full.
inline constexpr Milliseconds kFolderGrace{3000};

/// Whether a living process works in that folder, and still does after `grace`.
[[nodiscard]] bool is_worker_folder_taken(const std::string& folder,
                                          Milliseconds grace = Milliseconds(0));
/// Whether reports wait in that folder for a worker to deliver them.
[[nodiscard]] bool has_undelivered_reports(const std::string& folder);

}  // namespace swarmlab::worker
