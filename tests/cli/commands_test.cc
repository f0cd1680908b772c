#include "cli/commands.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "tests/cli/command_line.h"

namespace swarmlab::cli {
namespace {

TEST(CommandLine, PrintsHelpToStdoutAndSucceeds) {
  const Ran ran = run({"--help"});
  EXPECT_EQ(ran.exit_code, kDone);
  EXPECT_NE(ran.out.find("version"), std::string::npos);
  EXPECT_EQ(ran.err, "");
}

TEST(CommandLine, WithoutACommandIsWrongUsage) {
  const Ran ran = run({});
  EXPECT_EQ(ran.exit_code, kWrongUsage);
  EXPECT_EQ(ran.out, "");
}

TEST(CommandLine, SuggestsTheNearestCommand) {
  const Ran ran = run({"versoin"});
  EXPECT_EQ(ran.exit_code, kWrongUsage);
  EXPECT_EQ(ran.err,
            "swarmlab: unknown command 'versoin'; did you mean version?\nsee: swarmlab --help\n");
}

TEST(CommandLine, SuggestsNothingWhereNothingIsNear) {
  EXPECT_EQ(run({"xyzzyplugh"}).err,
            "swarmlab: unknown command 'xyzzyplugh'\nsee: swarmlab --help\n");
}

TEST(CommandLine, AnUnknownOptionIsWrongUsageAndNamesTheHelp) {
  const Ran ran = run({"version", "--bogus"});
  EXPECT_EQ(ran.exit_code, kWrongUsage);
  EXPECT_NE(ran.err.find("--bogus"), std::string::npos);
  EXPECT_NE(ran.err.find("see: swarmlab version --help"), std::string::npos);
}

TEST(CommandLine, RunDoesNotTakeAMisspelledOptionForAWordToTheAgent) {
  const Ran ran = run({"run", "--max-iteration", "5"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.err.find("--max-iteration"), std::string::npos) << ran.err;
}

TEST(CommandLine, WhatComesAfterTwoDashesIsForTheAgentAndNeverTheLab) {
  const Ran ran = run({"run", "--", "--effort", "--json"});
  EXPECT_EQ(ran.exit_code, 1);  // there is no lab here
  EXPECT_EQ(ran.err.find("--effort"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find('{'), std::string::npos) << ran.err;
}

TEST(CommandLine, UnderJsonErrorsAreJsonToo) {
  const Ran ran = run({"version", "--json", "--bogus"});
  EXPECT_EQ(ran.exit_code, kWrongUsage);
  EXPECT_EQ(ran.out, "");
  const auto body = nlohmann::json::parse(ran.err);
  EXPECT_EQ(body["error"]["code"], "invalid_input");
  EXPECT_NE(body["error"]["message"].get<std::string>().find("--bogus"), std::string::npos);
}

TEST(CommandLine, EveryCommandEndsItsHelpWithAnExampleOfItself) {
  std::ostringstream sink;
  Context context{.out = sink, .err = sink};
  CLI::App app;
  add_commands(app, context);
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const Ran ran = run({command->get_name(), "--help"});
    EXPECT_EQ(ran.exit_code, kDone) << command->get_name();
    const auto examples = ran.out.find("Examples:\n");
    ASSERT_NE(examples, std::string::npos) << command->get_name();
    EXPECT_NE(ran.out.find("swarmlab " + command->get_name(), examples), std::string::npos)
        << command->get_name();
  }
}

TEST(Version, PrintsItsVersionAsJson) {
  const Ran ran = run({"version", "--json"});
  ASSERT_EQ(ran.exit_code, kDone);
  EXPECT_EQ(nlohmann::json::parse(ran.out)["version"], "0.1.0");
}

}  // namespace
}  // namespace swarmlab::cli
