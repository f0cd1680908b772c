// `swarmlab frontier`: the candidates that the next experiments start from.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/text.h"
#include "cli/views.h"
#include "common/wire/json_codec.h"

namespace swarmlab::cli {

namespace {

std::string gist_of(schema::FrontierEntryView::Reader entry) {
  const std::string gist = one_line(text_of(entry.getHypothesis()));
  const auto above = count_of(entry.getDescendsFromRejected());
  return above ? fmt::format("(contains #{}, rejected) {}", *above, gist) : gist;
}

Result<void> list(const Context& context) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  SWARMLAB_TRY(reply, swarm->ask([&](schema::Query::Builder query) { query.setFrontier(lab); }));
  if (!reply.body().isFrontier()) return tl::unexpected(unexpected_reply("frontier"));
  const auto entries = reply.body().getFrontier().getEntries();
  if (context.json) {
    print_array(context.out, entries, [](auto entry) { return wire::to_json(entry); });
    return {};
  }
  if (entries.size() == 0) {
    context.out << "the frontier is empty: the baseline was not measured yet\n";
    return {};
  }
  using Align = Column::Align;
  Table table({{"#", Align::right},
               {"SCORE", Align::right},
               {"PRIORITY", Align::right},
               {"VISITS", Align::right},
               {"COMMIT"},
               {"HYPOTHESIS", Align::left, true}});
  for (const auto entry : entries) {
    table.add({fmt::format("{}", entry.getNumber()), score_text(number_of(entry.getScore())),
               score_text(number_of(entry.getPriority())), fmt::format("{}", entry.getVisits()),
               text_of(entry.getCommit()).substr(0, 8), gist_of(entry)});
  }
  table.print(context.out, context.color, context.width);
  return {};
}

}  // namespace

void add_frontier(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("frontier", "The candidates that the next experiments start from");
  command->group(kGroupLook);
  add_lab(*command, context);
  add_json(*command, context);
  add_connect(*command, context);
  add_examples(*command, "  swarmlab frontier\n  swarmlab frontier my-lab --json");
  command->callback([&context] { context.action = [&context] { return list(context); }; });
}

}  // namespace swarmlab::cli
