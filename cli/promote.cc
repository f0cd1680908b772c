// `swarmlab promote` and `reject`: a person's word on whether a kept candidate climbs to the next
// scale.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>

#include "cli/commands.h"
#include "cli/open_lab.h"
#include "cli/swarm.h"
#include "cli/text.h"
#include "cli/views.h"

namespace swarmlab::cli {

namespace {

using Wish = schema::SteerCandidate::Wish;

struct Verb {
  const char* name;
  const char* about;
  const char* example;
  Wish wish;
  const char* done;
};

constexpr std::array<Verb, 2> kVerbs{{
    {"promote", "Let a kept candidate climb to the next scale: one that waits, or past the rule",
     "  swarmlab promote 17\n  swarmlab promote 17 --lab my-lab --reason \"looks general\"",
     Wish::PROMOTE, "climbs to the next scale; swarmlab ladder tells how it does there"},
    {"reject", "Do not let a kept candidate climb to the next scale",
     "  swarmlab reject 17 --reason \"it only fits this data\"", Wish::REJECT,
     "does not climb to the next scale"},
}};

struct Options {
  std::uint64_t experiment = 0;
  std::string reason;
};

Result<void> steer(const Context& context, const Verb& verb, const Options& options) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  SWARMLAB_TRY(reply, swarm->request([&](schema::Envelope::Body::Builder body) {
    auto wish = body.initSteerCandidate();
    wish.setLab(lab);
    wish.setExperiment(options.experiment);
    wish.setWish(verb.wish);
    wish.setReason(options.reason);
    wish.setWho(who_asks(context));
  }));
  if (!reply.body().isDone()) return tl::unexpected(unexpected_reply(verb.name));
  context.note(fmt::format("experiment {} of {} {}", options.experiment, lab, verb.done));
  return {};
}

void add_verb(CLI::App& app, Context& context, const Verb& verb) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(verb.name, verb.about);
  command->group(kGroupSteer);
  command->add_option("EXP", options->experiment, "Number of the experiment")->required();
  command->add_option("--reason", options->reason, "Why, for the record");
  add_lab_flag(*command, context);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command, verb.example);
  command->callback([&context, &verb, options] {
    context.action = [&context, &verb, options] { return steer(context, verb, *options); };
  });
}

}  // namespace

void add_promotion(CLI::App& app, Context& context) {
  for (const Verb& verb : kVerbs) add_verb(app, context, verb);
}

}  // namespace swarmlab::cli
