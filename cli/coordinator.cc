// `swarmlab coordinator`: serves a lab to workers that others start.
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>

#include "cli/commands.h"
#include "cli/endpoint.h"
#include "cli/home.h"
#include "cli/hosted_coordinator.h"
#include "cli/lab_source.h"
#include "cli/open_lab.h"
#include "cli/run_flags.h"
#include "common/log/log.h"
#include "common/os/signals.h"

namespace swarmlab::cli {

namespace {

constexpr unsigned kLeastLeaseSeconds = 2;  // shorter ones would end while a disk is busy
constexpr unsigned kMostLeaseSeconds = 3600;

struct CoordinatorFlags {
  std::string listen;
  std::string log_file;
  unsigned lease_seconds = 60;
  std::shared_ptr<RunFlags> flags;
};

// Nothing is encrypted and nobody is asked who he is: only this machine may connect.
bool is_local(const std::string& address) {
  return address.starts_with("ipc://") || address.starts_with("tcp://127.") ||
         address.starts_with("tcp://localhost:") || address.starts_with("tcp://[::1]:");
}

swarm::Rules rules_for(unsigned lease_seconds) {
  swarm::Rules rules;
  rules.lease = std::chrono::seconds(lease_seconds);
  rules.grace = rules.lease;
  rules.worker_silence = std::min(rules.worker_silence, rules.lease);
  return rules;
}

Result<void> serve(Context& context, const CoordinatorFlags& flags) {
  if (!flags.listen.empty() && !is_local(flags.listen)) {
    return fail(ErrorCode::invalid_input,
                "--listen is {}, expected ipc://PATH or tcp://127.0.0.1:PORT: connections are not "
                "encrypted",
                flags.listen);
  }
  SWARMLAB_TRY(signals, SignalWatch::make({SIGINT, SIGTERM}));
  SWARMLAB_CHECK(log::init({.level = log::Level::info, .file = flags.log_file}));
  SWARMLAB_TRY(place, locate_lab(context));
  SWARMLAB_TRY(overrides, resolve(*flags.flags, place.folder));
  SWARMLAB_CHECK(check_lab_source(place, overrides));
  SWARMLAB_TRY(state, make_state_folder(place.root));
  const std::string address =
      flags.listen.empty() ? "ipc://" + socket_file_of(state).string() : flags.listen;
  SWARMLAB_TRY(coordinator,
               HostedCoordinator::start(state, address, rules_for(flags.lease_seconds)));
  SWARMLAB_CHECK(open_lab(context, coordinator->server(), place, overrides));
  context.note(
      fmt::format("coordinator of {} listens; start workers with:\n"
                  "  swarmlab worker --connect {}",
                  place.name, coordinator->server().address()));
  coordinator->serve();
  pollfd event{.fd = signals.fd(), .events = POLLIN, .revents = 0};
  constexpr int kLookAfterMs = 500;  // it may end by itself
  while (coordinator->alive() && !signals.take()) {
    if (::poll(&event, 1, kLookAfterMs) < 0 && errno != EINTR) break;
  }
  return coordinator->stop();
}

}  // namespace

void add_coordinator(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("coordinator", "Serve a lab to workers that are started by hand");
  command->group(kGroupRun);
  const auto flags = std::make_shared<CoordinatorFlags>();
  add_lab(*command, context);
  command->add_option("--listen", flags->listen,
                      "Such as tcp://127.0.0.1:7000 (default: a socket in .swarmlab)");
  command->add_option("--log-file", flags->log_file, "Append the log here instead of stderr");
  command
      ->add_option("--lease-seconds", flags->lease_seconds,
                   "After so long without a word from a worker, others get its experiments "
                   "(default: 60)")
      ->check(CLI::Range(kLeastLeaseSeconds, kMostLeaseSeconds));
  flags->flags = add_run_flags(*command);
  add_quiet(*command, context);
  add_examples(*command,
               "  swarmlab coordinator my-lab --listen tcp://127.0.0.1:7000\n"
               "  swarmlab worker --connect tcp://127.0.0.1:7000 --slots 4\n"
               "Ctrl-C or SIGTERM ends it; what it acknowledged is kept, the next one goes on.");
  command->callback(
      [&context, flags] { context.action = [&context, flags] { return serve(context, *flags); }; });
}

}  // namespace swarmlab::cli
