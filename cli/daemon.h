// What the coordinator and the worker do alike as daemons: their file of settings, their log, the
// signals that they hear, and what they tell systemd.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/settings.h"
#include "common/log/log.h"
#include "common/os/clock.h"
#include "common/os/service.h"
#include "common/os/signals.h"
#include "common/result.h"

namespace swarmlab::cli {

struct DaemonFlags {
  std::string config;  // the file; empty: none
  bool print_config = false;
  std::string log_file;
  std::string http;            // where metrics and health are served; empty: nowhere
  bool http_anywhere = false;  // other machines may reach that
  std::string log_level = "info";
  std::string log_format = "text";
};

/// --config, --print-config and what concerns the log. Fills `flags`, which must outlive it.
void add_daemon_options(CLI::App& command, DaemonFlags& flags);

/// \pre  flags are settled
[[nodiscard]] log::Options log_options(const DaemonFlags& flags, const std::string& component);

/// Reads the file that --config or SWARMLAB_CONFIG names, and settles the command's options.
/// \param given  when settings are loaded again: those that are in force, for their flags
[[nodiscard]] Result<std::vector<Setting>> load_settings(CLI::App& command,
                                                         const std::string& table,
                                                         DaemonFlags& flags, const Context& context,
                                                         const std::vector<Setting>& given = {});

/// Logs what a reload changed and what waits for a restart: what is not among `live`. Gives the
/// settings that are in force now.
[[nodiscard]] std::vector<Setting> tell_changes(const std::vector<Setting>& before,
                                                const std::vector<Setting>& after,
                                                std::initializer_list<std::string_view> live);

/// As the environment says.
[[nodiscard]] Result<Service> service_of(const Context& context);

// The signals of a daemon.
class DaemonSignals {
 public:
  enum class Told : std::uint8_t { stop, stop_at_once, reload, summary, orphaned };
  static constexpr int kParentDied = 12;  // SIGUSR2

  /// Make it before any other thread.
  [[nodiscard]] static Result<DaemonSignals> watch();
  [[nodiscard]] int fd() const { return signals_.fd(); }
  /// What the next waiting signal says: nothing if there is none. The first SIGTERM or SIGINT
  /// stops, any further one stops at once. SIGHUP reloads, but when its terminal went away: then it
  /// stops.
  [[nodiscard]] std::optional<Told> take();

 private:
  DaemonSignals(SignalWatch signals, bool has_terminal)
      : signals_(std::move(signals)), has_terminal_(has_terminal) {}
  Told stop();

  SignalWatch signals_;
  bool has_terminal_;
  bool told_to_stop_ = false;
};

// Tells systemd, from the loop that is watched, that it turns and what it does.
class Pulse {
 public:
  explicit Pulse(const Service& service) : service_(service) {}
  /// To be called by one thread, as often as it likes.
  void beat(const std::string& status);

 private:
  static constexpr Milliseconds kStatusEvery{1000};
  const Service& service_;
  Deadline next_alive_ = Deadline::after(Milliseconds(0));
  Deadline next_status_ = Deadline::after(Milliseconds(0));
  std::string status_;
};

}  // namespace swarmlab::cli
