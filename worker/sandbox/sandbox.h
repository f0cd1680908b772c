// Runs a command that is not trusted: it sees only what it is given, uses only what it may, and
// nothing of it lives on when run() returns. ARCHITECTURE.md, "Sandboxes", has the contract.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/model/lab.h"
#include "common/model/sandbox.h"
#include "common/os/cancel.h"
#include "common/result.h"
#include "worker/sandbox/gate.h"
#include "worker/sandbox/line_times.h"
#include "worker/sandbox/reins.h"

namespace swarmlab::sandbox {

struct Mount {
  enum class Kind : std::uint8_t {
    read_only,   // of a file or a folder
    read_write,  // all below it counts against limits.disk_bytes, each entry as 16 KiB at least
    empty,       // a tmpfs of `bytes`
  };
  Kind kind = Kind::read_only;
  std::string host = {};    // absolute; unused of `empty`
  std::string inside = {};  // absolute; later mounts lie over earlier ones
  std::uint64_t bytes = 0;
  bool operator==(const Mount&) const = default;
};

// Whose command it is, where agents and evaluators have places of their own.
enum class Party : std::uint8_t { evaluator, agent };

struct SandboxRequest {
  std::string command = {};            // run by /bin/sh -c
  std::vector<std::string> args = {};  // put after the command, each one word whatever it holds
  std::string folder = "/";            // current folder inside
  SandboxDriver driver = SandboxDriver::any;  // that must run it
  Party party = Party::evaluator;
  // Of a container engine, by name or id: its root file system stands for what the machine has.
  std::string image = {};
  std::vector<Mount> mounts = {};
  // Set on top of PATH, HOME, LANG, TMPDIR; nothing else of our environment goes in.
  std::vector<std::pair<std::string, std::string>> env = {};
  std::vector<std::string> path_first = {};  // folders inside that go on PATH before all others
  // What it may reach; without: nothing and nobody. Under `none` they listen at the loopback of
  // this machine.
  std::vector<Gate> gates = {};
  ResourceLimits limits = {};
  // GPUs that it may use, as CUDA_VISIBLE_DEVICES takes them. Bubblewrap and containers have the
  // files of these and of no others; there the variable is theirs to set, if these are there.
  std::vector<std::string> gpus = {};
  Milliseconds timeout{0};             // 0: none
  CancelToken stop = {};               // ends it as the timeout would
  std::optional<std::string> in = {};  // stdin; none: /dev/null
  // Gets stdout and stderr as they come, from the thread that runs the sandbox; may be empty.
  std::function<void(bool is_err, std::string_view bytes)> hear = {};
  std::shared_ptr<Reins> reins = {};  // to hold it still meanwhile; null: nobody will
  // stdout counts: no process inside can write to it that was not given it. /dev/stdout cannot be
  // opened then.
  bool sealed_output = false;
  bool result_channel = false;  // fd 3 inside leads to SandboxResult::result; sealed, too
  std::uint64_t result_bytes = 64ULL << 20U;  // kept of it; more sets result_truncated
  std::uint64_t tmp_bytes = 512ULL << 20U;    // size of /tmp and of /home/agent, each
};

enum class HowEnded : std::uint8_t {
  exited,         // code: 0 to 128
  signaled,       // code: the signal; a shell's 128+N is read as signal N
  timed_out,      // past `timeout`; code 0, as of all below
  cancelled,      // by the token
  out_of_memory,  // it failed, and the kernel had killed something in it for its memory
  disk_full,      // over limits.disk_bytes
};
[[nodiscard]] std::string_view name_of(HowEnded how);

struct SandboxResult {
  HowEnded how = HowEnded::exited;
  int code = 0;
  // At most limits.output_bytes each (0: no limit), and a line in the middle that says how much was
  // dropped.
  std::string out = {};
  std::string err = {};
  LineTimes out_times = {};       // of all lines of stdout, those that were dropped too
  std::string result = {};        // what came through the result channel
  bool result_truncated = false;  // there was more than result_bytes
  std::chrono::microseconds took{0};
  std::chrono::microseconds cpu_time{0};                // 0: not known
  std::optional<std::uint64_t> peak_memory_bytes = {};  // of the whole tree, where a cgroup tells

