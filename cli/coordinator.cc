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
#include "cli/locate.h"
#include "cli/open_lab.h"
#include "cli/run_flags.h"
#include "common/keys/key_folder.h"
#include "common/log/log.h"
#include "common/net/endpoint.h"
#include "common/os/signals.h"

namespace swarmlab::cli {

namespace {

constexpr unsigned kLeastLeaseSeconds = 2;  // shorter ones would end while a disk is busy
constexpr unsigned kMostLeaseSeconds = 3600;

struct CoordinatorFlags {
  std::string listen;
  std::string log_file;
  std::string keys;
  bool insecure = false;
  unsigned lease_seconds = 60;
  std::shared_ptr<RunFlags> flags;
};

// Over tcp:// the keys that are given, else those of the repository, if it has any.
Result<server::Door> door_of(const Context& context, const CoordinatorFlags& flags,
                             const std::filesystem::path& state) {
  server::Door door{.keys = flags.keys.empty() ? "" : (context.cwd / flags.keys).string(),
                    .insecure = flags.insecure};
  if (flags.listen.starts_with("ipc://") || flags.listen.empty() || flags.insecure) return door;
  const std::string own = keys_folder(state).string();
  if (door.keys.empty() && keys::KeyFolder(own).exists()) door.keys = own;
  if (!door.keys.empty() || net::stays_here(flags.listen)) return door;
  return fail(
      ErrorCode::invalid_input,
      "--listen is {}, which other machines can reach, and there are no keys: anybody on the "
      "way could read and forge. Make keys (swarmlab keys new NAME --role worker), name "
      "their folder (--keys DIR), or say --insecure",
      flags.listen);
}

swarm::Rules rules_for(unsigned lease_seconds) {
  swarm::Rules rules;
  rules.lease = std::chrono::seconds(lease_seconds);
  rules.grace = rules.lease;
  rules.worker_silence = std::min(rules.worker_silence, rules.lease);
  return rules;
}

Result<void> serve(Context& context, const CoordinatorFlags& flags) {
  SWARMLAB_TRY(signals, SignalWatch::make({SIGINT, SIGTERM}));
  SWARMLAB_CHECK(log::init({.level = log::Level::info, .file = flags.log_file}));
  SWARMLAB_TRY(place, locate_lab(context));
  SWARMLAB_TRY(overrides, resolve(*flags.flags, place.folder));
  SWARMLAB_CHECK(check_lab_source(place, overrides));
  SWARMLAB_TRY(state, make_state_folder(place.root));
  SWARMLAB_TRY(door, door_of(context, flags, state));
  const std::string address =
      flags.listen.empty() ? "ipc://" + socket_file_of(state).string() : flags.listen;
  SWARMLAB_TRY(coordinator,
               HostedCoordinator::start(state, address, rules_for(flags.lease_seconds), door));
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
  command->add_option(
      "--keys", flags->keys,
      "Folder of keys: over tcp://, only those who are allowed may connect, and all "
      "is encrypted (default: those of swarmlab keys, if there are any)");
  command->add_flag("--insecure", flags->insecure,
                    "Without keys, also for other machines: anybody on the way can read and forge");
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
