#include "common/model/results_tsv.h"

#include <gtest/gtest.h>

namespace swarmlab {
namespace {

constexpr const char* kHeader =
    "experiment_id\ttimestamp\tscore\tmetrics\tkept\tcommit_sha\tnotes\r\n";

ResultsRow row(std::uint64_t number) {
  return ResultsRow{.number = ExperimentNumber(number),
                    .ended_at = Timestamp(std::chrono::milliseconds(1'774'942'414'120)),
                    .score = 2.5,
                    .metrics = {},
                    .kept = true,
                    .commit = std::string(40, 'a'),
                    .notes = "halve the batch"};
}

TEST(ResultsTsv, WithoutExperimentsIsItsHeader) {
  EXPECT_EQ(results_tsv({}), kHeader);
}

TEST(ResultsTsv, WritesARowAsAutoresearchLabDoes) {
  EXPECT_EQ(results_tsv({row(1)}),
            std::string(kHeader) +
                "exp_001\t2026-03-31T07:33:34.120000+00:00\t2.500000\t{}\tyes\t" +
                std::string(40, 'a') + "\thalve the batch\r\n");
}

TEST(ResultsTsv, QuotesMetricsAsPythonsCsvModuleDoes) {
  ResultsRow with = row(12);
  with.metrics = {{"accuracy", 0.96}, {"steps", 100.0}, {"tiny", 1e-7}};
  EXPECT_NE(results_tsv({with}).find(
                "\t\"{\"\"accuracy\"\": 0.96, \"\"steps\"\": 100.0, \"\"tiny\"\": 1e-07}\"\t"),
            std::string::npos);
}

TEST(ResultsTsv, WhatHasNoScoreIsNanAndWithoutACommitUnknown) {
  ResultsRow crashed = row(1000);
  crashed.score.reset();
  crashed.commit.clear();
  crashed.kept = false;
  EXPECT_EQ(results_tsv({crashed}),
            std::string(kHeader) +
                "exp_1000\t2026-03-31T07:33:34.120000+00:00\tnan\t{}\tno\tunknown\t"
                "halve the batch\r\n");
}

TEST(ResultsTsv, NotesAreOneLineAndSayWhyNothingWasMeasured) {
  EXPECT_EQ(results_notes(Verdict::keep, "a\tb\r\nc ", "", ""), "a b c");
  EXPECT_EQ(results_notes(Verdict::discard, "", "tried it", "worse"), "tried it");
  EXPECT_EQ(results_notes(Verdict::crash, "", "", "exit code 1"), "crash: exit code 1");
  EXPECT_EQ(results_notes(Verdict::timeout, "deeper", "", "600 s"), "deeper (timeout: 600 s)");
}

TEST(ResultsTsv, QuotesInNotesAreDoubled) {
  ResultsRow with = row(2);
  with.notes = "say \"no\"";
  EXPECT_NE(results_tsv({with}).find("\t\"say \"\"no\"\"\"\r\n"), std::string::npos);
}

}  // namespace
}  // namespace swarmlab