  [[nodiscard]] bool succeeded() const { return how == HowEnded::exited && code == 0; }
};

/// For a message: "exit code 1", "killed by signal 9", "timed out", ...
[[nodiscard]] std::string describe(const SandboxResult& result);

// An image that is to be made of a Dockerfile. Paths of the host.
struct ImageWish {
  SandboxDriver driver = SandboxDriver::any;
  std::string name;  // tells the contents: of two with one name only one is built
  std::string dockerfile;
  std::string context;  // folder
};

/// Thread-safe: several runs may go on at once.
class Sandbox {
 public:
  Sandbox() = default;
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  Sandbox(Sandbox&&) = delete;
  Sandbox& operator=(Sandbox&&) = delete;
  virtual ~Sandbox() = default;

  /// Blocks until the command has ended and all that it started is dead: some ms after the timeout
  /// or the cancel, or seconds if the kernel has many GB of its memory to free. A command that
  /// fails is a result; an error means that it could not be run (unavailable), or that the request
  /// makes no sense (invalid_input).
  [[nodiscard]] virtual Result<SandboxResult> run(const SandboxRequest& request,
                                                  const CancelToken& cancel) = 0;
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Whether the driver that would run the wish's requests has such an image already.
  [[nodiscard]] virtual Result<bool> has_image(const ImageWish& wish);
  /// Builds it, unless it is there: of several processes that want it at once, one does; the others
  /// wait. May take minutes. \return invalid_input with the engine's last lines if it cannot be
  /// built, unavailable if the driver has no images or the engine does not answer
  [[nodiscard]] virtual Result<void> build_image(const ImageWish& wish, const CancelToken& cancel);
};

struct SandboxOptions {
  std::vector<std::string> expose =
      {};  // more host paths, bound read-only at the same place; their
           // bin folders (P/bin, or P itself if it is named bin) go on PATH
  // Of container engines: where the files of a run are put, private and not shared with another
  // process; what an earlier process left running from there is removed. Empty: a temporary one.
  std::string folder = {};
  // Of runners: the folder with a folder for each party, where its runner listens. Empty: there is
  // none.
  std::string runners = {};
  std::string devices = "/dev";  // the folder of the files of GPUs
};

/// bubblewrap. \return unavailable with the reason and what to do if no sandbox starts here.
[[nodiscard]] Result<std::unique_ptr<Sandbox>> make_bubblewrap(const SandboxOptions& options);

/// Containers, by the command line of docker or podman. \return unavailable with the reason and
/// what to do if none starts here.
[[nodiscard]] Result<std::unique_ptr<Sandbox>> make_docker(const SandboxOptions& options);
[[nodiscard]] Result<std::unique_ptr<Sandbox>> make_podman(const SandboxOptions& options);

/// Containers with a kernel of gVisor's each: by docker, where its daemon has the runtime runsc,
/// else by podman. \return unavailable with the reasons of both
[[nodiscard]] Result<std::unique_ptr<Sandbox>> make_runsc(const SandboxOptions& options);
/// What of it is here, in words, without starting any. \return unavailable with what is missing
[[nodiscard]] Result<std::string> runsc_here();

/// The first of docker and podman that answers here. \return unavailable with what both say
[[nodiscard]] Result<SandboxDriver> engine_here();

/// Containers of somebody else (a pod's), each with a runner in it that starts what it is told.
/// Mounts must lie in folder_of_runner(); what is read-only may lie elsewhere and is copied.
/// Inside paths are links, or are replaced by host paths as under `none`.
/// \return unavailable with the reason if the runners do not answer
[[nodiscard]] Result<std::unique_ptr<Sandbox>> make_runner(const SandboxOptions& options);

/// What the runner of a party sees: attempts make their folders below it.
[[nodiscard]] std::string folder_of_runner(const std::string& runners, Party party);

/// No isolation: the command sees and may change all that the worker's user may, read-only mounts
/// too. Limits and the kill of the tree hold as far as cgroups allow. Nothing is mounted: where
/// `folder`, an argument or a variable's whole value is an inside path or lies below one, the
/// host's path stands in for it. Only for when a person asked for it by name.
[[nodiscard]] Result<std::unique_ptr<Sandbox>> make_none(const SandboxOptions& options);

}  // namespace swarmlab::sandbox
