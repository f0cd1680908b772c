// The batch script and the sbatch command, as text.
#include "cli/slurm_script.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "common/os/file.h"
#include "common/os/process.h"

namespace swarmlab::cli::slurm {
namespace {

using Seats = std::vector<std::uint32_t>;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string script() {
  return batch_script(
      {.program = "/opt/it's here/swarmlab",
       .folder = "/home/ann/.swarmlab/slurm/login1:7000",
       .pool = "gpu",
       .worker = {"--connect", "tcp://login1:7000", "--expose", "/data/two words"}});
}

TEST(SlurmScript, QuotesWhatAShellWouldRead) {
  EXPECT_EQ(shell_word("tcp://login1:7000"), "tcp://login1:7000");
  EXPECT_EQ(shell_word("two words"), "'two words'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("$(reboot)"), "'$(reboot)'");
  EXPECT_EQ(shell_word(""), "''");
}

TEST(SlurmScript, NamesArraysShortly) {
  EXPECT_EQ(array_of({1}), "1");
  EXPECT_EQ(array_of({1, 2, 3}), "1-3");
  EXPECT_EQ(array_of({1, 3, 4, 9}), "1,3-4,9");
}

TEST(SlurmScript, GivesSeatsThatNobodyHas) {
  EXPECT_EQ(free_seats({}, 2), Seats({1, 2}));
  EXPECT_EQ(free_seats({2, 1, 5}, 3), Seats({3, 4, 6}));
}

TEST(SlurmScript, HasItsSettingsAsWords) {
  EXPECT_TRUE(has(script(), "program='/opt/it'\\''s here/swarmlab'\n"));
  EXPECT_TRUE(has(script(), "  --connect tcp://login1:7000\n  --expose '/data/two words'\n"));
  EXPECT_TRUE(has(script(), "--name \"${seat}\""));
}

TEST(SlurmScript, TellsSlurmOfTheTaskAndNotOfTheJob) {
  EXPECT_EQ(script().find("SLURM_JOB_ID"), std::string::npos)
      << "of the last task of an array it is the id of all of them";
  EXPECT_TRUE(has(script(), "scontrol requeue \"${task}\""));
}

TEST(SlurmScript, IsReadByBash) {
  const auto folder = *TempFolder::create(std::filesystem::temp_directory_path(), "slurm");
  const std::string file = folder.path() + "/pool.sh";
  ASSERT_TRUE(write_file(file, script()));
  const auto read = run_and_capture({.argv = {"/bin/bash", "-n", file}}, std::chrono::seconds(60));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->status.code, 0) << read->out;
}

TEST(SlurmScript, SubmitsSeatsThatAreWarnedAndMayComeBack) {
  const auto words = sbatch_words({.pool = "gpu",
                                   .partition = "a100",
                                   .folder = "/home/100%/s",
                                   .script = "/home/100%/s/gpu.sh",
                                   .seats = {1, 2, 4},
                                   .cpus = 8,
                                   .warn_before = std::chrono::seconds(630),
                                   .args = {"--gres=gpu:8", "-t", "60"}});
  EXPECT_EQ(std::ranges::count(words, "--job-name=swarmlab-gpu"), 1);
  EXPECT_EQ(std::ranges::count(words, "--partition=a100"), 1);
  EXPECT_EQ(std::ranges::count(words, "--array=1-2,4"), 1);
  EXPECT_EQ(std::ranges::count(words, "--signal=B:USR1@630"), 1);
  EXPECT_EQ(std::ranges::count(words, "--requeue"), 1);
  EXPECT_EQ(std::ranges::count(words, "--output=/home/100%%/s/slurm-gpu-%a.log"), 1);
  ASSERT_GE(words.size(), 4U);
  EXPECT_EQ(std::vector<std::string>(words.end() - 4, words.end()),
            std::vector<std::string>({"--gres=gpu:8", "-t", "60", "/home/100%/s/gpu.sh"}));
}

}  // namespace
}  // namespace swarmlab::cli::slurm
