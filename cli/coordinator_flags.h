// The options of `swarmlab coordinator`, as settings that can be loaded again.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/daemon.h"
#include "cli/run_flags.h"
#include "coordinator/server/server.h"
#include "coordinator/swarm/command.h"

namespace swarmlab::cli {

struct CoordinatorFlags {
  DaemonFlags daemon;
  std::string listen;
  std::string folder;  // empty: .swarmlab of the lab's repository
  std::string keys;    // folder
  bool insecure = false;
  std::optional<Milliseconds> lease = std::chrono::seconds(60);
  std::vector<std::string> pools;
  unsigned disk_reserve_mib = server::kDiskReserve >> 20U;
  std::shared_ptr<RunFlags> run;
};

/// Adds them to a command; both it and what they fill must outlive the parsing. LAB fills
/// `context.lab`.
void add_coordinator_options(CLI::App& command, CoordinatorFlags& flags, Context& context);

/// \return invalid_input if a pool makes no sense
[[nodiscard]] Result<swarm::Rules> rules_of(const CoordinatorFlags& flags);

/// Over tcp:// the keys that are given, else those in the state folder, if it has any.
/// \return invalid_input if other machines could connect without keys, and that was not asked for
[[nodiscard]] Result<server::Door> door_of(const Context& context, const CoordinatorFlags& flags,
                                           const std::filesystem::path& state);

}  // namespace swarmlab::cli
