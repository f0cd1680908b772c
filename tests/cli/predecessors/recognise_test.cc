// What is recognised in folders of which only the texts matter.
#include "cli/predecessors/recognise.h"

#include <gtest/gtest.h>

#include "cli/predecessors/commands.h"
#include "cli/predecessors/text.h"

namespace swarmlab::predecessors {
namespace {

using Texts = std::map<std::string, std::string>;

std::optional<Found> found_in(Texts texts) {
  return recognise(*folder_of(std::move(texts)));
}

std::string value_of(const Found& found, const char* table, const char* key) {
  const Setting* setting = found.drafts.front().find(table, key);
  return setting == nullptr ? "-" : setting->value;
}

TEST(Recognise, KnowsNothingOfOtherFolders) {
  EXPECT_FALSE(found_in({}));
  EXPECT_FALSE(found_in({{"README.md", "# A project\nGoal: none\n"}, {"train.py", ""}}));
  EXPECT_FALSE(found_in({{"lab.toml", "[evaluator]\ncommand = 'x'\n"}}));
  EXPECT_FALSE(found_in({{".auto/ideas.md", "ideas, but nothing that measures"}}));
}

TEST(Recognise, TellsTheKindsApart) {
  EXPECT_EQ(found_in({{"program.md", ""}, {"train.py", ""}, {"prepare.py", ""}})->kind,
            "karpathy/autoresearch");
  EXPECT_EQ(found_in({{".auto/measure.sh", ""}, {"program.md", ""}})->kind, "pi-autoresearch");
  EXPECT_EQ(found_in({{"autoresearch.sh", ""}})->kind, "pi-autoresearch");
  EXPECT_EQ(found_in({{"PROGRAM.md", ""}, {"PREPARE.md", ""}})->kind, "polyresearch");
  EXPECT_EQ(found_in({{"lab", "hypothesis failures"}, {"a/program.md", ""}})->kind, "PraxLab");
  EXPECT_EQ(found_in({{"x.md", "Goal: g\nScope: s\nVerify: v\n"}})->kind,
            "uditgoenka/autoresearch");
  EXPECT_EQ(
      found_in({{"lab.toml", "[backend]\n"}, {"backend.py", "from autoresearch_lab import x"}})
          ->kind,
      "Autoresearch Lab");
}

TEST(RecognisePi, AnythingBelowAutoHidesTheOlderFiles) {
  const auto found = found_in({{".auto/measure.sh", ""},
                               {"autoresearch.jsonl", R"({"type":"config","metricName":"old"})"},
                               {"autoresearch.checks.sh", ""}});
  EXPECT_EQ(value_of(*found, "metric", "name"), "-");
  EXPECT_EQ(value_of(*found, "guard", "command"), "-");
  EXPECT_EQ(found->missing.size(), 1U);
}

TEST(RecognisePi, TheLastConfigurationCountsAndBadLinesDoNot) {
  const auto found =
      found_in({{".auto/measure.sh", ""},
                {".auto/log.jsonl",
                 "{\"type\":\"config\",\"metricName\":\"a\",\"bestDirection\":\"lower\"}\n"
                 "not json\n[1]\n"
                 "{\"type\":\"config\",\"metricName\":\"b\",\"bestDirection\":\"higher\"}"}});
  EXPECT_EQ(value_of(*found, "metric", "name"), "\"b\"");
  EXPECT_EQ(value_of(*found, "metric", "direction"), "\"maximize\"");
  EXPECT_EQ(found->drafts.front().find("metric", "name")->from, ".auto/log.jsonl:4");
}

TEST(RecognisePi, ScriptsRunInTheWorkingFolder) {
  const auto found = found_in({{".auto/measure.sh", ""},
                               {".auto/config.json", R"({"workingDir": "app/web"})"},
                               {".auto/prompt.md", "- **Primary**: ms (ms, lower is better)\n"}});
  const std::string command = value_of(*found, "evaluator", "command");
  EXPECT_NE(command.find("cd app/web || exit 1\nbash ../../.auto/measure.sh 2>&1"),
            std::string::npos)
      << command;
}

TEST(RecogniseKarpathy, ReadsWhatATextOfAnotherMetricSays) {
  const auto found = found_in(
      {{"program.md",
        "Get the highest accuracy.\ngrep \"^accuracy:\" run.log\nIf a run exceeds 3 minutes, "
        "kill it.\n"},
       {"train.py", "device = 'cuda'\n"},
       {"prepare.py", ""}});
  EXPECT_EQ(value_of(*found, "metric", "name"), "\"accuracy\"");
  EXPECT_EQ(value_of(*found, "metric", "direction"), "\"maximize\"");
  EXPECT_EQ(value_of(*found, "evaluator", "timeout"), "\"3m\"");
  EXPECT_EQ(value_of(*found, "resources", "gpus"), "1");
  EXPECT_EQ(value_of(*found, "stop", "max_iterations"), "-");
}

TEST(Text, FindsSectionsBlocksAndLists) {
  const auto lines = lines_of(
      "# A\n## Files in Scope\r\n- `a.py`: x\n* b/**\n- prose\n```\n# no\n```\n## B\n- c.py\n");
  const auto part = section(lines, "files in scope");
  EXPECT_EQ(part.size(), 6U);
  ASSERT_EQ(listed_paths(part).size(), 2U);
  EXPECT_EQ(listed_paths(part)[1].text, "b/**");
  EXPECT_EQ(code_block(part)[0].text, "# no");
  EXPECT_EQ(place("x.md", listed_paths(part)), "x.md:3-4");
}

TEST(Text, ReadsDirections) {
  EXPECT_EQ(direction_in("p95 (lower is better)"), "minimize");
  EXPECT_EQ(direction_in("higher_is_better"), "maximize");
  EXPECT_EQ(direction_in("get the Lowest val_bpb"), "minimize");
  EXPECT_EQ(direction_in("as good as it gets"), std::nullopt);
}

TEST(Commands, QuoteAndLoseRedirections) {
  EXPECT_EQ(shell_word("a/b.py"), "a/b.py");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(toml_text("a\"b"), "'a\"b'");
  EXPECT_EQ(toml_text("a\"b'c"), "\"a\\\"b'c\"");
  EXPECT_EQ(toml_text("a\nb\n"), "'''\na\nb\n'''");
}

TEST(Commands, RunInACopyOfTheWholeRepository) {
  Found found;
  const auto folder = folder_of({});
  EXPECT_EQ(in_a_copy(*folder, "", found),
            "cp -R ./. \"$SWARMLAB_SCRATCH/lab\" && cd \"$SWARMLAB_SCRATCH\"/lab || exit 1\n");
  EXPECT_EQ(in_a_copy(*folder, "", found, "a/b"),
            "cp -R ./../../. \"$SWARMLAB_SCRATCH/lab\" && cd \"$SWARMLAB_SCRATCH\"/lab/a/b || exit "
            "1\n");
}

}  // namespace
}  // namespace swarmlab::predecessors
