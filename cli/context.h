// What every command is given: where to write, what the flags and the environment say, and what to
// leave behind as the exit code. Nothing in cli/ reads the process's globals but `from_process`, so
// that a test can run a whole command line and look at what it printed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "common/strong_id.h"

namespace swarmlab::cli {

class Swarm;

// Exit codes, as the documentation promises them.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;
inline constexpr int kInterrupted = 130;

struct Context {
  std::ostream& out;           // results
  std::ostream& err;           // progress and errors
  std::istream* in = nullptr;  // of commands that read; none: nothing to read
  std::filesystem::path cwd = {};
  std::map<std::string, std::string> environment = {};
  bool color = false;  // off when `out` is no terminal, or NO_COLOR is set

  std::size_t width = 0;  // of the terminal that `out` is; 0: it is none, nothing is cut

  bool json = false;
  bool quiet = false;
  std::vector<std::string> after_dashes = {};  // words after `--`: for the agent's command
  std::string lab = {};                        // LAB: a folder or a name; empty: the nearest
  std::string connect =
      {};                // --connect, or SWARMLAB_CONNECT; empty: the repository's own coordinator
  std::string key = {};  // --key, or SWARMLAB_KEY: file with the own secret key
  std::string server_key = {};  // --server-key, or SWARMLAB_SERVER_KEY: file, or the key itself
  bool insecure = false;        // --insecure: plain to and from other machines
  std::string swarm_name = {};  // --context: one of contexts.toml

  // Where queries go, and what time it is; tests pass their own. Not set: Swarm::open and the
  // clock.
  std::function<Result<std::unique_ptr<Swarm>>(const Context&)> open_swarm = {};
  std::function<Timestamp()> clock = {};

  // What the parsed command line asks for; the dispatcher calls it. An error goes to `err` and
  // makes the exit code 1; a command that ends otherwise sets `exit_code` itself.
  std::function<Result<void>()> action = {};
  int exit_code = kDone;

  /// Of this process. The streams must outlive the context.
  [[nodiscard]] static Context from_process();
  [[nodiscard]] std::optional<std::string> variable(const std::string& name) const;
  [[nodiscard]] Result<std::unique_ptr<Swarm>> swarm() const;
  [[nodiscard]] Timestamp now() const;
  /// Writes a line to `err`, unless --quiet.
  void note(const std::string& line) const;
};

/// Prints `swarmlab: message`, or {"error": {"code", "message"}} under --json, to `context.err`.
void print_error(const Context& context, const Error& error);

}  // namespace swarmlab::cli
