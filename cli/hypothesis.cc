// `swarmlab hypothesis "..."`: in a workspace, an agent tells the others what it is about to try.
// It has no network: it writes a file that its worker watches.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

constexpr const char* kFile = "SWARMLAB_HYPOTHESIS";
constexpr std::size_t kMostHypothesis = 1000;
constexpr std::size_t kMostMechanism = 2000;

struct HypothesisOptions {
  std::string hypothesis;
  std::string mechanism;
};

Result<void> announce(const Context& context, const HypothesisOptions& options) {
  const auto file = context.variable(kFile);
  if (!file) {
    return fail(ErrorCode::invalid_input,
                "{} is not set: this is for agents in their workspaces; people say something to "
                "them with swarmlab hint",
                kFile);
  }
  if (options.hypothesis.empty() || options.hypothesis.size() > kMostHypothesis ||
      options.mechanism.size() > kMostMechanism) {
    return fail(ErrorCode::invalid_input,
                "the hypothesis has {} bytes, the mechanism {}: expected 1 to {}, and {} at most",
                options.hypothesis.size(), options.mechanism.size(), kMostHypothesis,
                kMostMechanism);
  }
  const nlohmann::ordered_json body = {{"hypothesis", options.hypothesis},
                                       {"mechanism", options.mechanism}};
  const std::string text = body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  SWARMLAB_CHECK(write_file(*file, text + "\n"));
  if (context.json) {
    context.out << text << '\n';
  } else {
    context.note("told; it stands in the briefs of others while you work");
  }
  return {};
}

}  // namespace

void add_hypothesis(CLI::App& app, Context& context) {
  auto options = std::make_shared<HypothesisOptions>();
  CLI::App* command = app.add_subcommand(
      "hypothesis", "For agents, in a workspace: tell the others what you are about to try");
  command->group(kGroupSteer);
  command->add_option("TEXT", options->hypothesis, "What you try, in a sentence")->required();
  command->add_option("-m,--mechanism", options->mechanism, "Why it should help");
  add_json(*command, context);
  add_quiet(*command, context);
  add_examples(*command,
               "  swarmlab hypothesis \"a larger block\" --mechanism \"fewer cache misses\"\n"
               "What was told last is also the experiment's hypothesis if outcome.json has none.");
  command->callback([&context, options] {
    context.action = [&context, options] { return announce(context, *options); };
  });
}

}  // namespace swarmlab::cli
