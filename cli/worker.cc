// `swarmlab worker`: takes tasks from a coordinator until it is told to leave.
#include "worker/server/worker.h"

#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ostream>
#include <thread>

#include "cli/build_info.h"
#include "cli/capacity.h"
#include "cli/commands.h"
#include "cli/daemon.h"
#include "cli/duration_option.h"
#include "cli/machine_port.h"
#include "cli/peer.h"
#include "cli/worker_flags.h"
#include "common/git/library.h"
#include "common/lab/units.h"
#include "common/log/log.h"
#include "common/os/host.h"
#include "common/os/open_files.h"
#include "common/os/process.h"
#include "worker/sandbox/drivers.h"
#include "worker/sandbox/own_program.h"

namespace swarmlab::cli {

namespace {

constexpr const char* kTable = "worker";
constexpr const char* kComponent = "worker";
constexpr std::chrono::seconds kBeatsWithin{60};  // it waits for a coordinator that is away
constexpr int kTidyMs = 1000;  // how late it is told that lines of the log repeat

// The kernel tells us when our parent dies; if it did before we asked, we tell ourselves. Not by
// SIGTERM: it is sent once for each thread of the parent that dies, and a second SIGTERM means
// "stop at once".
void leave_with(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, DaemonSignals::kParentDied);
  if (getppid() != parent) raise(DaemonSignals::kParentDied);
}

// A runner does one thing at a time.
Result<void> check_runners(const WorkerFlags& flags) {
  SWARMLAB_TRY(drivers, sandbox::drivers_in(flags.sandbox));
  const bool has_runner = std::ranges::find(drivers, SandboxDriver::runner) != drivers.end();
  if (!has_runner && !flags.runners.empty()) {
    return fail(ErrorCode::invalid_input, "--runners {} is for --sandbox runner, but that is {}",
                flags.runners, flags.sandbox);
  }
  if (!has_runner || flags.slots == 1) return {};
  return fail(ErrorCode::invalid_input,
              "--slots is {}, expected 1 with --sandbox runner: its containers run one thing at a "
              "time; start more workers (pods) instead",
              flags.slots);
}

// Its labels tell the coordinator which labs it can work for.
Result<std::unique_ptr<sandbox::Sandbox>> make_sandbox(const WorkerFlags& flags,
                                                       worker::WorkerOptions& options) {
  if (worker::is_worker_folder_taken(options.folder, worker::kFolderGrace)) {
    return fail(ErrorCode::conflict, "{}: another worker works here", options.folder);
  }
  SWARMLAB_CHECK(check_runners(flags));
  SWARMLAB_TRY(chosen,
               sandbox::open_drivers(flags.sandbox, {.expose = flags.expose,
                                                     .folder = options.folder + "/containers",
                                                     .runners = flags.runners}));
  if (std::ranges::find(chosen.drivers, SandboxDriver::runner) != chosen.drivers.end()) {
    constexpr const char* kWork = "/work";
    options.agent_work = sandbox::folder_of_runner(flags.runners, sandbox::Party::agent) + kWork;
    options.trial_work =
        sandbox::folder_of_runner(flags.runners, sandbox::Party::evaluator) + kWork;
  }
  for (std::string& label : labels_of(chosen.drivers)) {
    options.capacity.labels.push_back(std::move(label));
  }
  options.host_services = flags.host_services;
  if (flags.host_services) options.capacity.labels.emplace_back(kServicesLabel);
  return std::move(chosen.sandbox);
}

Result<worker::WorkerOptions> options_of(const Context& context, const WorkerFlags& flags,
                                         const Peer& peer) {
  const HostFacts facts = read_host_facts();
  worker::WorkerOptions options;
  options.address = peer.address;
  options.credentials = peer.credentials;
  options.insecure = peer.insecure;
  options.name = flags.name.empty() ? facts.name : flags.name;
  options.folder = flags.folder.empty()
                       ? (context.cwd / ".swarmlab" / "workers" / options.name).string()
                       : flags.folder;
  options.host_class = host_class(facts);
  options.version = std::string(kVersion);
  options.slots = flags.slots;
  SWARMLAB_TRY(cache_bytes, parse_size(flags.cache_size));
  options.cache_bytes = cache_bytes;
  SWARMLAB_TRY(max_candidate, parse_size(flags.max_candidate));
  options.max_candidate_bytes = max_candidate;
  options.once = flags.once;
  SWARMLAB_TRY(capacity, capacity_of(facts, flags.capacity));
  options.capacity = std::move(capacity);
  SWARMLAB_TRY(protocols, wire::our_protocols_up_to(flags.speak_protocol));
  options.protocols = protocols;
  options.environment = current_environment();
  if (!flags.provider_keys.empty()) {
    SWARMLAB_TRY(keys, worker::ProviderKeys::read(flags.provider_keys));
    options.provider_keys = std::move(keys);
  }
  std::string why;
  options.program = sandbox::own_program(flags.expose, why);
  if (options.program.empty()) {
    log::warning("agents cannot say what they try (swarmlab hypothesis): {}", why);
  }
  return options;
}

// Works on one thread, hears signals on another.
class WorkerDaemon {
 public:
  WorkerDaemon(Context& context, WorkerFlags& flags, std::vector<Setting> settings,
               DaemonSignals signals, Service service)
      : context_(context),
        flags_(flags),
        settings_(std::move(settings)),
        drain_timeout_(flags.drain_timeout),
        signals_(std::move(signals)),
        service_(std::move(service)),
        pulse_(service_) {}

