// `swarmlab pause`, `resume`, `stop`: what a running coordinator is told about a lab; `drain`:
// about a worker.
#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <ostream>

#include "cli/commands.h"
#include "cli/open_lab.h"
#include "cli/swarm.h"
#include "cli/views.h"

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
    {"pause", "Give out no more work for a lab; what runs goes on",
     "  swarmlab pause my-lab --reason \"the GPU is needed\"", Wish::PAUSE,
     "is paused: what runs goes on, nothing new starts; swarmlab resume goes on"},
    {"resume", "Go on with a lab that was paused or stopped", "  swarmlab resume my-lab",
     Wish::RESUME, "goes on"},
    {"stop", "End a lab: what runs is finished, nothing new starts", "  swarmlab stop my-lab",
     Wish::STOP, "stops when what runs has ended; swarmlab status tells"},
}};

Result<void> steer(const Context& context, const Verb& verb, const std::string& reason) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  const auto fill = [&](schema::Envelope::Body::Builder body) {
    auto wish = body.initSetLabStatus();
    wish.setLab(lab);
    wish.setWish(verb.wish);
    wish.setReason(reason);
    wish.setWho(who_asks(context));
  };
  SWARMLAB_TRY(reply, swarm->request(fill));
  if (!reply.body().isDone()) return tl::unexpected(unexpected_reply(verb.name));
  context.note(lab + " " + verb.done);
  return {};
}

void add_verb(CLI::App& app, Context& context, const Verb& verb) {
  auto reason = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(verb.name, verb.about);
  command->group(kGroupSteer);
  add_lab(*command, context);
  command->add_option("--reason", *reason, "Why, for the record");
  add_json(*command, context);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command, verb.example);
  command->callback([&context, &verb, reason] {
    context.action = [&context, &verb, reason] { return steer(context, verb, *reason); };
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

}  // namespace

void add_steering(CLI::App& app, Context& context) {
  for (const Verb& verb : kVerbs) add_verb(app, context, verb);
  add_drain(app, context);
}

}  // namespace swarmlab::cli
