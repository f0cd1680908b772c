// `swarmlab reject EXP --why`: takes a kept candidate out of the search.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "cli/commands.h"
#include "cli/open_lab.h"
#include "cli/swarm.h"
#include "cli/views.h"
#include "common/wire/json_codec.h"

namespace swarmlab::cli {

namespace {

struct RejectOptions {
  std::uint64_t experiment = 0;
  std::string why;
  bool descendants = false;
};

std::string listed(capnp::List<std::uint32_t>::Reader numbers) {
  std::string text;
  for (const std::uint32_t number : numbers) {
    text += fmt::format("{}#{}", text.empty() ? "" : ", ", number);
  }
  return text;
}

void tell(const Context& context, const RejectOptions& options,
          schema::RejectedView::Reader rejected) {
  if (rejected.getExperiments().size() == 0) {
    context.note(fmt::format("#{} was rejected already", options.experiment));
  } else {
    context.note(fmt::format("{} out of the search", listed(rejected.getExperiments())));
  }
  if (const auto best = count_of(rejected.getBest())) {
    context.note(fmt::format("the best is #{}", *best));
  }
  if (rejected.getDescendants().size() > 0) {
    context.note(fmt::format("{} descend from it and stay; --descendants rejects them too",
                             listed(rejected.getDescendants())));
  }
}

Result<void> reject(const Context& context, const RejectOptions& options) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  SWARMLAB_TRY(reply, swarm->request([&](schema::Envelope::Body::Builder body) {
    auto wish = body.initReject();
    wish.setLab(lab);
    wish.setExperiment(options.experiment);
    wish.setWhy(options.why);
    wish.setDescendants(options.descendants);
    wish.setWho(who_asks(context));
  }));
  if (!reply.body().isRejected()) return tl::unexpected(unexpected_reply("reject"));
  if (context.json) {
    context.out << wire::to_json(reply.body().getRejected(), wire::JsonStyle::pretty) << '\n';
  } else {
    tell(context, options, reply.body().getRejected());
  }
  return {};
}

}  // namespace

void add_reject(CLI::App& app, Context& context) {
  auto options = std::make_shared<RejectOptions>();
  CLI::App* command = app.add_subcommand("reject", "Take a kept candidate out of the search");
  command->group(kGroupSteer);
  command->add_option("EXP", options->experiment, "The experiment's number")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("--why", options->why, "Why, for the record and for the agents")->required();
  command->add_flag("--descendants", options->descendants,
                    "And the kept ones that contain its change");
  add_lab_flag(*command, context);
  add_json(*command, context);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command,
               "  swarmlab reject 12 --why \"it remembers the test data\"\n"
               "  swarmlab reject 12 --lab my-lab --descendants --why \"unreadable\"");
  command->callback([&context, options] {
    context.action = [&context, options] { return reject(context, *options); };
  });
}

}  // namespace swarmlab::cli
