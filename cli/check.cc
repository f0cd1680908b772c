// `swarmlab check`: is the lab sound, does its evaluator run in the sandbox, how noisy is it?
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/noise.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/trial.h"
#include "common/lab/lab_check.h"
#include "common/model/names.h"

namespace swarmlab::cli {

namespace {

struct CheckOptions {
  // What the person has before him: what of it is not committed yet is said.
  TrialWish wish{.data = {}, .expose = {}, .working_tree = true};
  unsigned repeats = 3;
};

struct Findings {
  std::vector<std::string> warnings;
  bool guard_passed = false;  // if there is one
  std::vector<worker::Scored> runs;
  std::vector<std::chrono::microseconds> took;
  Noise noise;
};

std::string listed(const std::vector<std::string>& paths) {
  constexpr std::size_t kMost = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(paths.size(), kMost); ++i) {
    text += (i == 0 ? "" : ", ") + one_line(paths[i]);
  }
  return paths.size() > kMost ? text + ", ..." : text;
}

std::vector<std::string> warnings_of(const Trial& trial) {
  std::vector<std::string> warnings = trial.warnings();
  if (const auto agent = check_has_agent(trial.settings()); !agent) {
    warnings.push_back(agent.error().message);
  }
  const auto& files = trial.uncommitted();
  if (!files.empty()) {
    warnings.push_back(fmt::format(
        "{} not committed: tried as {} here, but no experiment starts "
        "from that before you commit: {}",
        counted(files.size(), "file"), files.size() == 1 ? "it is" : "they are", listed(files)));
    if (trial.settings().sandbox.wants_image()) {
      warnings.emplace_back("the image is that of the commit, whatever is not committed of it");
    }
  }
  return warnings;
}

Result<void> ended_by(Context& context, const worker::Failed& failed) {
  if (failed.outcome == Outcome::returned) {
    context.exit_code = kInterrupted;
    return fail(ErrorCode::unavailable, "interrupted");
  }
  return fail(ErrorCode::invalid_input, "{}", plain_text(failed.reason));
}

Result<void> run_guard(Context& context, Trial& trial, const CancelToken& cancel, Findings& found) {
  if (!trial.settings().guard) return {};
  context.note("running the guard: " + one_line(trial.settings().guard->command));
  SWARMLAB_TRY(failed, trial.guard(cancel));
  if (failed) return ended_by(context, *failed);
  found.guard_passed = true;
  return {};
}

// Without these the lab would stop at its baseline.
Result<void> check_has_metrics(const LabSettings& settings, const worker::Scored& scored) {
  std::vector<std::string> needed;
  for (const Metric& metric : settings.more_metrics) needed.push_back(metric.name);
  for (const Constraint& constraint : settings.constraints) needed.push_back(constraint.metric);
  for (const std::string& name : needed) {
    if (std::ranges::find(scored.metrics, name, &MetricValue::name) != scored.metrics.end())
      continue;
    return fail(
        ErrorCode::invalid_input,
        "the evaluator does not give metric {}, which lab.toml names, expected it beside {}", name,
        settings.metric.name);
  }
  return {};
}

Result<void> measure(Context& context, Trial& trial, unsigned repeats, const CancelToken& cancel,
                     Findings& found) {
  std::vector<double> scores;
  for (unsigned i = 1; i <= repeats; ++i) {
    SWARMLAB_TRY(run, trial.measure({}, cancel));
    if (const auto* failed = std::get_if<worker::Failed>(&run.evaluation)) {
      return ended_by(context, *failed);
    }
    const auto& scored = std::get<worker::Scored>(run.evaluation);
    SWARMLAB_CHECK(check_has_metrics(trial.settings(), scored));
    context.note(fmt::format("run {} of {}: {} {} in {}", i, repeats, trial.settings().metric.name,
                             score_text(scored.score), duration_text(run.took)));
    scores.push_back(scored.score);
    found.runs.push_back(scored);
    found.took.push_back(run.took);
  }
  found.noise = noise_of(scores, trial.settings().metric.min_improvement);
  return {};
}

nlohmann::ordered_json json_of(const Trial& trial, const Findings& found) {
  const LabSettings& settings = trial.settings();
  nlohmann::ordered_json runs = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < found.runs.size(); ++i) {
    nlohmann::ordered_json metrics = nlohmann::ordered_json::object();
    for (const MetricValue& metric : found.runs[i].metrics) metrics[metric.name] = metric.value;
    runs.push_back({{"score", found.runs[i].score},
                    {"metrics", std::move(metrics)},
                    {"tookMs", static_cast<double>(found.took[i].count()) / 1000.0}});
  }
  return {{"lab", settings.name},
          {"commit", trial.commit().hex()},
          {"uncommitted", trial.uncommitted()},
          {"metric", settings.metric.name},
          {"direction", name_of(settings.metric.direction)},
          {"editable", trial.editable()},
          {"warnings", found.warnings},
          {"sandbox", trial.sandbox_name()},
          {"guardPassed", settings.guard ? nlohmann::ordered_json(found.guard_passed)
                                         : nlohmann::ordered_json(nullptr)},
          {"runs", std::move(runs)},
          {"mean", found.noise.mean},
          {"sd", found.noise.sd},
          {"minImprovement", found.noise.asked},
          {"suggestedMinImprovement", found.noise.suggested}};
}

