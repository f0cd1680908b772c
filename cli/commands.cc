#include "cli/commands.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <ostream>
#include <vector>

#include "cli/nearest.h"
#include "cli/settings.h"
#include "worker/sandbox/drivers.h"

namespace swarmlab::cli {

namespace {

constexpr const char* kAbout =
    "Autoresearch on a swarm: agents change an artifact, an evaluator that they cannot touch\n"
    "scores it, better versions are kept.";

std::vector<std::string> names_of_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

int wrong_usage(const Context& context, std::string message, const std::string& command) {
  print_error(context, Error{ErrorCode::invalid_input, std::move(message)});
  if (!context.json) {
    const std::string help =
        command.empty() ? "swarmlab --help" : "swarmlab " + command + " --help";
    context.err << "see: " << help << '\n';
  }
  return kWrongUsage;
}

// CLI11 says "The following argument was not expected: x": lower case, as our own messages are.
std::string worded(const CLI::ParseError& error) {
  std::string text = error.what();
  const bool starts_a_sentence =
      text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a' && text[1] <= 'z';
  if (starts_a_sentence) text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

// Takes what comes after `--` away from the parser, which would fill LAB with it: it is for the
// agent, or for sbatch.
std::span<const std::string> without_words_for_others(std::span<const std::string> arguments,
                                                      Context& context) {
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  if ((arguments.front() != "run" && arguments.front() != "slurm") || dashes == arguments.end())
    return arguments;
  context.after_dashes.assign(dashes + 1, arguments.end());
  return {arguments.begin(), dashes};
}

// Of the last word that was a command: `keys new --help` is about `new`.
std::string help_of_chosen(const CLI::App& app) {
  const CLI::App* chosen = &app;
  std::string before;
  for (auto below = app.get_subcommands(); !below.empty(); below = chosen->get_subcommands()) {
    before += (before.empty() ? "" : " ") + chosen->get_name();
    chosen = below.front();
  }
  return chosen == &app ? app.help() : chosen->help(before);
}

int parse(CLI::App& app, std::span<const std::string> arguments, Context& context) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  const auto chosen = [&app] {
    const auto commands = app.get_subcommands();
    return commands.empty() ? std::string() : commands.front()->get_name();
  };
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    context.out << help_of_chosen(app);
    context.action = [] { return Result<void>(); };
  } catch (const CLI::ParseError& error) {
    const std::string command = chosen();
    return wrong_usage(context, (command.empty() ? "" : command + ": ") + worded(error), command);
  }
  return kDone;
}

// Daemons settle their options themselves. A command that asks a coordinator may be told in
// swarmlab.toml where that is.
Result<void> act(CLI::App& app, const Context& context) {
  CLI::App* chosen = &app;
  for (auto below = app.get_subcommands(); !below.empty(); below = chosen->get_subcommands())
    chosen = below.front();
  const bool asks = chosen->get_option_no_throw("--connect") != nullptr;
  const bool settles_itself = chosen->get_option_no_throw("--config") != nullptr;
  if (asks && !settles_itself && chosen->get_help_ptr()->count() == 0)
    SWARMLAB_CHECK(settle_client(*chosen, context));
  return context.action();
}

}  // namespace

void add_json(CLI::App& command, Context& context) {
  command.add_flag("--json", context.json, "Print JSON instead of text");
}

void add_quiet(CLI::App& command, Context& context) {
  command.add_flag("-q,--quiet", context.quiet, "Print no progress");
}

void add_lab(CLI::App& command, Context& context) {
  command.add_option("LAB,--lab", context.lab,
                     "The lab: a folder or a name (default: the nearest)");
}

void add_lab_flag(CLI::App& command, Context& context) {
  command.add_option("--lab", context.lab, "The lab: a folder or a name (default: the nearest)");
}

void add_sandbox(CLI::App& command, std::string& words, const char* help) {
  command.add_option("--sandbox", words, help)->check([](const std::string& text) {
    const auto drivers = sandbox::drivers_in(text);
    return drivers ? std::string() : drivers.error().message;
  });
}

