// `swarmlab pause`, `resume`, `stop`: what a running coordinator is told about a lab or a part of
// the tree; `drain`, `release`: about a worker.
#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <ostream>

#include "cli/commands.h"
#include "cli/open_lab.h"
#include "cli/swarm.h"
#include "cli/text.h"
#include "cli/views.h"
#include "common/wire/json_codec.h"

namespace swarmlab::cli {

namespace {

using Wish = schema::SetLabStatus::Wish;

struct Verb {
  const char* name;
  const char* about;
  const char* example;
  Wish wish;
  const char* done;  // what to say then
};

constexpr std::array<Verb, 3> kVerbs{{
    {"pause", "Give out no more work for a lab and those below it; what runs goes on",
     "  swarmlab pause my-lab --reason \"the GPU is needed\"\n"
     "  swarmlab pause models          # all labs below models",
     Wish::PAUSE, "is paused: what runs goes on, nothing new starts; swarmlab resume goes on"},
    {"resume", "Go on with a lab that was paused or stopped, and those below it",
     "  swarmlab resume my-lab\n  swarmlab resume models --only", Wish::RESUME, "goes on"},
    {"stop", "End a lab and those below it: what runs is finished, nothing new starts",
     "  swarmlab stop my-lab\n  swarmlab stop models --json", Wish::STOP,
     "stops when what runs has ended; swarmlab status tells"},
}};

struct SteerOptions {
  std::string reason;
  bool only = false;  // the lab, not what is below it
};

void tell(const Context& context, const Verb& verb, schema::SteeredList::Reader steered) {
  if (context.json) {
    print_array(context.out, steered.getLabs(), [](auto lab) { return wire::to_json(lab); });
    return;
  }
  for (const auto lab : steered.getLabs()) {
    const std::string name = one_line(text_of(lab.getLab()));
    if (lab.getWhy().size() > 0) {
      context.note(one_line(text_of(lab.getWhy())));
    } else if (text_of(lab.getBefore()) == text_of(lab.getAfter())) {
      context.note(name + " is " + text_of(lab.getAfter()) + " already");
    } else {
      context.note(name + " " + verb.done);
    }
  }
}

Result<void> steer(const Context& context, const Verb& verb, const SteerOptions& options) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(place, swarm->place_of(context));
  const auto fill = [&](schema::Envelope::Body::Builder body) {
    auto wish = body.initSetLabStatus();
    wish.setLab(place);
    wish.setWish(verb.wish);
    wish.setReason(options.reason);
    wish.setWho(who_asks(context));
    wish.setBelow(!options.only);
    wish.setTell(true);
  };
  SWARMLAB_TRY(reply, swarm->request(fill));
  if (reply.body().isSteered()) {
    tell(context, verb, reply.body().getSteered());
    return {};
  }
  if (!reply.body().isDone()) return tl::unexpected(unexpected_reply(verb.name));
  context.note(place + " " + verb.done);  // an older coordinator says no more
  return {};
}

void add_verb(CLI::App& app, Context& context, const Verb& verb) {
  auto options = std::make_shared<SteerOptions>();
  CLI::App* command = app.add_subcommand(verb.name, verb.about);
  command->group(kGroupSteer);
  add_lab(*command, context);
  command->add_flag("--only", options->only, "The lab alone, without those below it");
  command->add_option("--reason", options->reason, "Why, for the record");
  add_json(*command, context);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command, verb.example);
  command->callback([&context, &verb, options] {
    context.action = [&context, &verb, options] { return steer(context, verb, *options); };
  });
}

Result<void> drain(const Context& context, const std::string& worker) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(
      reply, swarm->request([&](schema::Envelope::Body::Builder body) { body.setDrain(worker); }));
  if (!reply.body().isDone()) return tl::unexpected(unexpected_reply("drain"));
  context.note(worker + " takes nothing more, finishes what it runs, then ends");
  return {};
}

void add_drain(CLI::App& app, Context& context) {
  auto worker = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("drain", "Let a worker finish what it runs, and leave");
  command->group(kGroupSteer);
  command->add_option("WORKER", *worker, "Its name; swarmlab workers lists them")->required();
  add_json(*command, context);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command, "  swarmlab drain gpu-box-3");
  command->callback([&context, worker] {
    context.action = [&context, worker] { return drain(context, *worker); };
  });
}

Result<void> release(const Context& context, const std::string& worker) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(reply, swarm->request([&](schema::Envelope::Body::Builder body) {
    auto wish = body.initRelease();
    wish.setWorker(worker);
    wish.setWho(who_asks(context));
  }));
  if (!reply.body().isDone()) return tl::unexpected(unexpected_reply("release"));
  context.note(worker + " gets work again");
  return {};
}

void add_release(CLI::App& app, Context& context) {
  auto worker = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("release", "Take a worker out of quarantine");
  command->group(kGroupSteer);
  command->add_option("WORKER", *worker, "Its name; swarmlab workers lists them")->required();
  add_json(*command, context);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command, "  swarmlab release gpu-box-3");
  command->callback([&context, worker] {
    context.action = [&context, worker] { return release(context, *worker); };
  });
}

}  // namespace

void add_steering(CLI::App& app, Context& context) {
  for (const Verb& verb : kVerbs) add_verb(app, context, verb);
  add_drain(app, context);
  add_release(app, context);
}

}  // namespace swarmlab::cli
