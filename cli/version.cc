// `swarmlab version`: what this build is made of.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/build_info.h"
#include "cli/commands.h"

namespace swarmlab::cli {

namespace {

void print_version(const Context& context) {
  const nlohmann::ordered_json parts = {{"version", kVersion},
                                        {"commit", kBuildCommit},
                                        {"buildType", kBuildType},
                                        {"compiler", kCompiler}};
  if (context.json) {
    context.out << parts.dump(2) << '\n';
    return;
  }
  context.out << "swarmlab " << kVersion;
  if (!kBuildCommit.empty()) context.out << " (" << kBuildCommit << ")";
  context.out << '\n';
}

}  // namespace

void add_version(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("version", "What this build is made of");
  command->group(kGroupOperate);
  add_json(*command, context);
  add_examples(*command, "  swarmlab version --json");
  command->callback([&context] {
    context.action = [&context]() -> Result<void> {
      print_version(context);
      return {};
    };
  });
}

}  // namespace swarmlab::cli