void add_provider_keys(CLI::App& command, std::string& file) {
  command.add_option("--provider-keys", file,
                     "File with the keys of the models that agents use, of mode 0600: lines of a "
                     "provider or its address, and the key");
}

void add_connect(CLI::App& command, Context& context) {
  command.add_option("--connect", context.connect,
                     "The coordinator to ask, such as tcp://host:7000 (default: this repository's; "
                     "or SWARMLAB_CONNECT)");
  command.add_option("--context", context.swarm_name,
                     "The same by name, as swarmlab context keeps them (or SWARMLAB_CONTEXT)");
  command.add_option("--key", context.key,
                     "File with the own secret key, for --connect (or SWARMLAB_KEY)");
  command.add_option("--server-key", context.server_key,
                     "The coordinator's public key, or its file (or SWARMLAB_SERVER_KEY)");
  command.add_flag(
      "--insecure", context.insecure,
      "Connect to another machine without keys: anybody on the way can read and forge");
}

void add_examples(CLI::App& command, const std::string& lines) {
  command.footer("\nExamples:\n" + lines);
}

void add_commands(CLI::App& app, Context& context) {
  add_init(app, context);
  add_import(app, context);
  add_check(app, context);
  add_eval(app, context);
  add_diagnose(app, context);
  add_run(app, context);
  add_coordinator(app, context);
  add_worker(app, context);
  add_slurm(app, context);
  add_runner(app, context);
  add_status(app, context);
  add_labs(app, context);
  add_workers(app, context);
  add_pools(app, context);
  add_experiments(app, context);
  add_show(app, context);
  add_best(app, context);
  add_frontier(app, context);
  add_ladder(app, context);
  add_results(app, context);
  add_plot(app, context);
  add_events(app, context);
  add_failures(app, context);
  add_mcp(app, context);
  add_export(app, context);
  add_branch(app, context);
  add_steering(app, context);
  add_hint(app, context);
  add_inject(app, context);
  add_reject(app, context);
  add_hypothesis(app, context);
  add_arl(app, context);
  add_praxlab(app, context);
  add_promotion(app, context);
  add_keys(app, context);
  add_context(app, context);
  add_backup(app, context);
  add_restore(app, context);
  add_doctor(app, context);
  add_health(app, context);
  add_version(app, context);
}

int run_command_line(std::span<const std::string> arguments, Context& context) {
  try {
    const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
    context.json = std::find(arguments.begin(), dashes, "--json") != dashes;
    CLI::App app(kAbout, "swarmlab");
    app.get_formatter()->column_width(34);
    add_examples(app,
                 "  swarmlab init my-lab            # a lab that runs at once\n"
                 "  swarmlab run my-lab --workers 4\n"
                 "  swarmlab COMMAND --help         # options and examples of a command");
    add_commands(app, context);
    if (arguments.empty()) {
      context.err << app.help();
      return kWrongUsage;
    }
    const std::string& first = arguments.front();
    const std::vector<std::string> names = names_of_commands(app);
    if (!first.empty() && first.front() != '-' &&
        std::find(names.begin(), names.end(), first) == names.end()) {
      const auto meant = nearest(first, names);
      const std::string hint = meant ? "; did you mean " + *meant + "?" : "";
      return wrong_usage(context, "unknown command '" + first + "'" + hint, "");
    }
    const auto words = without_words_for_others(arguments, context);
    if (const int code = parse(app, words, context); code != kDone) return code;
    if (!context.action) return wrong_usage(context, "no command given", "");
    if (const Result<void> done = act(app, context); !done) {
      print_error(context, done.error());
      return context.exit_code == kDone ? kFailed : context.exit_code;
    }
    context.out.flush();
    return context.exit_code;
  } catch (const std::exception& unexpected) {
    print_error(context, Error{ErrorCode::internal, unexpected.what()});
    return kFailed;
  }
}

}  // namespace swarmlab::cli
