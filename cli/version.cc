// `swarmlab version`: what this build is made of.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/build_info.h"
#include "cli/commands.h"
#include "common/os/fail_point.h"

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

void print_fail_points(const Context& context) {
  for (const NamedFailPoint& point : kFailPoints) {
    context.out << fmt::format("{:<24} {}\n", point.name, point.where);
  }
}

}  // namespace

void add_version(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("version", "What this build is made of");
  command->group(kGroupOperate);
  add_json(*command, context);
  add_examples(*command, "  swarmlab version --json");
  const auto fail_points = std::make_shared<bool>(false);
  command->add_flag("--fail-points", *fail_points)->group("");  // hidden: for tests
  command->callback([&context, fail_points] {
    context.action = [&context, fail_points]() -> Result<void> {
      *fail_points ? print_fail_points(context) : print_version(context);
      return {};
    };
  });
}

}  // namespace swarmlab::cli
