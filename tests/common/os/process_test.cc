#include "common/os/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "common/os/host.h"

namespace swarmlab {
namespace {

SpawnRequest shell(const std::string& script) {
  return {.argv = {"/bin/sh", "-c", script}, .env = {"PATH=/usr/bin:/bin"}};
}

std::string output_of(SpawnRequest request) {
  const auto output = run_and_capture(std::move(request), std::chrono::seconds(20));
  EXPECT_TRUE(output.has_value()) << (output ? "" : output.error().message);
  return output ? output->out : "";
}

TEST(Process, TellsTheExitCode) {
  auto process = spawn(shell("exit 7"));
  ASSERT_TRUE(process.has_value()) << process.error().message;
  const auto status = process->wait();
  ASSERT_TRUE(status.has_value() && status->has_value());
  EXPECT_FALSE((*status)->signaled);
  EXPECT_EQ((*status)->code, 7);
}

TEST(Process, TellsTheSignalThatEndedIt) {
  auto process = spawn(shell("kill -TERM $$"));
  ASSERT_TRUE(process.has_value());
  const auto status = process->wait();
  ASSERT_TRUE(status.has_value() && status->has_value());
  EXPECT_TRUE((*status)->signaled);
  EXPECT_EQ((*status)->code, SIGTERM);
}

TEST(Process, GivesTheSameStatusWhenAskedAgain) {
  auto process = spawn(shell("exit 3"));
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ((*process->wait())->code, 3);
  EXPECT_EQ((*process->wait())->code, 3);
}

TEST(Process, WaitReturnsAtTheDeadlineWhileItRuns) {
  auto process = spawn(shell("exec sleep 100"));
  ASSERT_TRUE(process.has_value());
  const auto status = process->wait(Deadline::after(Milliseconds(20)));
  ASSERT_TRUE(status.has_value());
  EXPECT_FALSE(status->has_value());
}

TEST(Process, IsDeadWhenItsOwnerIsGone) {
  pid_t pid = -1;
  {
    auto process = spawn(shell("exec sleep 100"));
    ASSERT_TRUE(process.has_value());
    pid = process->pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST(Process, KillGroupEndsItsChildrenToo) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd out(ends[0]);
  UniqueFd in(ends[1]);
  SpawnRequest request = shell("sleep 100 & sleep 100 & wait");
  request.new_session = true;
  request.fds = {{in.get(), 1}};
  auto process = spawn(request);
  ASSERT_TRUE(process.has_value());
  in.reset();
  process->kill_group(SIGKILL);
  char byte = 0;
  EXPECT_EQ(::read(out.get(), &byte, 1), 0);  // ends when the last of them is dead
}

TEST(Spawn, SaysThatAProgramIsMissing) {
  const auto process = spawn({.argv = {"/no/such/program"}});
  ASSERT_FALSE(process.has_value());
  EXPECT_EQ(process.error().code, ErrorCode::not_found);
  EXPECT_EQ(process.error().message, "/no/such/program: exec: No such file or directory");
}

TEST(Spawn, SaysWhichStepFailed) {
  SpawnRequest request = shell("true");
  request.folder = "/no/such/folder";
  const auto process = spawn(request);
  ASSERT_FALSE(process.has_value());
  EXPECT_EQ(process.error().code, ErrorCode::unavailable);
  EXPECT_EQ(process.error().message, "/bin/sh: change folder: No such file or directory");
}

TEST(Spawn, PassesTheNamedEnvironmentOnly) {
  ::setenv("SWARMLAB_TEST_SECRET", "canary", 1);
  EXPECT_EQ(output_of({.argv = {"/usr/bin/env"}, .env = {"A=1", "B=two words"}}),
            "A=1\nB=two words\n");
}

TEST(Spawn, PassesTheNamedDescriptorsOnly) {
  const UniqueFd secret(::open("/etc/passwd", O_RDONLY));  // on purpose without close-on-exec
  ASSERT_TRUE(secret);
  const std::string listing = output_of(shell("ls /proc/$$/fd; :"));
  EXPECT_EQ(listing, "0\n1\n2\n");
}

TEST(Spawn, MovesDescriptorsThatSwapTheirNumbers) {
  const std::string folder = testing::TempDir();
  const UniqueFd a(::open((folder + "/swap_a").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const UniqueFd b(::open((folder + "/swap_b").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_TRUE(a && b);
  SpawnRequest request =
      shell(fmt::format("echo to-a >&{}; echo to-b >&{}", b.get() % 10, a.get() % 10));
  if (a.get() > 9 || b.get() > 9) GTEST_SKIP() << "sh cannot name these descriptors";
  request.fds = {{a.get(), b.get()}, {b.get(), a.get()}};
  ASSERT_TRUE((*spawn(request)).wait().has_value());
  std::string text;
  std::ifstream(folder + "/swap_a") >> text;
  EXPECT_EQ(text, "to-a");
  ::unlink((folder + "/swap_a").c_str());
  ::unlink((folder + "/swap_b").c_str());
}

TEST(Spawn, StartsInTheNamedFolder) {
  SpawnRequest request = shell("pwd");
  request.folder = "/usr";
  EXPECT_EQ(output_of(std::move(request)), "/usr\n");
}

TEST(Spawn, SetsResourceLimits) {
  SpawnRequest request = shell("ulimit -n");
  request.limits = {{RLIMIT_NOFILE, 33}};
  EXPECT_EQ(output_of(std::move(request)), "33\n");
}

TEST(Spawn, GivesTheChildTheDefaultSignalMask) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const std::string text = output_of(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status"));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(text, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST(Spawn, ForbidsNewPrivilegesWhenAsked) {
  SpawnRequest request = shell("grep NoNewPrivs /proc/self/status");
  request.no_new_privileges = true;
  EXPECT_EQ(output_of(std::move(request)), "NoNewPrivs:\t1\n");
}

TEST(Spawn, KillsTheChildWithItsParent) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd out(ends[0]);
  UniqueFd in(ends[1]);
  const pid_t parent = ::fork();
  if (parent == 0) {
    SpawnRequest request = shell("echo started; exec sleep 100");
    request.die_with_parent = true;
    request.fds = {{in.get(), 1}};
    const auto process = spawn(request);
    ::pause();
  }
  in.reset();
  std::array<char, 16> text{};
  EXPECT_EQ(::read(out.get(), text.data(), text.size()), 8);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  EXPECT_EQ(::read(out.get(), text.data(), text.size()), 0);
}

TEST(RunAndCapture, GivesOutputAndStatus) {
  const auto output = run_and_capture(shell("echo out; echo err >&2; exit 2"), Milliseconds(20000));
  ASSERT_TRUE(output.has_value());
  EXPECT_EQ(output->out, "out\nerr\n");
  EXPECT_EQ(output->status.code, 2);
}

TEST(RunAndCapture, EndsAtTheTimeout) {
  const auto output = run_and_capture(shell("exec sleep 100"), Milliseconds(20));
  ASSERT_FALSE(output.has_value());
  EXPECT_EQ(output.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace swarmlab
