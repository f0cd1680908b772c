// `swarmlab hint LAB "text"`: what a person says to the agents of a lab. It is in every brief until
// it is withdrawn.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
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

struct HintOptions {
  std::string text;
  bool list = false;
  std::uint64_t withdraw = 0;
};

Result<void> list(const Context& context) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  SWARMLAB_TRY(reply, swarm->ask([&](schema::Query::Builder query) { query.setHints(lab); }));
  if (!reply.body().isHints()) return tl::unexpected(unexpected_reply("hints"));
  const auto hints = reply.body().getHints().getHints();
  if (context.json) {
    print_array(context.out, hints, [](auto hint) { return wire::to_json(hint); });
    return {};
  }
  if (hints.size() == 0) {
    context.out << "no hints\n";
    return {};
  }
  using Align = Column::Align;
  Table table({{"#", Align::right}, {"WHO"}, {"GIVEN", Align::right}, {"HINT", Align::left, true}});
  for (const auto hint : hints) {
    const auto at = time_of(hint.getAt());
    table.add({fmt::format("{}", hint.getNumber()), one_line(text_of(hint.getWho())),
               at ? ago(*at, context.now()) : "-", one_line(text_of(hint.getText()))});
  }
  table.print(context.out, context.color, context.width);
  return {};
}

Result<void> change(const Context& context, const HintOptions& options) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  SWARMLAB_TRY(reply, swarm->request([&](schema::Envelope::Body::Builder body) {
    auto hint = body.initHint();
    hint.setLab(lab);
    hint.setText(options.text);
    hint.setWithdraw(options.withdraw);
    hint.setWho(who_asks(context));
  }));
  if (!reply.body().isHinted()) return tl::unexpected(unexpected_reply("hint"));
  const auto hint = reply.body().getHinted();
  if (context.json) {
    context.out << wire::to_json(hint, wire::JsonStyle::pretty) << '\n';
  } else if (hint.getHolds()) {
    context.note(
        fmt::format("hint {}: every agent that starts from now on reads it", hint.getNumber()));
  } else {
    context.note(fmt::format("hint {} is withdrawn", hint.getNumber()));
  }
  return {};
}

Result<void> run(const Context& context, const HintOptions& options) {
  const int asked = static_cast<int>(options.list) + static_cast<int>(options.withdraw != 0) +
                    static_cast<int>(!options.text.empty());
  if (asked != 1) {
    return fail(ErrorCode::invalid_input,
                "expected a lab and one of: a text, --list, --withdraw N");
  }
  return options.list ? list(context) : change(context, options);
}

}  // namespace

void add_hint(CLI::App& app, Context& context) {
  auto options = std::make_shared<HintOptions>();
  CLI::App* command = app.add_subcommand("hint", "Tell something to the agents of a lab");
  command->group(kGroupSteer);
  add_lab(*command, context);
  command->add_option("TEXT", options->text, "What they shall know, up to 2000 bytes");
  command->add_flag("--list", options->list, "The hints that hold");
  command->add_option("--withdraw", options->withdraw, "Take hint N back")
      ->check(CLI::PositiveNumber);
  add_json(*command, context);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command,
               "  swarmlab hint my-lab \"the inner loop is what costs time, leave parsing alone\"\n"
               "  swarmlab hint my-lab --list\n"
               "  swarmlab hint my-lab --withdraw 2");
  command->callback([&context, options] {
    context.action = [&context, options] { return run(context, *options); };
  });
}

}  // namespace swarmlab::cli
