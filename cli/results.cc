// `swarmlab results`: the table of Autoresearch Lab, as text, as its TSV, or as JSON.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/result_rows.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/views.h"

namespace swarmlab::cli {

namespace {

struct ResultsOptions {
  std::string format;  // empty: a table for a terminal, else the TSV
  bool best = false;
  std::uint64_t last = 0;
};

nlohmann::ordered_json json_of(const ResultsRow& row) {
  nlohmann::ordered_json metrics = nlohmann::ordered_json::object();
  for (const MetricValue& metric : row.metrics) metrics[metric.name] = metric.value;
  nlohmann::ordered_json score = nullptr;
  if (row.score) score = *row.score;
  return {{"experiment_id", experiment_id(row.number)},
          {"timestamp", iso_time(row.ended_at)},
          {"score", std::move(score)},
          {"metrics", std::move(metrics)},
          {"kept", row.kept},
          {"commit_sha", row.commit.empty() ? "unknown" : row.commit},
          {"notes", row.notes}};
}

void print_json(std::ostream& out, const std::vector<ResultsRow>& rows) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const ResultsRow& row : rows) all.push_back(json_of(row));
  out << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

void print_table(const Context& context, const std::vector<ResultsRow>& rows) {
  Table table({{"KEPT"},
               {"EXPERIMENT"},
               {"SCORE", Column::Align::right},
               {"METRICS"},
               {"NOTES", Column::Align::left, true}});
  for (const ResultsRow& row : rows) {
    std::string metrics;
    for (const MetricValue& metric : row.metrics) {
      metrics += fmt::format("{}{}={:.4g}", metrics.empty() ? "" : " ", metric.name, metric.value);
    }
    table.add({Cell(row.kept ? "KEEP" : "DISC", row.kept ? Paint::good : Paint::dim),
               experiment_id(row.number), score_text(row.score), cut(one_line(metrics), 30),
               one_line(row.notes)});
  }
  table.print(context.out, context.color, context.width);
}

Result<void> print_results(const Context& context, const ResultsOptions& options) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  SWARMLAB_TRY(experiments, load_experiments(*swarm, lab, {}));
  std::vector<ResultsRow> rows = rows_of(experiments, options.best);
  if (options.last != 0 && rows.size() > options.last) {
    rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(options.last));
  }
  const bool table = options.format == "table" || (options.format.empty() && context.width > 0);
  if (context.json || options.format == "json") {
    print_json(context.out, rows);
  } else if (table) {
    print_table(context, rows);
  } else {
    context.out << results_tsv(rows);
  }
  return {};
}

}  // namespace

void add_results(CLI::App& app, Context& context) {
  auto options = std::make_shared<ResultsOptions>();
  CLI::App* command = app.add_subcommand("results", "The results as Autoresearch Lab has them");
  command->group(kGroupLook);
  add_lab(*command, context);
  command
      ->add_option("--format", options->format,
                   "table, tsv or json (default: a table on a terminal, else the TSV)")
      ->check(CLI::IsMember({"table", "tsv", "csv", "json"}));
  command->add_flag("--best", options->best, "Only the best");
  command->add_option("--last", options->last, "Only the newest N")->check(CLI::PositiveNumber);
  add_json(*command, context);
  add_connect(*command, context);
  add_examples(*command,
               "  swarmlab results --last 10\n"
               "  swarmlab results my-lab --format tsv > results.tsv");
  command->callback([&context, options] {
    context.action = [&context, options] { return print_results(context, *options); };
  });
}

}  // namespace swarmlab::cli
