// `swarmlab worker`: takes tasks from a coordinator until it is told to leave.
#include "worker/server/worker.h"

#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

#include "cli/build_info.h"
#include "cli/commands.h"
#include "cli/peer.h"
#include "common/git/library.h"
#include "common/log/log.h"
#include "common/os/host.h"
#include "common/os/open_files.h"
#include "common/os/process.h"
#include "common/os/signals.h"

namespace swarmlab::cli {

namespace {

struct WorkerFlags {
  std::string name;
  std::string folder;
  std::string log_file;
  std::string sandbox = "bubblewrap";
  std::vector<std::string> expose;
  std::uint32_t slots = 1;
  wire::Protocol speak_protocol = wire::our_protocols().newest;
  pid_t parent = 0;  // 0: it may outlive who started it
};

// Not SIGTERM: the kernel sends it once for each thread of the parent that dies, and a second
// SIGTERM means "stop at once". Not SIGHUP: under nohup it is ignored.
constexpr int kParentDied = SIGUSR1;

// The kernel tells us when our parent dies; if it did before we asked, we tell ourselves.
void leave_with(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, kParentDied);
  if (getppid() != parent) raise(kParentDied);
}

Result<std::unique_ptr<sandbox::Sandbox>> make_sandbox(const WorkerFlags& flags) {
  if (flags.sandbox == "none") return sandbox::make_none({.expose = flags.expose});
  return sandbox::make_bubblewrap({.expose = flags.expose});
}

// Runs the worker on a thread; this one hears signals. The first: finish what runs; then: stop.
Result<void> work_until_told(worker::Worker& worker, const SignalWatch& signals) {
  SWARMLAB_TRY(done, CancelSource::make());
  Result<void> end;
  std::thread thread([&] {
    end = worker.run();
    done.cancel();
  });
  const CancelToken ended = done.token();
  std::array<pollfd, 2> events{{{signals.fd(), POLLIN, 0}, {ended.fd(), POLLIN, 0}}};
  bool told = false;
  bool orphan = false;
  while (!ended.cancelled()) {
    if (::poll(events.data(), events.size(), -1) < 0 && errno != EINTR) break;
    while (const auto signal = signals.take()) {
      if (signal == kParentDied) {
        if (!orphan) log::info("who started it is gone: it leaves");
        orphan = true;
        worker.leave();
        continue;
      }
      log::info("{}", told ? "told again: what runs is handed back" : "told to leave");
      told ? worker.leave_now() : worker.leave();
      told = true;
    }
  }
  thread.join();
  return end;
}

Result<void> take_tasks(const Context& context, const WorkerFlags& flags, const Peer& peer,
                        const SignalWatch& signals) {
  if (const auto raised = raise_open_files(); !raised)
    log::warning("{}: fewer slots can work", raised.error().message);
  // What the cache holds is with the coordinator, too; what counts is synced by the spool.
  const git::Library unsynced({.fsync = false});
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
  SWARMLAB_TRY(protocols, wire::our_protocols_up_to(flags.speak_protocol));
  options.protocols = protocols;
  options.environment = current_environment();
  SystemClock clock;
  SWARMLAB_TRY(sandbox, make_sandbox(flags));
  SWARMLAB_TRY(worker, worker::Worker::start(options, std::move(sandbox), clock));
  return work_until_told(*worker, signals);
}

Result<void> work(Context& context, const WorkerFlags& flags) {
  SWARMLAB_TRY(peer, chosen_peer(context));
  if (!peer) {
    return fail(ErrorCode::invalid_input,
                "--connect is missing, expected the coordinator's address, such as "
                "tcp://127.0.0.1:7000");
  }
  SWARMLAB_TRY(signals, SignalWatch::make({SIGINT, SIGTERM, kParentDied}));
  if (flags.parent != 0) leave_with(flags.parent);
  SWARMLAB_CHECK(log::init({.level = log::Level::info, .file = flags.log_file}));
  auto end = take_tasks(context, flags, *peer, signals);
  if (!end) log::error("{}", end.error().message);  // who started us reads it there
  return end;
}

}  // namespace

void add_worker(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("worker", "Take tasks from a coordinator until told to leave");
  command->group(kGroupRun);
  const auto flags = std::make_shared<WorkerFlags>();
  add_connect(*command, context);
  command->add_option("--slots", flags->slots, "Tasks at the same time (default: 1)")
      ->check(CLI::Range(1, 1024));
  command->add_option("--name", flags->name,
                      "Its name in the swarm, one worker each (default: the host's)");
  command->add_option("--folder", flags->folder,
                      "Where it keeps its own (default: .swarmlab/workers/NAME here)");
  command->add_option("--expose", flags->expose,
                      "A path of this machine that sandboxes see, read-only (may be given again)");
  command
      ->add_option("--sandbox", flags->sandbox,
                   "bubblewrap, or none: no isolation at all, scores can be forged")
      ->check(CLI::IsMember({"bubblewrap", "none"}));
  command->add_option("--log-file", flags->log_file, "Append the log here instead of stderr");
  command
      ->add_option("--speak-protocol", flags->speak_protocol,
                   "No newer protocol than this, for swarms of several releases and their tests")
      ->envname("SWARMLAB_SPEAK_PROTOCOL");
  command
      ->add_option("--leave-with-parent", flags->parent,
                   "Leave when the process that started it, of this PID, ends")
      ->check(CLI::PositiveNumber);
  add_examples(*command,
               "  swarmlab worker --connect tcp://127.0.0.1:7000 --slots 4\n"
               "SIGTERM or Ctrl-C finishes what runs, a second one hands it back.");
  command->callback(
      [&context, flags] { context.action = [&context, flags] { return work(context, *flags); }; });
}

}  // namespace swarmlab::cli
