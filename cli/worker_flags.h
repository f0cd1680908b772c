// The options of `swarmlab worker`, as settings that can be loaded again.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/capacity.h"
#include "cli/context.h"
#include "cli/daemon.h"
#include "common/wire/message_codec.h"

namespace swarmlab::cli {

struct WorkerFlags {
  DaemonFlags daemon;
  std::string name;
  std::string folder;
  std::string sandbox = "bubblewrap";
  std::string runners;
  bool host_services = false;
  std::vector<std::string> expose;
  std::string provider_keys;
  CapacityFlags capacity;
  std::uint32_t slots = 1;
  std::string cache_size = "4GB";
  std::string max_candidate = "1GB";
  std::optional<Milliseconds> drain_timeout = std::chrono::minutes(10);  // none: no limit
  std::optional<Milliseconds> leave_idle;                                // none: it stays
  bool once = false;
  wire::Protocol speak_protocol = wire::our_protocols().newest;
  pid_t parent = 0;  // 0: it may outlive who started it
};

/// Adds them to a command; both it and what they fill must outlive the parsing. --connect fills
/// `context.connect`.
void add_worker_options(CLI::App& command, WorkerFlags& flags, Context& context);

}  // namespace swarmlab::cli
