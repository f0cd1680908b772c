#include "cli/coordinator_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/commands.h"
#include "cli/duration_option.h"
#include "cli/endpoint.h"
#include "cli/pool_option.h"
#include "common/keys/key_folder.h"
#include "common/net/endpoint.h"

namespace swarmlab::cli {

namespace {

// Shorter leases would end while a disk is busy.
constexpr DurationLimits kLease{
    .least = std::chrono::seconds(2), .most = std::chrono::hours(1), .seconds = true};

constexpr unsigned kLeastReserveMiB = 8;  // less does not hold what a table and a log need
constexpr unsigned kMostReserveMiB = 1U << 20U;

}  // namespace

void add_coordinator_options(CLI::App& command, CoordinatorFlags& flags, Context& context) {
  add_lab(command, context);
  command.add_option("--listen", flags.listen,
                     "Such as tcp://127.0.0.1:7000 (default: a socket in its folder)");
  command.add_option("--folder", flags.folder,
                     "Where it keeps what the swarm knows (default: .swarmlab of the lab's "
                     "repository); without a LAB it serves the labs that are there");
  command.add_option("--keys", flags.keys,
                     "Folder of keys: over tcp://, only those who are allowed may connect, and all "
                     "is encrypted (default: those of swarmlab keys, if there are any)");
  command.add_flag("--insecure", flags.insecure,
                   "Without keys, also for other machines: anybody on the way can read and forge");
  add_duration(command, "--lease,--lease-seconds", flags.lease,
               "After so long without a word from a worker, others get its experiments "
               "(default: 60s)",
               kLease);
  command
      .add_option("--disk-reserve", flags.disk_reserve_mib,
                  "Write nothing while fewer MiB are free; while less than twice as many are, take "
                  "no candidates, and less than thrice, give out no work (default: 256)")
      ->check(CLI::Range(kLeastReserveMiB, kMostReserveMiB));
  command.add_option("--pool", flags.pools,
                     "A pool of workers that can be started, so that it is asked for while it has "
                     "none: \"gpu labels=h100 gpus=8 slots=1 max=16\" (may be given again)");
  flags.run = add_run_flags(command);
  add_daemon_options(command, flags.daemon);
  add_quiet(command, context);
}

Result<swarm::Rules> rules_of(const CoordinatorFlags& flags) {
  swarm::Rules rules;
  SWARMLAB_TRY(pools, declared_pools(flags.pools));
  rules.pools = std::move(pools);
  rules.lease = flags.lease.value_or(rules.lease);
  rules.grace = rules.lease;
  rules.worker_silence = std::min(rules.worker_silence, rules.lease);
  return rules;
}

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

}  // namespace swarmlab::cli
