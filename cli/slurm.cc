// `swarmlab slurm`: workers in the jobs of a Slurm cluster. Slurm places, starts and replaces them;
// nothing of ours runs besides.
#include "cli/slurm.h"

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/locate.h"

namespace swarmlab::cli {

namespace slurm {

Result<Site> site_of(const Context& context, const SiteFlags& flags) {
  Site site;
  SWARMLAB_TRY(chosen, chosen_peer(context));
  if (chosen) {
    site.peer = *std::move(chosen);
  } else {
    const auto root = locate_root(context);
    auto own = root ? peer_of(state_folder(*root)) : Result<Peer>(tl::unexpected(root.error()));
    if (!own) {
      return fail(ErrorCode::not_found,
                  "--connect is missing, expected the coordinator's address, such as "
                  "tcp://login1:7000; and no coordinator runs in this repository");
    }
    site.peer = *std::move(own);
    site.is_nearest = true;
  }
  std::string folder = flags.folder;
  if (folder.empty()) {
    const auto home = context.variable("HOME");
    if (!home) return fail(ErrorCode::invalid_input, "--folder is missing, and HOME is not set");
    const std::size_t scheme = site.peer.address.find("://");
    std::string name = site.peer.address.substr(scheme == std::string::npos ? 0 : scheme + 3);
    for (char& c : name) c = c == '/' ? '_' : c;
    folder = *home + "/.swarmlab/slurm/" + name;
  }
  site.folder = (context.cwd / folder).lexically_normal().string();
  if (site.folder.find_first_of("|\n") != std::string::npos) {
    return fail(ErrorCode::invalid_input, "--folder is {}, expected no | and no line end in it",
                site.folder);
  }
  return site;
}

void add_site(CLI::App& command, SiteFlags& flags, Context& context) {
  command.add_option("--folder", flags.folder,
                     "Of the swarm's files in Slurm, on a disk that all nodes share (default: "
                     "~/.swarmlab/slurm/HOST:PORT)");
  add_quiet(command, context);
  add_connect(command, context);
}

}  // namespace slurm

void add_slurm(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("slurm", "Workers in the jobs of a Slurm cluster");
  command->group(kGroupRun);
  command->require_subcommand(1);
  add_examples(*command,
               "  swarmlab slurm up --partition cpu --nodes 16 --slots 8 -- --time=4:00:00\n"
               "  swarmlab slurm status\n"
               "  swarmlab slurm down");
  slurm::add_up(*command, context);
  slurm::add_status(*command, context);
  slurm::add_down(*command, context);
}

}  // namespace swarmlab::cli
