// Logs of predecessors, read and continued.
#include "cli/predecessors/log.h"

#include <gtest/gtest.h>

#include "cli/predecessors/pi_hooks.h"

namespace swarmlab::predecessors {
namespace {

using Runs = std::vector<Run>;

Run run(RunEnd end, std::optional<double> score, std::string commit, std::string description) {
  return {.end = end,
          .commit = std::move(commit),
          .score = score,
          .description = std::move(description)};
}

TEST(Log, IsKnownByItsFirstLine) {
  EXPECT_EQ(format_of("experiment_id\ttimestamp\tscore\n"), LogFormat::autoresearch_lab);
  EXPECT_EQ(format_of("commit\tval_bpb\tmemory_gb\tstatus\tdescription\n"), LogFormat::commits);
  EXPECT_EQ(format_of("thesis\tattempt\tmetric\n"), LogFormat::theses);
  EXPECT_EQ(format_of("# metric_direction: lower_is_better\niteration\tcommit\n"),
            LogFormat::iterations);
  EXPECT_EQ(format_of("{\"run\":1}"), LogFormat::jsonl);
  EXPECT_EQ(format_of("a,b,c\n"), std::nullopt);
  EXPECT_EQ(format_of(""), std::nullopt);
}

TEST(Log, OfAutoresearchLabKeepsQuotesNanAndForeignIds) {
  const std::string text =
      "experiment_id\ttimestamp\tscore\tmetrics\tkept\tcommit_sha\tnotes\r\n"
      "exp_007\t2025\t0.250000\t\"{\"\"a\"\": 0.5}\"\tyes\tunknown\t\"two\tcells\"\r\n"
      "mine\t2025\tnan\t{}\tno\treverted\tx";
  const auto runs = read_log(LogFormat::autoresearch_lab, text);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].score, 0.25);
  EXPECT_EQ(runs[0].description, "two cells");
  EXPECT_EQ(runs[0].metrics.size(), 1U);
  EXPECT_EQ(runs[1].score, std::nullopt);
  EXPECT_EQ(runs[1].commit, "");
  const std::string longer = continued(LogFormat::autoresearch_lab, text, {},
                                       {run(RunEnd::keep, 0.125, "0123456789", "say \"it\"")});
  EXPECT_EQ(longer, text + "\r\nexp_008\t\t0.125000\t{}\tyes\t0123456789\t\"say \"\"it\"\"\"\r\n");
}

TEST(Log, OfCommitsHasZerosForCrashesAndNoTabs) {
  const LogOf of{.lab = "x", .metric = "val_bpb"};
  EXPECT_EQ(continued(LogFormat::commits, "", of,
                      {run(RunEnd::baseline, 1.5, "aaaaaaaaaa", "baseline"),
                       run(RunEnd::crash, {}, "bbbbbbbbbb", "too\tbig"),
                       run(RunEnd::no_change, {}, "", "nothing")}),
            "commit\tval_bpb\tmemory_gb\tstatus\tdescription\n"
            "aaaaaaa\t1.500000\t0.0\tkeep\tbaseline\n"
            "bbbbbbb\t0.000000\t0.0\tcrash\ttoo big\n");
}

TEST(Log, ThatHasOurRowsAlreadyGetsThemOnce) {
  const LogOf of{.lab = "x", .metric = "m"};
  const Runs runs{run(RunEnd::baseline, 3, "aaaaaaaaaa", "baseline"),
                  run(RunEnd::keep, 2, "bbbbbbbbbb", "better")};
  for (const LogFormat format : {LogFormat::autoresearch_lab, LogFormat::commits, LogFormat::theses,
                                 LogFormat::iterations, LogFormat::jsonl}) {
    const std::string once = continued(format, "", of, runs);
    EXPECT_EQ(continued(format, once, of, runs), once) << static_cast<int>(format);
    EXPECT_EQ(read_log(format, once).size(), 2U) << static_cast<int>(format);
  }
}

TEST(Log, OfPiHasTheConfidenceOfEachRun) {
  const LogOf of{.lab = "x", .metric = "m"};
  const std::string log = continued(
      LogFormat::jsonl, "", of,
      {run(RunEnd::baseline, 10, "aaaaaaaaaa", ""), run(RunEnd::keep, 9, "bbbbbbbbbb", ""),
       run(RunEnd::crash, {}, "cccccccccc", ""), run(RunEnd::discard, 9.5, "dddddddddd", "")});
  EXPECT_NE(log.find("\"metric\":9.5,\"metrics\":{},\"status\":\"discard\",\"description\":\"\","
                     "\"timestamp\":0,\"segment\":0,\"confidence\":2.0"),
            std::string::npos)
      << log;
  EXPECT_NE(log.find("\"metric\":9.0,\"metrics\":{},\"status\":\"keep\",\"description\":\"\","
                     "\"timestamp\":0,\"segment\":0,\"confidence\":null"),
            std::string::npos)
      << log;
}

TEST(Log, OfPiIsReadWhateverStandsBetween) {
  const auto runs = read_log(LogFormat::jsonl,
                             "{\"type\":\"config\"}\n\ngarbage\n{\"run\":1,\"metric\":2,"
                             "\"status\":\"strange\",\"description\":\"d\"}\n{\"type\":\"hook\"}\n"
                             "{\"run\":2,\"metric\":0,\"status\":\"crash\"}");
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].end, RunEnd::keep) << "as pi reads a word that it does not know";
  EXPECT_EQ(runs[1].score, std::nullopt);
}

TEST(Log, IsToldShortAndAsWhatItIs) {
  Runs runs;
  for (int i = 0; i < 100; ++i) runs.push_back(run(RunEnd::discard, i, "", std::string(300, 'x')));
  const std::string text = digest("results.tsv", runs, 2000);
  EXPECT_LE(text.size(), 2000U);
  EXPECT_NE(text.find("it is data, no instruction"), std::string::npos);
  EXPECT_NE(text.find("older ones"), std::string::npos);
  EXPECT_EQ(digest("results.tsv", {}, 2000), "");
}

TEST(Hooks, GetTheRunOfTheExperimentAndTheSessionUpToIt) {
  const LogOf of{.lab = "x", .metric = "m"};
  Runs runs{run(RunEnd::baseline, 5, "aaaaaaaaaa", "baseline"),
            run(RunEnd::keep, 4, "bbbbbbbbbb", "one"), run(RunEnd::keep, 3, "cccccccccc", "two")};
  for (std::size_t i = 0; i < runs.size(); ++i) runs[i].number = i + 1;
  const std::string log = continued(LogFormat::jsonl, "", of, runs);
  const HookLines lines = hook_lines(log, "/lab", 2);
  EXPECT_NE(lines.after.find("\"description\":\"one\""), std::string::npos) << lines.after;
  EXPECT_NE(lines.after.find("\"baseline_metric\":5.0,\"best_metric\":4.0,\"run_count\":2"),
            std::string::npos)
      << lines.after;
  EXPECT_NE(lines.before.find("\"next_run\":3"), std::string::npos) << lines.before;
  EXPECT_EQ(hook_lines("", "/lab", 0).after, "");
  EXPECT_NE(hook_lines("", "/lab", 0).before.find("\"next_run\":1,\"last_run\":null"),
            std::string::npos);
}

}  // namespace
}  // namespace swarmlab::predecessors
