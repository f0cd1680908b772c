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

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

// Of a lab with several metrics: what no other candidate dominates.
void list_of_several(const Context& context, schema::FrontierList::Reader frontier) {
  using Align = Column::Align;
  std::vector<Column> columns{{"#", Align::right}};
  for (const auto metric : frontier.getMetrics()) {
    columns.push_back({upper(one_line(text_of(metric.getName()))), Align::right});
  }
  columns.push_back({"HYPERVOLUME", Align::right});
  columns.push_back({"VISITS", Align::right});
  columns.push_back({"COMMIT"});
  columns.push_back({"HYPOTHESIS", Align::left, true});
  Table table(columns);
  std::size_t dominated = 0;
  for (const auto entry : frontier.getEntries()) {
    if (!number_of(entry.getContribution())) {
      ++dominated;
      continue;
    }
    std::vector<Cell> row{fmt::format("{}", entry.getNumber())};
    for (const auto value : entry.getValues()) row.emplace_back(score_text(value.getValue()));
    row.emplace_back(score_text(number_of(entry.getContribution())));
    row.emplace_back(fmt::format("{}", entry.getVisits()));
    row.emplace_back(text_of(entry.getCommit()).substr(0, 8));
    row.emplace_back(gist_of(entry));
    table.add(row);
  }
  table.print(context.out, context.color, context.width);
  context.out << fmt::format(
      "hypervolume {} (the baseline alone: 1){}\n",
      score_text(number_of(frontier.getHypervolume())),
      dominated == 0 ? "" : fmt::format("; {} kept before are dominated by these", dominated));
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
  const auto frontier = reply.body().getFrontier();
  if (frontier.getMetrics().size() > 1) {
    list_of_several(context, frontier);
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
