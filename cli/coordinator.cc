// `swarmlab coordinator`: serves labs to workers that others start.
#include <fmt/ranges.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <ostream>

#include "cli/commands.h"
#include "cli/coordinator_flags.h"
#include "cli/coordinator_port.h"
#include "cli/daemon.h"
#include "cli/endpoint.h"
#include "cli/home.h"
#include "cli/hosted_coordinator.h"
#include "cli/open_lab.h"
#include "common/log/log.h"

namespace swarmlab::cli {

namespace {

constexpr const char* kTable = "coordinator";
constexpr const char* kComponent = "coordinator";
constexpr int kTidyMs = 1000;  // how late it is told that lines of the log repeat

class CoordinatorDaemon {
 public:
  CoordinatorDaemon(Context& context, CoordinatorFlags& flags, std::vector<Setting> settings,
                    DaemonSignals signals, Service service)
      : context_(context),
        flags_(flags),
        settings_(std::move(settings)),
        signals_(std::move(signals)),
        service_(std::move(service)),
        pulse_(service_) {}

  Result<void> run() {
    SWARMLAB_CHECK(start());
    coordinator_->serve();
    service_.ready();
    SWARMLAB_CHECK(hear_signals());
    return coordinator_->stop();
  }

 private:
  [[nodiscard]] bool has_lab() const { return !context_.lab.empty() || flags_.folder.empty(); }

  Result<void> start() {
    if (!has_lab()) return start_in(flags_.folder, "the labs");
    SWARMLAB_TRY(places, locate_labs(context_));
    SWARMLAB_CHECK(check_labs(places, *flags_.run, {}));
    SWARMLAB_CHECK(start_in(flags_.folder.empty() ? state_folder(places.front().root)
                                                  : std::filesystem::path(flags_.folder),
                            places.front().name));
    SWARMLAB_TRY(opened, open_labs(context_, coordinator_->server(), places, *flags_.run, {}));
    tell_address(fmt::format("{}", fmt::join(opened.names, ", ")));
    return {};
  }

  Result<void> start_in(const std::filesystem::path& folder, const std::string& what) {
    const std::filesystem::path state = context_.cwd / folder;
    SWARMLAB_CHECK(make_private_folder(state));
    HostedOptions options;
    options.folder = state;
    options.address =
        flags_.listen.empty() ? "ipc://" + socket_file_of(state).string() : flags_.listen;
    SWARMLAB_TRY(rules, rules_of(flags_));
    options.rules = std::move(rules);
    SWARMLAB_TRY(door, door_of(context_, flags_, state));
    options.door = door;
    options.reserve_bytes = std::uint64_t{flags_.disk_reserve_mib} << 20U;
    options.on_tick = [this](const server::Pulse& pulse) {
      pulse_.beat(text_of(pulse));
      port_.beat();
    };
    SWARMLAB_CHECK(port_.open(flags_.daemon, state));
    if (port_.is_open()) {
      options.on_vitals = [this](server::Vitals vitals) { port_.tell(std::move(vitals)); };
    }
    SWARMLAB_TRY(started, HostedCoordinator::start(options));
    coordinator_ = std::move(started);
    if (!has_lab()) tell_address(what);
    return {};
  }

  void tell_address(const std::string& what) const {
    context_.note(
        fmt::format("coordinator of {} listens; start workers with:\n"
                    "  swarmlab worker --connect {}",
                    what, coordinator_->server().address()));
  }

  static std::string text_of(const server::Pulse& pulse) {
    return fmt::format("serves {} labs, {} of them run; {} workers hold {} leases", pulse.labs,
                       pulse.running_labs, pulse.workers, pulse.leases);
  }

  // Until the coordinator has ended, by itself or because it was told to.
  Result<void> hear_signals() {
    const CancelToken ended = coordinator_->ended();
    std::array<pollfd, 2> events{{{signals_.fd(), POLLIN, 0}, {ended.fd(), POLLIN, 0}}};
    while (!ended.cancelled()) {
      if (::poll(events.data(), events.size(), kTidyMs) < 0 && errno != EINTR)
        return fail(ErrorCode::internal, "poll of the signals failed");
      while (const auto told = signals_.take()) obey(*told);
      log::tell_repeats();
    }
    return {};
  }

  void obey(DaemonSignals::Told told) {
    server::Server& server = coordinator_->server();
    switch (told) {
      case DaemonSignals::Told::reload:
        return reload();
      case DaemonSignals::Told::summary:
        return server.request_summary();
      case DaemonSignals::Told::orphaned:
        return;  // nobody is its parent
      case DaemonSignals::Told::stop:
        log::info("told to stop: nothing more is given out");
        port_.stopping();
        service_.stopping();
        return server.request_stop();
      case DaemonSignals::Told::stop_at_once:
        log::info("told again: it stops at once");
        return server.request_stop_at_once();
    }
  }

  // What cannot be read leaves all as it was.
  void reload() {
    service_.reloading();
    if (const auto done = load_again(); !done)
      log::error("reload: the old settings stay: {}", done.error().message);
    service_.ready();
  }

  Result<void> load_again() {
    CLI::App command;
    Context context = context_;
    CoordinatorFlags fresh;
    fresh.daemon.config = flags_.daemon.config;
    add_coordinator_options(command, fresh, context);
    SWARMLAB_TRY(settings, load_settings(command, kTable, fresh.daemon, context, settings_));
    SWARMLAB_TRY(rules, rules_of(fresh));
    SWARMLAB_CHECK(log::init(log_options(fresh.daemon, kComponent)));
    coordinator_->server().set_rules(rules);
    coordinator_->server().reload_keys();
    settings_ =
        tell_changes(settings_, settings, {"lease", "pool", "log_level", "log_format", "log_file"});
    return {};
  }

  Context& context_;
  CoordinatorFlags& flags_;
  std::vector<Setting> settings_;
  DaemonSignals signals_;
  Service service_;
  Pulse pulse_;  // of the coordinator's own thread
  CoordinatorPort port_;
  std::unique_ptr<HostedCoordinator> coordinator_;
};

Result<void> serve(Context& context, CLI::App& command, CoordinatorFlags& flags) {
  SWARMLAB_TRY(settings, load_settings(command, kTable, flags.daemon, context));
  if (flags.daemon.print_config) {
    context.out << shown(kTable, settings);
    return {};
  }
  SWARMLAB_TRY(signals, DaemonSignals::watch());
  SWARMLAB_TRY(service, service_of(context));
  SWARMLAB_CHECK(log::init(log_options(flags.daemon, kComponent)));
  return CoordinatorDaemon(context, flags, std::move(settings), std::move(signals),
                           std::move(service))
      .run();
}

}  // namespace

void add_coordinator(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("coordinator", "Serve labs to workers that are started by hand");
  command->group(kGroupRun);
  const auto flags = std::make_shared<CoordinatorFlags>();
  add_coordinator_options(*command, *flags, context);
  add_examples(*command,
               "  swarmlab coordinator my-lab --listen tcp://127.0.0.1:7000\n"
               "  swarmlab coordinator --config /etc/swarmlab/swarmlab.toml\n"
               "  swarmlab worker --connect tcp://127.0.0.1:7000 --slots 4\n"
               "Ctrl-C or SIGTERM ends it; what it acknowledged is kept, the next one goes on.\n"
               "SIGHUP loads the settings again, SIGUSR1 logs what the swarm does.");
  command->callback([&context, command, flags] {
    context.action = [&context, command, flags] { return serve(context, *command, *flags); };
  });
}

}  // namespace swarmlab::cli
