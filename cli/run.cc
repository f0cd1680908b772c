// `swarmlab run`: a coordinator in this process, workers as processes of their own, and a view of
// what happens, until all labs have stopped or a person does.
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <tuple>

#include "cli/capacity.h"
#include "cli/commands.h"
#include "cli/endpoint.h"
#include "cli/follow.h"
#include "cli/home.h"
#include "cli/hooks.h"
#include "cli/hosted_coordinator.h"
#include "cli/local_workers.h"
#include "cli/open_lab.h"
#include "cli/own_log.h"
#include "cli/peer.h"
#include "cli/run_flags.h"
#include "cli/run_remote.h"
#include "cli/swarm.h"
#include "common/log/log.h"
#include "common/os/host.h"
#include "common/os/signals.h"
#include "worker/sandbox/cgroup.h"
#include "worker/sandbox/drivers.h"

namespace swarmlab::cli {

namespace {

constexpr unsigned kMostWorkers = 512;

struct RunOptions {
  unsigned workers = 0;  // 0: by the machine
  std::vector<std::string> expose;
  std::string provider_keys;
  std::string sandbox;  // empty: what the labs ask for
  std::vector<std::string> agent_args;
  bool detach = false;
  bool hooks = false;
  bool host_services = false;
  std::shared_ptr<RunFlags> flags;
};

unsigned workers_for_this_machine() {
  return std::clamp(read_host_facts().cores, 1U, 8U);
}

class Run {
 public:
  Run(Context& context, const RunOptions& options, SignalWatch signals)
      : context_(context), options_(options), signals_(std::move(signals)), follower_(context) {}

  Result<void> go() {
    SWARMLAB_TRY(places, locate_labs(context_));
    SWARMLAB_CHECK(check(places));
    SWARMLAB_TRY(state, make_state_folder(places.front().root));
    SWARMLAB_CHECK(log::init({.level = log::Level::info, .file = (state / "swarm.log").string()}));
    SWARMLAB_CHECK(host(state));
    SWARMLAB_TRY(opened, open_labs(context_, coordinator_->server(), places, *options_.flags,
                                   options_.agent_args));
    coordinator_->serve();
    SWARMLAB_TRY(swarm, Swarm::open(asking_our_coordinator()));
    swarm_ = std::move(swarm);
    SWARMLAB_CHECK(follower_.begin(*swarm_, opened.names));  // before the workers: misses nothing
    for (const LabPlace& place : opened.begun) {
      SWARMLAB_CHECK(tell_history(context_, *swarm_, place));
    }
    if (opened.any_runs) SWARMLAB_CHECK(begin_hooks(places));
    if (opened.any_runs) {
      SWARMLAB_CHECK(start_workers(state));
      SWARMLAB_CHECK(watch());
    }
    return finish();
  }

 private:
  // What is wrong with the labs is told before anything is written.
  Result<void> check(const std::vector<LabPlace>& places) {
    SWARMLAB_TRY(labs, check_labs(places, *options_.flags, options_.agent_args));
    SWARMLAB_CHECK(choose_sandbox(labs));
    SWARMLAB_CHECK(check_services(labs));
    for (const LabSettings& lab : labs) {
      for (const std::string& name : lab.agent.env) {
        if (context_.environment.contains(name)) continue;
        return fail(ErrorCode::invalid_input,
                    "variable {} of [agent] env is not set, expected it in the environment of "
                    "swarmlab run",
                    name);
      }
    }
    return {};
  }

  Result<void> choose_sandbox(const std::vector<LabSettings>& labs) {
    sandbox_ = options_.sandbox;
    if (!sandbox_.empty()) return {};
    std::vector<SandboxSettings> wanted;
    for (const LabSettings& lab : labs) wanted.push_back(lab.sandbox);
    SWARMLAB_TRY(words, sandbox::drivers_for(wanted));
    sandbox_ = std::move(words);
    return {};
  }