void print(const Context& context, const Trial& trial, const Findings& found) {
  const LabSettings& settings = trial.settings();
  const auto field = [&](const char* name, const std::string& value) {
    context.out << painted(fmt::format("{:<9}", name), Paint::dim, context.color) << value << '\n';
  };
  field("lab", fmt::format("{}, commit {}{}", one_line(settings.name), trial.commit().brief(),
                           trial.uncommitted().empty() ? "" : " and what is not committed"));
  field("editable",
        fmt::format("{}: {}", counted(trial.editable().size(), "file"), listed(trial.editable())));
  field("sandbox", trial.sandbox_name());
  field("guard", settings.guard ? "passed" : "none");
  field("score",
        fmt::format("{} {} ({} is better)", settings.metric.name, score_text(found.noise.mean),
                    settings.metric.direction == Direction::minimize ? "less" : "more"));
  field("noise", explain(found.noise));
  for (const std::string& warning : found.warnings) {
    context.out << painted("warning", Paint::warn, context.color) << "  " << warning << '\n';
  }
}

// A lab that was tried, as text at once or as JSON for later.
Result<nlohmann::ordered_json> check_one(Context& context, const LabPlace& place,
                                         const CheckOptions& options, const CancelToken& cancel) {
  SWARMLAB_TRY(trial, Trial::prepare(context, place, options.wish));
  Findings found;
  found.warnings = warnings_of(trial);
  SWARMLAB_CHECK(run_guard(context, trial, cancel, found));
  SWARMLAB_CHECK(measure(context, trial, options.repeats, cancel, found));
  if (!context.json) print(context, trial, found);
  return json_of(trial, found);
}

void print_json(const Context& context, const nlohmann::ordered_json& body) {
  context.out << body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

// One after the other: what one lab lacks does not hide what the next one does.
Result<void> check_all(Context& context, const std::vector<LabPlace>& places,
                       const CheckOptions& options, const Interrupt& interrupt) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  std::size_t failed = 0;
  for (const LabPlace& place : places) {
    if (!context.json && &place != &places.front()) context.out << '\n';
    auto checked = check_one(context, place, options, interrupt.token());
    if (interrupt.happened() && !checked) return tl::unexpected(checked.error());
    if (checked) {
      all.push_back(*std::move(checked));
      continue;
    }
    ++failed;
    all.push_back({{"lab", place.name}, {"error", checked.error().message}});
    if (!context.json) {
      context.out << painted(fmt::format("{:<9}", "lab"), Paint::dim, context.color)
                  << one_line(place.name) << '\n'
                  << painted(fmt::format("{:<9}", "error"), Paint::bad, context.color)
                  << checked.error().message << '\n';
    }
  }
  if (context.json) print_json(context, all);
  if (failed == 0) return {};
  return fail(ErrorCode::invalid_input, "{} of {} labs cannot run as they are", failed,
              places.size());
}

Result<void> check(Context& context, const CheckOptions& options) {
  SWARMLAB_TRY(interrupt, Interrupt::watch());
  SWARMLAB_TRY(places, locate_labs(context));
  if (places.size() > 1) return check_all(context, places, options, *interrupt);
  SWARMLAB_TRY(body, check_one(context, places.front(), options, interrupt->token()));
  if (context.json) print_json(context, body);
  return {};
}

}  // namespace

void add_check(CLI::App& app, Context& context) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand(
      "check", "Validate labs, try guard and evaluator, and measure the noise of the baseline");
  command->group(kGroupLab);
  add_lab(*command, context);
  command->add_option("--repeats", options->repeats, "How often to measure (default: 3)")
      ->check(CLI::Range(1, 1000));
  add_trial_options(*command, options->wish);
  add_json(*command, context);
  add_quiet(*command, context);
  add_examples(*command,
               "  swarmlab check\n"
               "  swarmlab check my-lab --repeats 10\n"
               "  swarmlab check my-lab --json | jq .sd");
  command->callback([&context, options] {
    context.action = [&context, options] { return check(context, *options); };
  });
}

}  // namespace swarmlab::cli