  Result<void> run(const Peer& peer) {
    if (const auto raised = raise_open_files(); !raised)
      log::warning("{}: fewer slots can work", raised.error().message);
    // What the cache holds is with the coordinator, too; what counts is synced by the spool.
    const git::Library unsynced({.fsync = false});
    SystemClock clock;
    SWARMLAB_TRY(options, options_of(context_, flags_, peer));
    options.on_beat = [this](const worker::WorkerPulse& pulse) {
      pulse_.beat(text_of(pulse));
      beat_.beat();
    };
    SWARMLAB_TRY(sandbox, make_sandbox(flags_, options));
    SWARMLAB_TRY(started, worker::Worker::start(options, std::move(sandbox), clock));
    worker_ = std::move(started);
    SWARMLAB_TRY(
        port, MachinePort::open(flags_.daemon,
                                {.page = [worker = worker_.get()] { return worker->vitals(); },
                                 .reasons = [worker = worker_.get()] { return worker->reasons(); },
                                 .hangs = [this] { return beat_.hangs_after(kBeatsWithin); }}));
    port_ = std::move(port);
    service_.ready();
    return work_until_told();
  }

 private:
  static std::string text_of(const worker::WorkerPulse& pulse) {
    return fmt::format("{} leases held; {}", pulse.leases,
                       pulse.heard ? "the coordinator answers" : "the coordinator is away");
  }

  Result<void> work_until_told() {
    SWARMLAB_TRY(done, CancelSource::make());
    Result<void> end;
    std::thread thread([&] {
      end = worker_->run();
      done.cancel();
    });
    const CancelToken ended = done.token();
    std::array<pollfd, 2> events{{{signals_.fd(), POLLIN, 0}, {ended.fd(), POLLIN, 0}}};
    while (!ended.cancelled()) {
      if (::poll(events.data(), events.size(), wait_ms()) < 0 && errno != EINTR) break;
      while (const auto told = signals_.take()) obey(*told);
      end_patience();
      leave_if_idle();
      log::tell_repeats();
    }
    thread.join();
    return end;
  }

  [[nodiscard]] int wait_ms() const {
    const int patience = patience_.poll_timeout();
    return patience < 0 ? kTidyMs : std::min(patience, kTidyMs);
  }

  void end_patience() {
    if (!patience_.expired()) return;
    log::warning("the drain timeout is over: what runs is handed back");
    worker_->leave_now();
    patience_ = Deadline::never();
  }

  void leave_if_idle() {
    if (went_idle_ || !flags_.leave_idle || !worker_->is_idle_for(*flags_.leave_idle)) return;
    went_idle_ = true;
    log::info("there is nothing to do: it leaves");
    worker_->leave();
  }

