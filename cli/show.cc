// `swarmlab show EXP` and `best`: all that is known of one experiment, and why.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/detail.h"
#include "cli/views.h"
#include "common/wire/json_codec.h"

namespace swarmlab::cli {

namespace {

Result<wire::Incoming> ask_detail(Swarm& swarm, const FillQuery& fill, const char* what) {
  SWARMLAB_TRY(reply, swarm.ask(fill));
  if (!reply.body().isExperiment()) return tl::unexpected(unexpected_reply(what));
  return std::move(reply);
}

// The experiment's own fields, then what belongs to it.
std::string flat_json(schema::ExperimentDetail::Reader detail) {
  auto body = nlohmann::ordered_json::parse(wire::to_json(detail));
  nlohmann::ordered_json flat = std::move(body["experiment"]);
  body.erase("experiment");
  for (auto& [name, value] : body.items()) flat[name] = std::move(value);
  return flat.dump(2);
}

Result<void> show(const Context& context, std::uint64_t number, const DetailOptions& options) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  const auto fill = [&](schema::Query::Builder query) {
    auto wanted = query.initShow();
    wanted.setLab(lab);
    wanted.setNumber(number);
  };
  SWARMLAB_TRY(reply, ask_detail(*swarm, fill, "show"));
  const auto detail = reply.body().getExperiment();
  if (context.json) {
    context.out << flat_json(detail) << '\n';
  } else {
    print_detail(context, detail, options);
  }
  return {};
}

Result<void> best(const Context& context) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  SWARMLAB_TRY(reply,
               ask_detail(
                   *swarm, [&](schema::Query::Builder query) { query.setBest(lab); }, "best"));
  const auto detail = reply.body().getExperiment();
  if (context.json) {
    context.out << wire::to_json(detail.getExperiment(), wire::JsonStyle::pretty) << '\n';
    return {};
  }
  print_summary(context, detail.getExperiment());
  context.note(fmt::format("\nall of it: swarmlab show {}    as a branch: swarmlab export {}",
                           detail.getExperiment().getNumber(), lab));
  return {};
}

}  // namespace

void add_show(CLI::App& app, Context& context) {
  auto number = std::make_shared<std::uint64_t>(0);
  auto options = std::make_shared<DetailOptions>();
  CLI::App* command =
      app.add_subcommand("show", "All of one experiment: the change, the scores, why");
  command->group(kGroupLook);
  command->add_option("EXP", *number, "Its number")->required()->check(CLI::PositiveNumber);
  add_lab_flag(*command, context);
  command->add_flag("--all", options->all, "Whole logs, the whole diff and all samples");
  command->add_flag("--transcript", options->transcript,
                    "What the agent did, step by step, as far as it was kept; no logs, no diff");
  add_json(*command, context);
  add_connect(*command, context);
  add_examples(*command,
               "  swarmlab show 12\n  swarmlab show 12 --transcript\n  swarmlab show 12 --lab "
               "my-lab --json");
  command->callback([&context, number, options] {
    context.action = [&context, number, options] { return show(context, *number, *options); };
  });
}

void add_best(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("best", "The best experiment so far");
  command->group(kGroupLook);
  add_lab(*command, context);
  add_json(*command, context);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command, "  swarmlab best\n  swarmlab best my-lab --json");
  command->callback([&context] { context.action = [&context] { return best(context); }; });
}

}  // namespace swarmlab::cli
