// The coordinator: a socket in front of the engine. It takes bursts of messages, runs one turn for
// each burst, and answers when the turn is on disk.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/os/clock.h"
#include "common/result.h"
#include "coordinator/server/branch.h"
#include "coordinator/server/vitals.h"
#include "coordinator/swarm/command.h"

namespace swarmlab::server {

// Who is let in over tcp://. What listens at ipc:// is guarded by its folder.
struct Door {
  std::string keys =
      {};  // folder of `swarmlab keys`: CURVE with those who are allowed; empty: plain
  bool insecure = false;  // plain, to other machines too
};

// What it does just now, for who watches the process.
struct Pulse {
  std::size_t labs = 0;
  std::size_t running_labs = 0;
  std::size_t workers = 0;  // that are here
  std::size_t leases = 0;   // current ones
};

inline constexpr std::uint64_t kDiskReserve = 256ULL << 20U;

struct ServerOptions {
  std::string folder;   // .swarmlab of the repository: holds store/ and objects.git/
  std::string address;  // ipc://path or tcp://host:port
  std::string version;  // of this build, for people
  swarm::Rules rules;
  Door door = {};
  std::uint64_t reserve_bytes = kDiskReserve;  // free disk below which nothing is written
  // Called by the loop a few times a second: while it is, the loop turns. It must not block.
  std::function<void(const Pulse&)> on_tick{};
  // Called by the loop about once a second. It must not block.
  std::function<void(Vitals)> on_vitals{};
};

class Server {
 public:
  /// Opens store and objects, loads the state and binds the socket.
  /// \return  conflict if another coordinator has the store open or the address in use;
  ///          invalid_input if the address is for other machines and the door has neither keys nor
  ///          `insecure`, or if it has keys for ipc://.
  static Result<std::unique_ptr<Server>> start(const ServerOptions& options, Clock& clock);

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;
  ~Server();

  /// Opens a lab from the user's repository at `repository`: its commit is copied, then it is
  /// opened or resumed. Data that is to be shipped is copied, too. Before run(), or from a turn of
  /// it: the same thread.
  /// \param data_manifest  of data that workers have (git::manifest_text), so that one whose data
  ///                       differs can tell in what
  Result<swarm::LabIsOpen> open_lab(swarm::OpenLab command, const std::string& repository,
                                    const std::string& data_manifest = {});

  /// Makes a lab from an experiment of another (branch.h). As open_lab().
  Result<swarm::LabIsOpen> branch_lab(const BranchWish& wish);

  struct Reopened {
    std::string name;
    Result<swarm::LabIsOpen> outcome;
  };
  /// Opens the branches of a lab again, and theirs, with the flags of this run. As open_lab().
  std::vector<Reopened> reopen_branches(const std::string& lab, const LabOverrides& overrides,
                                        const std::string& who);

  /// The commit that a lab of this name is run from; nothing if there is no such lab. As
  /// open_lab().
  [[nodiscard]] std::optional<ObjectId> lab_commit(const std::string& lab) const;

  /// Serves until request_stop(). \return  an error if a commit failed: the process must end.
  Result<void> run();

  /// Reads the list of allowed keys again, though its file looks unchanged; a change of the file is
  /// seen without it, within half a second. Thread-safe. Nothing to do if there are no keys.
  void reload_keys();

  /// Thread-safe. run() takes nothing more from peers, answers who waits for events, brings the
  /// refs up to date and returns, within a few seconds.
  void request_stop();
  /// The same without the refs: the next start brings them up to date.
  void request_stop_at_once();

  /// Thread-safe. Holds from the next turn on; leases that were given keep what they were promised.
  void set_rules(const swarm::Rules& rules);
  /// Thread-safe. The loop writes to the log what labs, workers and leases there are.
  void request_summary();

  /// What peers connect to.
  [[nodiscard]] const std::string& address() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::server
