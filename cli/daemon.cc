#include "cli/daemon.h"

#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>

#include "cli/config_file.h"
#include "common/os/unique_fd.h"

namespace swarmlab::cli {

static_assert(DaemonSignals::kParentDied == SIGUSR2);

namespace {

constexpr const char* kConfigVariable = "SWARMLAB_CONFIG";

bool terminal_is_there() {
  const UniqueFd terminal(::open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY));
  return static_cast<bool>(terminal);
}

}  // namespace

void add_daemon_options(CLI::App& command, DaemonFlags& flags) {
  constexpr const char* kGroup = "Settings, log and metrics";
  command
      .add_option("--config", flags.config,
                  "swarmlab.toml with settings (or SWARMLAB_CONFIG); flags and variables go first")
      ->configurable(false)
      ->group(kGroup);
  command
      .add_flag("--print-config,--check-config", flags.print_config,
                "Check the settings, print them and where each came from, and end")
      ->configurable(false)
      ->group(kGroup);
  command
      .add_option("--http", flags.http,
                  "Serve /metrics, /healthz, /readyz and /version here, over HTTP for machines: a "
                  "port of 127.0.0.1, or ADDRESS:PORT (default: nowhere)")
      ->group(kGroup);
  command
      .add_flag("--http-anywhere", flags.http_anywhere,
                "--http may name an address that other machines reach: who does can read the "
                "names of labs and workers, scores and costs")
      ->group(kGroup);
  command
      .add_option("--log-file", flags.log_file,
                  "Append the log here instead of stderr; SIGHUP opens it anew")
      ->group(kGroup);
  command.add_option("--log-level", flags.log_level, "The least that is logged (default: info)")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}))
      ->group(kGroup);
  command
      .add_option("--log-format", flags.log_format,
                  "text, or json: one object a line (default: text)")
      ->check(CLI::IsMember({"text", "json"}))
      ->group(kGroup);
}

log::Options log_options(const DaemonFlags& flags, const std::string& component) {
  return {.level = log::level_from(flags.log_level).value_or(log::Level::info),
          .file = flags.log_file,
          .json = flags.log_format == "json",
          .component = component};
}

Result<std::vector<Setting>> load_settings(CLI::App& command, const std::string& table,
                                           DaemonFlags& flags, const Context& context,
                                           const std::vector<Setting>& given) {
  if (flags.config.empty()) flags.config = context.variable(kConfigVariable).value_or("");
  ConfigFile file;
  if (!flags.config.empty()) {
    SWARMLAB_TRY(read, ConfigFile::read((context.cwd / flags.config).string()));
    file = std::move(read);
  }
  return settle(command, file, context, {.table = table, .flags = given});
}

std::vector<Setting> tell_changes(const std::vector<Setting>& before,
                                  const std::vector<Setting>& after,
                                  std::initializer_list<std::string_view> live) {
  std::vector<Setting> in_force = before;
  bool changed = false;
  for (std::size_t i = 0; i < before.size() && i < after.size(); ++i) {
    const Setting& old = before[i];
    const Setting& fresh = after[i];
    if (old.value == fresh.value) {
      in_force[i] = fresh;
      continue;
    }
    changed = true;
    if (std::ranges::find(live, std::string_view(old.key)) != live.end()) {
      in_force[i] = fresh;
      log::info("reload: {} is {} now, was {}{}", old.key, fresh.value, old.value,
                log::field("from", fresh.source));
    } else {
      log::warning("reload: {} stays {}: a restart is needed for {}{}", old.key, old.value,
                   fresh.value, log::field("from", fresh.source));
    }
  }
  if (!changed) log::info("reload: no setting changed");
  return in_force;
}

Result<Service> service_of(const Context& context) {
  return Service::from({.notify_socket = context.variable("NOTIFY_SOCKET").value_or(""),
                        .watchdog_usec = context.variable("WATCHDOG_USEC").value_or(""),
                        .watchdog_pid = context.variable("WATCHDOG_PID").value_or("")});
}

Result<DaemonSignals> DaemonSignals::watch() {
  SWARMLAB_TRY(signals, SignalWatch::make({SIGINT, SIGTERM, SIGHUP, SIGUSR1, kParentDied}));
  return DaemonSignals(std::move(signals), terminal_is_there());
}

DaemonSignals::Told DaemonSignals::stop() {
  const bool again = std::exchange(told_to_stop_, true);
  return again ? Told::stop_at_once : Told::stop;
}

std::optional<DaemonSignals::Told> DaemonSignals::take() {
  const auto signal = signals_.take();
  if (!signal) return std::nullopt;
  switch (*signal) {
    case SIGHUP:
      return has_terminal_ && !terminal_is_there() ? stop() : Told::reload;
    case SIGUSR1:
      return Told::summary;
    case kParentDied:
      return Told::orphaned;
    default:
      return stop();
  }
}

void Pulse::beat(const std::string& status) {
  const auto every = service_.watchdog_interval();
  if (every && next_alive_.expired()) {
    service_.still_alive();
    next_alive_ = Deadline::after(*every / 2);
  }
  if (status == status_ || !next_status_.expired()) return;
  service_.status(status);
  status_ = status;
  next_status_ = Deadline::after(kStatusEvery);
}

}  // namespace swarmlab::cli
