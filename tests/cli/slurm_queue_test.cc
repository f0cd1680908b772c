// What Slurm's commands print, read.
#include "cli/slurm_queue.h"

#include <gtest/gtest.h>

#include "tests/cli/command_line.h"

namespace swarmlab::cli::slurm {
namespace {

using std::chrono::seconds;

TEST(SlurmQueue, ReadsTheSeatsOfSwarmsAndNothingElse) {
  const auto jobs = queue_in(
      "squeue: warning: something | of a plugin\n"
      "12|2|RUNNING|None|n1|1:05|58:55|2026-11-22T08:34:03|cpu|swarmlab-cpu|/home/a/s\n"
      "12|10|PENDING|BeginTime||0:00|1:00:00|2026-11-22T08:39:29|cpu|swarmlab-cpu|/home/a|b/s\n"
      "12|1|PENDING|Resources|(null)|0:00|INVALID|N/A|cpu|swarmlab-cpu|/home/a/s\n"
      "13|N/A|RUNNING|None|n2|1:05|58:55|2026-11-22T08:34:03|cpu|swarmlab-cpu|/home/a/s\n"
      "14|1|RUNNING|None|n2|1:05|58:55|2026-11-22T08:34:03|cpu|another|/home/a/s\n");
  ASSERT_EQ(jobs.size(), 3U);
  EXPECT_EQ(jobs[0].id, "12_1");
  EXPECT_EQ(jobs[0].node, "");
  EXPECT_EQ(jobs[0].starts, "");
  EXPECT_EQ(jobs[1], (Job{.id = "12_2",
                          .array = "12",
                          .pool = "cpu",
                          .seat = 2,
                          .partition = "cpu",
                          .state = "RUNNING",
                          .reason = "",
                          .node = "n1",
                          .elapsed = "1:05",
                          .left = "58:55",
                          .starts = "2026-11-22T08:34:03",
                          .folder = "/home/a/s"}));
  EXPECT_EQ(jobs[2].id, "12_10");
  EXPECT_EQ(jobs[2].folder, "/home/a|b/s");
}

TEST(SlurmQueue, ReadsTimes) {
  EXPECT_EQ(time_in("30"), seconds(1800));
  EXPECT_EQ(time_in("2:30"), seconds(150));
  EXPECT_EQ(time_in("1:30:00"), seconds(5400));
  EXPECT_EQ(time_in("2-12"), seconds(216'000));
  EXPECT_EQ(time_in("2-12:30"), seconds(217'800));
  EXPECT_EQ(time_in("1-00:00:00"), seconds(86'400));
  for (const char* none : {"infinite", "UNLIMITED", "n/a", "", "1:2:3:4", "-5", "x-5"}) {
    EXPECT_FALSE(time_in(none)) << none;
  }
}

TEST(SlurmQueue, FindsTheLimitThatAPersonSet) {
  EXPECT_EQ(time_limit_of({"--gres=gpu:1", "--time=5"}), "5");
  EXPECT_EQ(time_limit_of({"--time", "1:00:00"}), "1:00:00");
  EXPECT_EQ(time_limit_of({"-t", "5", "-t10"}), "10") << "the last one counts";
  EXPECT_FALSE(time_limit_of({"--time-min=5", "--gres=gpu:1"}));
}

TEST(SlurmQueue, RefusesWhatItSetsItself) {
  EXPECT_TRUE(check_args({"--gres=gpu:8", "--time=60", "--ntasks-per-core=1", "--mem", "4G"}));
  for (const char* own :
       {"--array=1-9", "-a1", "-N", "-N4", "--signal=TERM", "--wrap=true", "-pcpu"}) {
    const auto checked = check_args({own});
    ASSERT_FALSE(checked) << own;
    EXPECT_EQ(checked.error().code, ErrorCode::invalid_input);
  }
}

TEST(SlurmQueue, FindsTheJobAmongOtherWords) {
  EXPECT_EQ(job_id_in("sbatch: Account charged: x\n123\n"), "123");
  EXPECT_EQ(job_id_in("123;cluster\n"), "123");
  EXPECT_EQ(job_id_in("nothing\n"), "");
}

TEST(SlurmQueue, SaysWhatIsMissing) {
  const auto ran = run({"slurm", "up", "-P", "cpu", "--connect", "tcp://10.0.0.1:7000"}, "/",
                       {{"HOME", "/nowhere"}, {"PATH", "/nowhere"}});
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_NE(ran.err.find("is not on the PATH"), std::string::npos) << ran.err;
}

TEST(SlurmQueue, PrintsWithoutSlurm) {
  const auto ran = run({"slurm", "up", "-P", "cpu", "-N", "3", "--connect", "tcp://10.0.0.1:7000",
                        "--print", "--", "--time=60"},
                       "/", {{"HOME", "/home/ann"}, {"PATH", "/nowhere"}});
  EXPECT_EQ(ran.exit_code, kDone) << ran.err;
  EXPECT_NE(ran.out.find("--array=1-3"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("--connect tcp://10.0.0.1:7000"), std::string::npos);
  EXPECT_NE(ran.out.find("--time=60 /home/ann/.swarmlab/slurm/10.0.0.1:7000/cpu.sh\n"),
            std::string::npos);
}

TEST(SlurmQueue, RefusesASocketOfThisMachine) {
  const auto ran = run({"slurm", "up", "-P", "cpu", "--connect", "ipc:///tmp/x", "--print"}, "/",
                       {{"HOME", "/home/ann"}});
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_NE(ran.err.find("an address that nodes reach"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace swarmlab::cli::slurm
