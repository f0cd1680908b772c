// `swarmlab runner`: runs what a worker of the same pod tells it, in its own container.
#include "worker/runner/runner.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "common/log/log.h"

namespace swarmlab::cli {

void add_runner(CLI::App& app, Context& context) {
  auto options = std::make_shared<runner::RunnerOptions>();
  CLI::App* command = app.add_subcommand(
      "runner", "Run agents or evaluators of a worker, as the main process of their own container");
  command->group(kGroupRun);
  command
      ->add_option("--listen", options->socket,
                   "Its socket, in a folder that it shares with the worker: "
                   "/run/swarmlab/agent/runner.sock")
      ->envname("SWARMLAB_LISTEN")
      ->required();
  command->add_option("--expose", options->expose,
                      "A path of this container that commands see, read-only (may be given again)");
  command->add_flag(
      "--without-landlock", options->without_landlock,
      "Serve also where there is no Landlock: a command may then change all that this "
      "container may");
  add_examples(*command,
               "  swarmlab runner --listen /run/swarmlab/agent/runner.sock\n"
               "It kills all else in its container at the end of each run: docs/drivers.md.");
  command->callback([&context, options] {
    context.action = [options]() -> Result<void> {
      SWARMLAB_CHECK(log::init({.component = "runner"}));
      return runner::serve(*options);
    };
  });
}

}  // namespace swarmlab::cli
