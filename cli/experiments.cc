// `swarmlab experiments`: what was tried, and what became of it.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "cli/commands.h"
#include "cli/text.h"
#include "cli/views.h"
#include "common/model/names.h"
#include "common/wire/json_codec.h"

namespace swarmlab::cli {

namespace {

struct ExperimentsOptions {
  bool kept = false;
  ExperimentFilter filter;
};

std::string when(const Context& context, schema::ExperimentView::Reader experiment) {
  const auto ended = time_of(experiment.getEndedAt());
  return ended ? ago(*ended, context.now()) : "-";
}

// What a person wants to know of it in a line: the idea, else why it came to nothing.
std::string gist_of(schema::ExperimentView::Reader experiment) {
  if (experiment.getHypothesis().size() > 0) return one_line(text_of(experiment.getHypothesis()));
  if (text_of(experiment.getKind()) == "baseline") return "baseline";
  return one_line(text_of(experiment.getReason()));
}

void print_table(const Context& context, const Experiments& experiments) {
  using Align = Column::Align;
  Table table({{"#", Align::right},
               {"FROM", Align::right},
               {"VERDICT"},
               {"SCORE", Align::right},
               {""},
               {"ENDED", Align::right},
               {"HYPOTHESIS", Align::left, true}});
  for (const auto& experiment : experiments.views) {
    const bool rejected = experiment.getRejectedBy().size() > 0;
    const std::string verdict = rejected ? "rejected" : text_of(experiment.getVerdict());
    const auto parent = count_of(experiment.getParent());
    table.add({fmt::format("{}", experiment.getNumber()), parent ? fmt::format("{}", *parent) : "-",
               Cell(verdict, paint_of(verdict)), score_text(number_of(experiment.getScore())),
               Cell(experiment.getIsBest() ? "best" : "", Paint::good), when(context, experiment),
               gist_of(experiment)});
  }
  table.print(context.out, context.color, context.width);
}

Result<void> list(const Context& context, const ExperimentsOptions& options) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  SWARMLAB_TRY(experiments, load_experiments(*swarm, lab, options.filter));
  if (context.json) {
    print_array(context.out, experiments.views, [](auto view) { return wire::to_json(view); });
    return {};
  }
  if (experiments.views.empty()) {
    context.out << "no experiments\n";
    return {};
  }
  print_table(context, experiments);
  context.note("\nmore of one: swarmlab show NUMBER");
  return {};
}

}  // namespace

void add_experiments(CLI::App& app, Context& context) {
  auto options = std::make_shared<ExperimentsOptions>();
  CLI::App* command = app.add_subcommand("experiments", "What was tried, and what became of it");
  command->group(kGroupLook);
  add_lab(*command, context);
  auto* kept = command->add_flag("--kept", options->kept, "Only those that were kept");
  std::vector<std::string> verdicts{"running"};
  for (int i = 0; i <= static_cast<int>(Verdict::invalid); ++i) {
    verdicts.emplace_back(name_of(static_cast<Verdict>(i)));
  }
  command->add_option("--verdict", options->filter.verdict, "Only those of this verdict")
      ->check(CLI::IsMember(verdicts))
      ->excludes(kept);
  command->add_option("--last", options->filter.last, "Only the newest N")
      ->check(CLI::PositiveNumber);
  add_json(*command, context);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command,
               "  swarmlab experiments --last 20\n"
               "  swarmlab experiments my-lab --kept\n"
               "  swarmlab experiments --verdict crash --json");
  command->callback([&context, options] {
    if (options->kept) options->filter.verdict = name_of(Verdict::keep);
    context.action = [&context, options] { return list(context, *options); };
  });
}

}  // namespace swarmlab::cli
