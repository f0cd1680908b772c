// `swarmlab branch EXP NAME`: a lab of its own that starts from an experiment, with other settings
// or instructions. A coordinator that runs makes it; else it is made in the store, by the same
// code.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <system_error>

#include "cli/commands.h"
#include "cli/endpoint.h"
#include "cli/hosted_coordinator.h"
#include "cli/locate.h"
#include "cli/open_lab.h"
#include "cli/swarm.h"
#include "cli/views.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

constexpr std::uint64_t kMostInstructions = 1U << 20U;

struct BranchOptions {
  std::uint64_t experiment = 0;
  std::string name;
  std::vector<std::string> set;
  std::string instructions;  // file; empty: the lab's own
};

struct Made {
  std::string lab;
  bool was_there = false;
  std::string stays_stopped;
};

Result<server::BranchWish> wish_of(const Context& context, const BranchOptions& options,
                                   std::string lab) {
  server::BranchWish wish{.lab = std::move(lab),
                          .experiment = ExperimentNumber(options.experiment),
                          .name = options.name,
                          .set = options.set,
                          .instructions = std::nullopt,
                          .who = who_asks(context)};
  if (options.instructions.empty()) return wish;
  auto text = read_file((context.cwd / options.instructions).string(), kMostInstructions);
  if (!text) return within("--instructions", text.error());
  wish.instructions = *std::move(text);
  return wish;
}

Result<Made> by_coordinator(Swarm& swarm, const server::BranchWish& wish) {
  SWARMLAB_TRY(reply, swarm.request([&wish](schema::Envelope::Body::Builder body) {
    auto branch = body.initBranchLab();
    branch.setLab(wish.lab);
    branch.setExperiment(wish.experiment.value());
    branch.setName(wish.name);
    auto set = branch.initSet(static_cast<unsigned>(wish.set.size()));
    for (unsigned i = 0; i < wish.set.size(); ++i) set.set(i, wish.set[i]);
    if (wish.instructions) {
      branch.initInstructions().setText(
          capnp::Data::Reader(reinterpret_cast<const capnp::byte*>(wish.instructions->data()),
                              wish.instructions->size()));
    }
    branch.setWho(wish.who);
  }));
  if (!reply.body().isLabOpen()) return tl::unexpected(unexpected_reply("branch"));
  const auto open = reply.body().getLabOpen();
  return Made{.lab = text_of(open.getName()),
              .was_there = open.getResumed(),
              .stays_stopped = text_of(open.getStaysStopped())};
}

Result<Made> in_the_store(const Context& context, const server::BranchWish& wish) {
  SWARMLAB_TRY(root, locate_root(context));
  const std::filesystem::path state = state_folder(root);
  const std::string address = "ipc://" + socket_file_of(state).string();
  SWARMLAB_TRY(coordinator, HostedCoordinator::start({.folder = state, .address = address}));
  SWARMLAB_TRY(open, coordinator->server().branch_lab(wish));
  return Made{.lab = wish.lab + "/" + wish.name,
              .was_there = open.resumed,
              .stays_stopped = open.stays_stopped};
}

Result<Made> make(const Context& context, const BranchOptions& options, bool& live) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  SWARMLAB_TRY(wish, wish_of(context, options, std::move(lab)));
  live = swarm->is_live();
  if (live) return by_coordinator(*swarm, wish);
  swarm.reset();  // it has the store open
  return in_the_store(context, wish);
}

Result<void> branch(const Context& context, const BranchOptions& options) {
  bool live = false;
  SWARMLAB_TRY(made, make(context, options, live));
  if (context.json) {
    const nlohmann::ordered_json body = {{"lab", made.lab},
                                         {"experiment", options.experiment},
                                         {"new", !made.was_there},
                                         {"staysStopped", made.stays_stopped}};
    context.out << body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return {};
  }
  context.out << made.lab << '\n';
  if (!made.stays_stopped.empty()) {
    context.note(made.lab + " stays stopped: " + made.stays_stopped);
  } else if (made.was_there) {
    context.note(made.lab + " was there already");
  } else {
    context.note(fmt::format(
        "it starts from #{} with a baseline of its own{}", options.experiment,
        live ? ", and runs with the others" : "; swarmlab run goes on with it and its lab"));
  }
  return {};
}

}  // namespace

void add_branch(CLI::App& app, Context& context) {
  auto options = std::make_shared<BranchOptions>();
  CLI::App* command =
      app.add_subcommand("branch", "A lab of its own that starts from an experiment of another");
  command->group(kGroupSteer);
  command->add_option("EXP", options->experiment, "The experiment's number")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("NAME", options->name, "Below the lab's: wide becomes LAB/wide")->required();
  add_lab_flag(*command, context);
  command
      ->add_option("--set", options->set,
                   "TABLE.KEY=VALUE, before what lab.toml says (may be given again)")
      ->allow_extra_args(false);
  command->add_option("--instructions", options->instructions,
                      "A file: other instructions for the agents");
  add_json(*command, context);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command,
               "  swarmlab branch 12 wide --set search.policy=best-of-n\n"
               "  swarmlab branch 12 careful --lab my-lab --instructions CAREFUL.md\n"
               "swarmlab run goes on with a lab and its branches; swarmlab labs shows the tree.");
  command->callback([&context, options] {
    context.action = [&context, options] { return branch(context, *options); };
  });
}

}  // namespace swarmlab::cli