  // They run outside of any sandbox, so only if asked for.
  [[nodiscard]] Result<void> check_services(const std::vector<LabSettings>& labs) const {
    for (const LabSettings& lab : labs) {
      if (!lab.evaluator.service || options_.host_services) continue;
      return fail(ErrorCode::invalid_input,
                  "{} has a [backend.host_service], which runs on this machine as you and in no "
                  "sandbox: {}\nexpected --host-services, which allows it",
                  lab.name, lab.evaluator.service->command);
    }
    return {};
  }

  // Scripts of a lab of pi-autoresearch: they run outside of any sandbox, so only if asked for.
  Result<void> begin_hooks(const std::vector<LabPlace>& places) {
    for (const LabPlace& place : places) {
      auto hooks = Hooks::of(context_, place);
      if (hooks && options_.hooks) {
        hooks_.push_back(*std::move(hooks));
      } else if (hooks) {
        context_.note(place.name + ": its hooks are left out; --hooks runs them, here and as you");
      }
    }
    for (Hooks& hooks : hooks_) SWARMLAB_CHECK(hooks.run(*swarm_, 0));
    follower_.on_verdict([this](const std::string& lab, std::uint32_t number) -> Result<void> {
      for (Hooks& hooks : hooks_) {
        if (hooks.lab() == lab) SWARMLAB_CHECK(hooks.run(*swarm_, number));
      }
      return {};
    });
    return {};
  }

  Result<void> host(const std::filesystem::path& state) {
    address_ = "ipc://" + socket_file_of(state).string();
    SWARMLAB_TRY(started, HostedCoordinator::start({.folder = state, .address = address_}));
    coordinator_ = std::move(started);
    return {};
  }

  [[nodiscard]] Context asking_our_coordinator() const {
    Context asking = context_;
    asking.connect = address_;
    asking.swarm_name.clear();
    asking.key.clear();
    asking.server_key.clear();
    return asking;
  }

  Result<void> start_workers(const std::filesystem::path& state) {
    SWARMLAB_TRY(program, self_executable());
    LocalWorkersOptions workers{.program = program,
                                .folder = state / "workers",
                                .address = address_,
                                .count = options_.workers,
                                .arguments = {"--sandbox", sandbox_}};
    SWARMLAB_TRY(machine, capacity_of(read_host_facts(), {}));
    workers.machine = std::move(machine);
    for (const std::string& path : options_.expose) {
      workers.arguments.push_back("--expose");
      workers.arguments.push_back(path);
    }
    if (options_.host_services) workers.arguments.emplace_back("--host-services");
    if (!options_.provider_keys.empty()) {
      workers.arguments.push_back("--provider-keys");
      workers.arguments.push_back(options_.provider_keys);
    }
    SWARMLAB_CHECK(make_folders_for(workers.folder));
    // We are in the group that was delegated, and out of their way before they look for one.
    std::ignore = sandbox::find_cgroups();
    SWARMLAB_TRY(started, LocalWorkers::start(workers));
    workers_.emplace(std::move(started));
    return {};
  }

  static Result<void> make_folders_for(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail(ErrorCode::unavailable, "{}: {}", folder.string(), error.message());
    return {};
  }

  Result<void> watch() {
    while (!workers_->all_ended()) {
      take_signals();
      SWARMLAB_CHECK(tend_workers());
      if (!coordinator_->alive()) return coordinator_->stop();
      SWARMLAB_CHECK(follower_.show_news());
      if (!leaving_ && follower_.all_stopped()) leave();
    }
    return follower_.show_news();
  }

  Result<void> tend_workers() {
    const auto alive = workers_->tend();
    for (const std::string& end : workers_->take_ends()) {
      follower_.erase();
      context_.note(end);
    }
    return alive;
  }

  void take_signals() {
    while (signals_.take()) {
      follower_.erase();
      if (!interrupted_) {
        context_.note("finishing what runs; once more to stop at once");
      }
      interrupted_ = true;
      leave();
    }
  }

  void leave() {
    leaving_ = true;
    follower_.expect_hand_backs();
    workers_->leave();
  }

