// `swarmlab promote`: a person's word on whether a kept candidate climbs to the next scale.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/open_lab.h"
#include "cli/swarm.h"
#include "cli/text.h"
#include "cli/views.h"

namespace swarmlab::cli {

namespace {

using Wish = schema::SteerCandidate::Wish;

struct PromoteOptions {
  std::uint64_t experiment = 0;
  std::string reason;
  bool refuse = false;
};

Result<void> promote(const Context& context, const PromoteOptions& options) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  SWARMLAB_TRY(reply, swarm->request([&](schema::Envelope::Body::Builder body) {
    auto wish = body.initSteerCandidate();
    wish.setLab(lab);
    wish.setExperiment(options.experiment);
    wish.setWish(options.refuse ? Wish::REJECT : Wish::PROMOTE);
    wish.setReason(options.reason);
    wish.setWho(who_asks(context));
  }));
  if (!reply.body().isDone()) return tl::unexpected(unexpected_reply("promote"));
  context.note(fmt::format("experiment {} of {} {}", options.experiment, lab,
                           options.refuse ? "does not climb to the next scale"
                                          : "climbs to the next scale; swarmlab ladder tells how "
                                            "it does there"));
  return {};
}

}  // namespace

void add_promotion(CLI::App& app, Context& context) {
  auto options = std::make_shared<PromoteOptions>();
  CLI::App* command = app.add_subcommand(
      "promote", "Let a kept candidate climb to the next scale: one that waits, or past the rule");
  command->group(kGroupSteer);
  command->add_option("EXP", options->experiment, "Number of the experiment")->required();
  command->add_option("--reason", options->reason, "Why, for the record");
  command->add_flag("--refuse", options->refuse, "It does not climb there");
  add_lab_flag(*command, context);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command,
               "  swarmlab promote 17\n"
               "  swarmlab promote 17 --lab my-lab --reason \"looks general\"\n"
               "  swarmlab promote 17 --refuse --reason \"it only fits this data\"");
  command->callback([&context, options] {
    context.action = [&context, options] { return promote(context, *options); };
  });
}

}  // namespace swarmlab::cli
