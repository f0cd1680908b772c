#include "cli/worker_flags.h"

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/duration_option.h"

namespace swarmlab::cli {

void add_worker_options(CLI::App& command, WorkerFlags& flags, Context& context) {
  add_connect(command, context);
  command.add_option("--cache-size", flags.cache_size,
                     "For objects and data that are kept, such as 20GB (default: 4GB)");
  command.add_option("--max-candidate", flags.max_candidate,
                     "Largest candidate, as a pack of what it changed (default: 1GB)");
  command.add_option("--slots", flags.slots, "Tasks at the same time (default: 1)")
      ->check(CLI::Range(1, 1024));
  command.add_option("--labels", flags.capacity.labels,
                     "Words with commas between, for labs that ask for them: gpu=h100,zone=a");
  command.add_option("--pool", flags.capacity.pool,
                     "The pool that it is started with; labs can ask for the label pool=NAME "
                     "(default: the pool called default)");
  command.add_option("--gpus", flags.capacity.gpus,
                     "Ids of the GPUs that tasks may have, such as 0,1, or none (default: all)");
  command.add_option("--cpus", flags.capacity.cpus, "CPUs that tasks may have (default: all)");
  command.add_option("--memory", flags.capacity.memory,
                     "Memory that tasks may have, such as 64GB (default: all)");
  command.add_option("--name", flags.name,
                     "Its name in the swarm, one worker each (default: the host's)");
  command.add_option("--folder", flags.folder,
                     "Where it keeps its own (default: .swarmlab/workers/NAME here)");
  command.add_option("--expose", flags.expose,
                     "A path of this machine that sandboxes see, read-only (may be given again)");
  command.add_flag(
      "--host-services", flags.host_services,
      "Start services of labs ([backend.host_service]): here and as you, in no sandbox");
  add_provider_keys(command, flags.provider_keys);
  add_sandbox(
      command, flags.sandbox,
      "bubblewrap, docker, podman, runsc, runner, with commas between: the first is for labs "
      "that name none of them; or none: no isolation at all, scores can be forged");
  command.add_option("--runners", flags.runners,
                     "Of --sandbox runner: the folder with agent/runner.sock and "
                     "evaluator/runner.sock, such as /run/swarmlab");
  add_duration(command, "--drain-timeout", flags.drain_timeout,
               "When told to leave, what runs is handed back after so long (default: 10m)",
               {.unlimited = true});
  add_duration(command, "--leave-idle", flags.leave_idle,
               "Leave when there was nothing to do for so long, at its start at once: for batch "
               "systems (default: unlimited)",
               {.unlimited = true});
  command.add_flag("--once", flags.once, "Do one experiment in each slot, then leave");
  add_daemon_options(command, flags.daemon);
  command
      .add_option("--speak-protocol", flags.speak_protocol,
                  "No newer protocol than this, for swarms of several releases and their tests")
      ->envname("SWARMLAB_SPEAK_PROTOCOL");
  command
      .add_option("--leave-with-parent", flags.parent,
                  "Leave when the process that started it, of this PID, ends; such a worker takes "
                  "no settings but its flags")
      ->check(CLI::PositiveNumber)
      ->configurable(false);
}

}  // namespace swarmlab::cli
