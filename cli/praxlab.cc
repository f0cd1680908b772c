// `lab` of PraxLab, as its agents call it in a workspace: the same words, the same lines on stdout,
// answered from what the swarm gave this experiment. The program goes by that name there.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/workspace.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

using nlohmann::json;
using predecessors::Run;
using predecessors::RunEnd;

struct PraxlabOptions {
  std::string text;
  std::string mechanism;
  std::string id;
  std::string verdict;
  std::string metrics = "{}";
  std::string revision;
  bool confirmed = false;
  bool refuted = false;
  std::string ignored;
};

// There is one experiment here, so one hypothesis: with its number.
Result<std::string> own_id(const Context& context, char letter) {
  SWARMLAB_TRY(number, agents_variable(context, "SWARMLAB_EXPERIMENT"));
  return letter + number;
}

Result<void> check_id(const Context& context, const std::string& given, char letter) {
  SWARMLAB_TRY(own, own_id(context, letter));
  if (given == own) return {};
  return fail(ErrorCode::invalid_input, "{} is none of this experiment, expected {}", given, own);
}

Result<void> hypothesis(const Context& context, const PraxlabOptions& options) {
  SWARMLAB_TRY(file, agents_variable(context, "SWARMLAB_HYPOTHESIS"));
  SWARMLAB_TRY(id, own_id(context, 'h'));
  const json body = {{"hypothesis", options.text}, {"mechanism", options.mechanism}};
  SWARMLAB_CHECK(write_file(file, body.dump(2, ' ', false, json::error_handler_t::replace) + "\n"));
  context.out << id << '\n';
  return {};
}

Result<void> experiment(const Context& context, const PraxlabOptions& options) {
  SWARMLAB_CHECK(check_id(context, options.id, 'h'));
  SWARMLAB_TRY(id, own_id(context, 'e'));
  context.out << id << '\n';
  return {};
}

// What the agent says of its own run is a note: the swarm measures and decides.
Result<void> result(const Context& context, const PraxlabOptions& options) {
  SWARMLAB_CHECK(check_id(context, options.id, 'e'));
  std::string text = fmt::format("its agent says {}, {}", options.verdict, options.metrics);
  if (!options.revision.empty()) text += "; learned: " + options.revision;
  OutcomeNote note{.text = std::move(text), .mechanism_confirmed = {}};
  if (options.confirmed || options.refuted) note.mechanism_confirmed = options.confirmed;
  SWARMLAB_CHECK(add_to_outcome(context, note));
  context.out << options.verdict << '\n';
  return {};
}

const char* verdict_of(const Run& run) {
  if (run.end == RunEnd::keep) return "keep";
  return run.score ? "discard" : "crash";
}

std::string metrics_of(const Run& run) {
  nlohmann::ordered_json metrics = nlohmann::ordered_json::object();
  if (run.score) metrics["score"] = *run.score;
  for (const auto& [name, value] : run.metrics) metrics[name] = value;
  return metrics.dump();
}

Result<void> history(const Context& context) {
  constexpr std::size_t kShown = 20;
  SWARMLAB_TRY(lab, agents_variable(context, "SWARMLAB_LAB"));
  SWARMLAB_TRY(all, given_results(context));
  std::ranges::replace(lab, '/', '-');
  context.out << "## Research Context: " << lab << "\nExperiments: " << all.size()
              << "\n### History\n";
  const std::size_t first = all.size() > kShown ? all.size() - kShown : 0;
  for (std::size_t i = first; i < all.size(); ++i) {
    context.out << fmt::format("  {}: {} | {}\n", all[i].description, verdict_of(all[i]),
                               metrics_of(all[i]));
  }
  return {};
}

Result<void> failures(const Context& context) {
  SWARMLAB_TRY(all, given_results(context));
  bool any = false;
  for (auto run = all.rbegin(); run != all.rend(); ++run) {
    if (run->end == RunEnd::keep) continue;
    any = true;
    context.out << fmt::format("- {}: {}\n", run->description, verdict_of(*run));
  }
  if (!any) context.out << "No failures yet.\n";
  return {};
}

using Do = Result<void> (*)(const Context&, const PraxlabOptions&);

}  // namespace

void add_praxlab(CLI::App& app, Context& context) {
  auto options = std::make_shared<PraxlabOptions>();
  // Not "lab": a lab of that name could not be given to any command.
  CLI::App* lab = app.add_subcommand("as-lab", "For agents of PraxLab, in a workspace: its lab");
  lab->group("");  // they call it as lab
  lab->require_subcommand(1);
  add_examples(*lab, "  swarmlab as-lab context   # in workspaces: lab context");
  const auto add = [&](const char* name, const char* about, Do what) {
    CLI::App* verb = lab->add_subcommand(name, about);
    verb->callback([&context, options, what] {
      context.action = [&context, options, what] { return what(context, *options); };
    });
    return verb;
  };
  CLI::App* verb = add("hypothesis", "What is tried, and why it should help", hypothesis);
  verb->add_option("TITLE", options->text)->required();
  verb->add_option("-m,--mechanism", options->mechanism)->required();
  verb = add("experiment", "Begin with a hypothesis", experiment);
  verb->add_option("HYPOTHESIS", options->id)->required();
  verb->add_option("--cost", options->ignored);
  verb = add("result", "What came of it", result);
  verb->add_option("EXPERIMENT", options->id)->required();
  verb->add_option("-v,--verdict", options->verdict)
      ->required()
      ->check(CLI::IsMember({"keep", "discard", "crash"}));
  verb->add_option("--metrics", options->metrics);
  verb->add_flag("--mechanism-confirmed", options->confirmed);
  verb->add_flag("--mechanism-refuted", options->refuted);
  verb->add_option("--theory-revision", options->revision);
  add("context", "What was tried",
      [](const Context& in, const PraxlabOptions&) { return history(in); });
  add("failures", "What did not work",
      [](const Context& in, const PraxlabOptions&) { return failures(in); });
  for (const char* name : {"insight", "synthesize", "direction"}) {
    verb = add(name, "A note", [](const Context& in, const PraxlabOptions& said) {
      return add_to_outcome(in, {.text = said.text, .mechanism_confirmed = {}});
    });
    verb->add_option("TEXT", options->text)->required();
    for (const char* flag : {"--type", "--experiments", "--decision", "--theory"}) {
      verb->add_option(flag, options->ignored);
    }
  }
}

}  // namespace swarmlab::cli
