// `swarmlab context [LAB]` and `swarmlab failures [LAB]`: the lines of PraxLab's commands of these
// names, then what else a brief has.
#include "cli/research.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/swarm.h"
#include "cli/text.h"
#include "cli/views.h"
#include "common/model/results_tsv.h"
#include "common/os/file.h"
#include "common/wire/json_codec.h"

namespace swarmlab::cli {

namespace {

constexpr std::uint64_t kMostBrief = 4U << 20U;

std::string metrics_of(schema::ExperimentView::Reader experiment) {
  std::vector<MetricValue> metrics;
  for (const auto metric : experiment.getMetrics()) {
    metrics.push_back({.name = one_line(text_of(metric.getName())), .value = metric.getValue()});
  }
  const auto score = number_of(experiment.getScore());
  if (metrics.empty() && score) metrics.push_back({.name = "score", .value = *score});
  return metrics_json(metrics);
}

std::string title_of(schema::ExperimentView::Reader experiment) {
  const std::string hypothesis = one_line(text_of(experiment.getHypothesis()));
  if (!hypothesis.empty()) return hypothesis;
  return text_of(experiment.getKind()) == "baseline"
             ? "baseline"
             : fmt::format("experiment {}", experiment.getNumber());
}

std::string line_of(schema::ExperimentView::Reader experiment) {
  std::string line = fmt::format("  {}: {} | {}", title_of(experiment),
                                 text_of(experiment.getVerdict()), metrics_of(experiment));
  const auto confirmed = experiment.getMechanismConfirmed();
  if (confirmed.isValue()) {
    line += confirmed.getValue() ? " | mechanism: confirmed" : " | mechanism: refuted";
  }
  if (experiment.getRejectedWhy().size() > 0) {
    line += " | rejected: " + one_line(text_of(experiment.getRejectedWhy()));
  }
  return line;
}

void print_context(const Context& context, schema::ContextView::Reader view) {
  std::ostream& out = context.out;
  out << "## Research Context: " << one_line(text_of(view.getLab())) << '\n'
      << "Experiments: " << view.getExperiments() << '\n'
      << "### History\n";
  for (const auto experiment : view.getHistory()) out << line_of(experiment) << '\n';
  if (view.getRunning().size() > 0) out << "### Running\n";
  for (const auto run : view.getRunning()) {
    const std::string hypothesis = one_line(text_of(run.getHypothesis()));
    out << fmt::format(
        "  {}: running on {}\n",
        hypothesis.empty() ? fmt::format("experiment {}", run.getExperiment()) : hypothesis,
        one_line(text_of(run.getWorker())));
  }
  if (view.getHints().size() > 0) out << "### Hints\n";
  for (const auto hint : view.getHints()) {
    out << fmt::format("  {}: {}\n", one_line(text_of(hint.getWho())),
                       one_line(text_of(hint.getText())));
  }
  if (view.getIdeas().size() > 0) out << "### Ideas\n";
  for (const auto idea : view.getIdeas()) out << "  " << one_line(text_of(idea)) << '\n';
}

// In a workspace there is no coordinator to ask, but the brief is there.
Result<bool> print_given_brief(const Context& context) {
  const auto file = context.variable("SWARMLAB_BRIEF");
  if (!file || !context.lab.empty() || !context.connect.empty() || context.json) return false;
  SWARMLAB_TRY(text, read_file(*file, kMostBrief));
  context.out << plain_text(text);
  return true;
}

std::string failure_line(schema::FailureView::Reader failure) {
  const std::string title = one_line(text_of(failure.getHypothesis()));
  const std::string mechanism = one_line(text_of(failure.getMechanism()));
  std::string line = fmt::format(
      "- {}: {}", title.empty() ? fmt::format("experiment {}", failure.getExperiment()) : title,
      mechanism.empty() ? text_of(failure.getVerdict()) : mechanism);
  const auto confirmed = failure.getMechanismConfirmed();
  if (confirmed.isValue()) line += confirmed.getValue() ? " (confirmed)" : " (refuted)";
  const std::string reason = text_of(failure.getReason());
  const std::string first = one_line(reason.substr(0, reason.find('\n')));
  return first.empty() ? line : line + " -> " + first;
}

Result<void> print_failures(const Context& context) {
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  SWARMLAB_TRY(reply, swarm->ask([&](schema::Query::Builder query) { query.setFailures(lab); }));
  if (!reply.body().isFailures()) return tl::unexpected(unexpected_reply("failures"));
  const auto failures = reply.body().getFailures().getFailures();
  if (context.json) {
    print_array(context.out, failures, [](auto failure) { return wire::to_json(failure); });
    return {};
  }
  if (failures.size() == 0) context.out << "No failures yet.\n";
  for (const auto failure : failures) context.out << failure_line(failure) << '\n';
  return {};
}

}  // namespace

Result<void> print_research_context(const Context& context, const ResearchOptions& options) {
  SWARMLAB_TRY(given, print_given_brief(context));
  if (given) return {};
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(lab, swarm->lab_of(context));
  SWARMLAB_TRY(reply, swarm->ask([&](schema::Query::Builder query) { query.setContext(lab); }));
  if (!reply.body().isContext()) return tl::unexpected(unexpected_reply("context"));
  const auto view = reply.body().getContext();
  if (context.json) {
    context.out << wire::to_json(view, wire::JsonStyle::pretty) << '\n';
  } else if (options.brief) {
    context.out << plain_text(text_of(view.getBrief()));
  } else {
    print_context(context, view);
  }
  return {};
}

void add_failures(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("failures", "What was tried in vain, and why it failed");
  command->group(kGroupLook);
  add_lab(*command, context);
  add_json(*command, context);
  add_connect(*command, context);
  add_examples(*command, "  swarmlab failures\n  swarmlab failures my-lab --json");
  command->callback(
      [&context] { context.action = [&context] { return print_failures(context); }; });
}

}  // namespace swarmlab::cli
