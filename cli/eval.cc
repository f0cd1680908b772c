// `swarmlab eval` and `diagnose`: what the working tree scores, as a whole and sample by sample.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/trial.h"
#include "cli/workspace.h"
#include "cli/workspace_trial.h"
#include "common/model/names.h"

namespace swarmlab::cli {

namespace {

using Json = nlohmann::ordered_json;

struct EvalOptions {
  TrialWish wish{.data = {}, .expose = {}, .working_tree = true};
  std::vector<std::string> samples;
  std::size_t most = 20;
  bool all = false;
};

struct Evaluated {
  LabSettings settings;
  worker::Scored scored;
  std::chrono::microseconds took{0};
};

Result<Tried> try_as_a_worker(const Context& context, const EvalOptions& options,
                              const CancelToken& cancel) {
  SWARMLAB_TRY(place, locate_lab(context));
  SWARMLAB_TRY(trial, Trial::prepare(context, place, options.wish));
  for (const std::string& warning : trial.warnings()) context.note("warning: " + warning);
  SWARMLAB_TRY(run, trial.measure(options.samples, cancel));
  return Tried{.settings = trial.settings(), .run = std::move(run)};
}

Result<Evaluated> evaluate(Context& context, const EvalOptions& options) {
  SWARMLAB_TRY(interrupt, Interrupt::watch());
  SWARMLAB_TRY(tried, is_in_workspace(context)
                          ? try_in_workspace(context, options.samples, interrupt->token())
                          : try_as_a_worker(context, options, interrupt->token()));
  auto& [settings, run] = tried;
  if (const auto* failed = std::get_if<worker::Failed>(&run.evaluation)) {
    if (interrupt->happened()) {
      context.exit_code = kInterrupted;
      return fail(ErrorCode::unavailable, "interrupted");
    }
    return fail(ErrorCode::invalid_input, "{}", plain_text(failed->reason));
  }
  return Evaluated{settings, std::get<worker::Scored>(std::move(run.evaluation)), run.took};
}

void print_json(const Context& context, const Json& body) {
  context.out << body.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

Json summary_of(const Evaluated& evaluated) {
  Json metrics = Json::object();
  for (const MetricValue& metric : evaluated.scored.metrics) metrics[metric.name] = metric.value;
  return {{"lab", evaluated.settings.name},
          {"metric", evaluated.settings.metric.name},
          {"direction", name_of(evaluated.settings.metric.direction)},
          {"score", evaluated.scored.score},
          {"metrics", std::move(metrics)},
          {"tookMs", static_cast<double>(evaluated.took.count()) / 1000.0}};
}

Result<void> eval(Context& context, const EvalOptions& options) {
  SWARMLAB_TRY(evaluated, evaluate(context, options));
  if (context.json) {
    print_json(context, summary_of(evaluated));
    return {};
  }
  Table table({{"METRIC"}, {"VALUE", Column::Align::right}});
  table.add({Cell(one_line(evaluated.settings.metric.name), Paint::bold),
             score_text(evaluated.scored.score)});
  for (const MetricValue& metric : evaluated.scored.metrics) {
    table.add({one_line(metric.name), score_text(metric.value)});
  }
  table.print(context.out, context.color, context.width);
  context.note("in " + duration_text(evaluated.took));
  return {};
}

Json json_of(const SampleScore& sample) {
  Json extra = Json::parse(sample.extra, nullptr, false);
  if (extra.is_discarded()) extra = nullptr;
  return {{"id", sample.id},
          {"score", sample.score},
          {"error", sample.error},
          {"extra", std::move(extra)}};
}

void print_samples(const Context& context, const std::vector<SampleScore>& samples,
                   std::size_t most) {
  Table table({{"SAMPLE"}, {"SCORE", Column::Align::right}, {"ERROR", Column::Align::left, true}});
  const std::size_t shown = std::min(most, samples.size());
  for (std::size_t i = 0; i < shown; ++i) {
    table.add({cut(one_line(samples[i].id), 40), score_text(samples[i].score),
               Cell(one_line(samples[i].error), Paint::bad)});
  }
  table.print(context.out, context.color, context.width);
  if (shown < samples.size()) {
    context.note(
        fmt::format("\nand {}; --all shows them", counted(samples.size() - shown, "better one")));
  }
}

// One or a few samples that were asked for: with all that the evaluator says of them.
void print_in_full(const Context& context, const std::vector<SampleScore>& samples) {
  for (const SampleScore& sample : samples) {
    context.out << painted(one_line(sample.id), Paint::bold, context.color) << "  "
                << score_text(sample.score) << '\n';
    if (!sample.error.empty()) context.out << "  " << plain_text(sample.error) << '\n';
    const Json extra = Json::parse(sample.extra, nullptr, false);
    if (extra.is_discarded() || extra.empty()) continue;
    for (const auto& [name, value] : extra.items()) {
      const std::string text = value.is_string()
                                   ? value.get<std::string>()
                                   : value.dump(-1, ' ', false, Json::error_handler_t::replace);
      context.out << "  " << one_line(name) << ": " << plain_text(text) << '\n';
    }
  }
}

Result<void> diagnose(Context& context, const EvalOptions& options) {
  SWARMLAB_TRY(evaluated, evaluate(context, options));
  std::vector<SampleScore>& samples = evaluated.scored.samples;
  if (samples.empty()) {
    return fail(ErrorCode::not_found,
                "this evaluator reports no scores of samples; a python [backend] can, as the lab "
                "of swarmlab init --template python shows");
  }
  worker::sort_worst_first(samples, evaluated.settings.metric.direction);
  if (context.json) {
    Json body = summary_of(evaluated);
    body["samples"] = Json::array();
    for (const SampleScore& sample : samples) body["samples"].push_back(json_of(sample));
    print_json(context, body);
  } else if (options.samples.empty()) {
    print_samples(context, samples, options.all ? samples.size() : options.most);
  } else {
    print_in_full(context, samples);
  }
  return {};
}

}  // namespace

void add_trial_options(CLI::App& command, TrialWish& wish) {
  command.add_option("--data", wish.data,
                     "Data instead of the lab's own: a folder of the lab, or path:/srv/data");
  command.add_option("--expose", wish.expose,
                     "A host path that the sandbox shows, read-only (may be given again)");
}

void add_eval(CLI::App& app, Context& context) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App* command =
      app.add_subcommand("eval", "Score the working tree, as the evaluator sees it");
  command->group(kGroupLab);
  add_lab(*command, context);
  add_trial_options(*command, options->wish);
  add_json(*command, context);
  add_quiet(*command, context);
  add_examples(*command, "  swarmlab eval\n  swarmlab eval my-lab --json");
  command->callback([&context, options] {
    context.action = [&context, options] { return eval(context, *options); };
  });
}

void add_diagnose(CLI::App& app, Context& context) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App* command =
      app.add_subcommand("diagnose", "Score the working tree sample by sample, the worst first");
  command->group(kGroupLab);
  add_lab(*command, context);
  command->add_option("--sample", options->samples, "Only this sample (may be given again)");
  command->add_option("--most", options->most, "How many to list (default: 20)")
      ->check(CLI::PositiveNumber);
  command->add_flag("--all", options->all, "List all");
  add_trial_options(*command, options->wish);
  add_json(*command, context);
  add_quiet(*command, context);
  add_examples(*command,
               "  swarmlab diagnose\n"
               "  swarmlab diagnose my-lab --sample iso --sample dots\n"
               "  swarmlab diagnose --json");
  command->callback([&context, options] {
    context.action = [&context, options] { return diagnose(context, *options); };
  });
}

}  // namespace swarmlab::cli
