// What `swarmlab slurm up`, `status` and `down` share: which swarm, and where its files are.
#pragma once

#include <string>

#include "cli/context.h"
#include "cli/peer.h"

namespace CLI {
class App;
}

namespace swarmlab::cli::slurm {

struct SiteFlags {
  std::string folder;  // empty: below the home folder
};

struct Site {
  Peer peer;                // as this command reaches it
  bool is_nearest = false;  // the repository's own: what it says of itself holds on this machine
  std::string folder;       // of the swarm, on a disk that all nodes share
};

/// \return not_found if no coordinator is named and none runs here
[[nodiscard]] Result<Site> site_of(const Context& context, const SiteFlags& flags);

void add_site(CLI::App& command, SiteFlags& flags, Context& context);

// Each in the file that is named like it.
void add_up(CLI::App& slurm, Context& context);
void add_status(CLI::App& slurm, Context& context);
void add_down(CLI::App& slurm, Context& context);

}  // namespace swarmlab::cli::slurm