  Result<void> finish() {
    const auto went = follower_.summary();
    swarm_.reset();
    SWARMLAB_CHECK(coordinator_->stop());
    if (interrupted_) {
      context_.note("interrupted; swarmlab run goes on where it was");
      context_.exit_code = kInterrupted;
    }
    return went;
  }

  Context& context_;
  const RunOptions& options_;
  SignalWatch signals_;
  std::string address_;
  std::string sandbox_;  // drivers of the workers
  std::unique_ptr<HostedCoordinator> coordinator_;
  std::unique_ptr<Swarm> swarm_;
  std::optional<LocalWorkers> workers_;  // goes before the coordinator
  Follower follower_;
  std::vector<Hooks> hooks_;
  bool leaving_ = false;
  bool interrupted_ = false;
};

Result<void> run_there(Context& context, const RunOptions& options, const SignalWatch& signals) {
  if (options.workers != 0) {
    return fail(ErrorCode::invalid_input,
                "--workers starts workers here, but the labs go to a coordinator elsewhere; start "
                "workers with swarmlab worker, or run here with --context local");
  }
  SWARMLAB_TRY(places, locate_labs(context));
  SWARMLAB_CHECK(check_labs(places, *options.flags, options.agent_args));
  return run_remote(context,
                    {.places = places,
                     .flags = *options.flags,
                     .agent_args = options.agent_args,
                     .detach = options.detach},
                    signals);
}

Result<void> run(Context& context, RunOptions& options) {
  SWARMLAB_TRY(signals, SignalWatch::make({SIGINT, SIGTERM}));
  SWARMLAB_TRY(elsewhere, chosen_peer(context));
  if (elsewhere) return run_there(context, options, signals);
  if (options.detach) {
    return fail(ErrorCode::invalid_input,
                "--detach needs a coordinator elsewhere, expected --connect or a context");
  }
  if (options.workers == 0) options.workers = workers_for_this_machine();
  return Run(context, options, std::move(signals)).go();
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "run", "Run a lab, or a tree of labs, until it stops; goes on where an earlier run was");
  command->group(kGroupRun);
  const auto options = std::make_shared<RunOptions>();
  add_lab(*command, context);
  command
      ->add_option("--workers", options->workers,
                   "Worker processes on this machine (default: one a core, at most 8)")
      ->check(CLI::Range(1U, kMostWorkers));
  add_connect(*command, context);
  command->add_flag("--detach", options->detach,
                    "With --connect: give the labs there, and do not follow them");
  options->flags = add_run_flags(*command);
  command->add_flag("--hooks", options->hooks,
                    "Run the hooks of a lab of pi-autoresearch: here and as you, in no sandbox");
  command->add_flag(
      "--host-services", options->host_services,
      "Start services of labs ([backend.host_service]): here and as you, in no sandbox");
  command->add_option("--expose", options->expose,
                      "A path of this machine that sandboxes see, read-only (may be given again)");
  add_provider_keys(*command, options->provider_keys);
  add_sandbox(*command, options->sandbox,
              "bubblewrap, docker, podman, runsc, with commas between (default: what the labs "
              "name, else bubblewrap); or none: no isolation at all, scores can be forged");
  add_json(*command, context);
  add_quiet(*command, context);
  add_examples(
      *command,
      "  swarmlab run                                # the lab of this folder\n"
      "  swarmlab run my-lab --workers 4 --max-iterations 60\n"
      "  swarmlab run labs --workers 8               # all labs below a folder, at once\n"
      "  swarmlab run my-lab --max-hours 8 -- --effort high   # more for the agent\n"
      "  swarmlab run my-lab --connect tcp://10.0.0.1:7000    # there, followed from here\n"
      "Ctrl-C finishes what runs, a second one stops at once; the next run goes on.");
  command->callback([&context, options] {
    options->agent_args = context.after_dashes;
    context.action = [&context, options] { return run(context, *options); };
  });
}

}  // namespace swarmlab::cli