  void obey(DaemonSignals::Told told) {
    switch (told) {
      case DaemonSignals::Told::reload:
        return reload();
      case DaemonSignals::Told::summary:
        return worker_->log_summary();
      case DaemonSignals::Told::orphaned:
        if (!orphan_) log::info("who started it is gone: it leaves");
        orphan_ = true;
        return worker_->leave();
      case DaemonSignals::Told::stop:
        log::info("told to leave: what runs may take {} more", duration_value(drain_timeout_));
        service_.stopping();
        if (drain_timeout_) patience_ = Deadline::after(*drain_timeout_);
        return worker_->leave();
      case DaemonSignals::Told::stop_at_once:
        log::info("told again: what runs is handed back");
        patience_ = Deadline::never();
        return worker_->leave_now();
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
    context.connect.clear();  // settings anew, from none
    context.key.clear();
    context.server_key.clear();
    context.swarm_name.clear();
    context.insecure = false;
    WorkerFlags fresh;
    fresh.daemon.config = flags_.daemon.config;
    add_worker_options(command, fresh, context);
    SWARMLAB_TRY(settings, load_settings(command, kTable, fresh.daemon, context, settings_));
    SWARMLAB_CHECK(log::init(log_options(fresh.daemon, kComponent)));
    drain_timeout_ = fresh.drain_timeout;
    settings_ =
        tell_changes(settings_, settings, {"drain_timeout", "log_level", "log_format", "log_file"});
    return {};
  }

  Context& context_;
  WorkerFlags& flags_;
  std::vector<Setting> settings_;
  std::optional<Milliseconds> drain_timeout_;
  DaemonSignals signals_;
  Service service_;
  Pulse pulse_;  // of the thread that sends heartbeats
  LastBeat beat_;
  std::unique_ptr<worker::Worker> worker_;
  std::unique_ptr<MachinePort> port_;      // asks the worker
  Deadline patience_ = Deadline::never();  // then what runs is handed back
  bool orphan_ = false;
  bool went_idle_ = false;
};

Result<void> work(Context& context, CLI::App& command, WorkerFlags& flags) {
  std::vector<Setting> settings;
  if (flags.parent == 0) {  // else whoever started it says all that it is to do
    SWARMLAB_TRY(loaded, load_settings(command, kTable, flags.daemon, context));
    settings = std::move(loaded);
  }
  if (flags.daemon.print_config) {
    context.out << shown(kTable, settings);
    return {};
  }
  SWARMLAB_TRY(peer, chosen_peer(context));
  if (!peer) {
    return fail(ErrorCode::invalid_input,
                "--connect is missing, expected the coordinator's address, such as "
                "tcp://127.0.0.1:7000");
  }
  SWARMLAB_TRY(signals, DaemonSignals::watch());
  if (flags.parent != 0) leave_with(flags.parent);
  SWARMLAB_TRY(service, flags.parent == 0 ? service_of(context) : Service::from({}));
  SWARMLAB_CHECK(log::init(log_options(flags.daemon, kComponent)));
  auto end =
      WorkerDaemon(context, flags, std::move(settings), std::move(signals), std::move(service))
          .run(*peer);
  if (!end) log::error("{}", end.error().message);  // who started us reads it there
  return end;
}

}  // namespace

void add_worker(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("worker", "Take tasks from a coordinator until told to leave");
  command->group(kGroupRun);
  const auto flags = std::make_shared<WorkerFlags>();
  add_worker_options(*command, *flags, context);
  add_examples(
      *command,
      "  swarmlab worker --connect tcp://127.0.0.1:7000 --slots 4\n"
      "  swarmlab worker --config /etc/swarmlab/swarmlab.toml\n"
      "SIGTERM or Ctrl-C finishes what runs, a second one hands it back. SIGHUP loads the\n"
      "settings again, SIGUSR1 logs what it holds.");
  command->callback([&context, command, flags] {
    context.action = [&context, command, flags] { return work(context, *command, *flags); };
  });
}

}  // namespace swarmlab::cli
