// How runs end: what is said of them, that they end in time, and that nothing of them is left.
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <thread>

#include "tests/worker/sandbox/fixture.h"
#include "worker/sandbox/cgroup_names.h"

namespace swarmlab::sandbox {
namespace {

using std::chrono::seconds;

class SandboxEnds : public EitherWay {};
INSTANTIATE_TEST_SUITE_P(, SandboxEnds, testing::Bool(), cgroups_or_not);

TEST_P(SandboxEnds, WithTheExitCodeOfTheCommand) {
  for (const int code : {0, 1, 2, 77, 126, 127, 128, 200, 255})
    EXPECT_EQ(describe(run(request_for(fmt::format("exit {}", code)))),
              fmt::format("exit code {}", code));
  EXPECT_EQ(describe(run(request_for("/no/such/program"))), "exit code 127");
  EXPECT_EQ(describe(run(request_for("/etc/passwd"))), "exit code 126");
}

TEST_P(SandboxEnds, WithTheSignalThatEndedTheCommand) {
  for (const int signal : {SIGHUP, SIGKILL, SIGSEGV, SIGTERM, SIGABRT, SIGRTMAX}) {
    const std::string expected = fmt::format("killed by signal {}", signal);
    EXPECT_EQ(describe(run(request_for(fmt::format("kill -{} $$", signal)))), expected);
    EXPECT_EQ(describe(run(request_for(fmt::format("sh -c 'kill -{} $$'", signal)))), expected);
  }
}

TEST_P(SandboxEnds, InTimeThoughItIgnoresAllSignals) {
  SandboxRequest request = python(R"(
import signal, time
for number in range(1, 65):
  try: signal.signal(number, signal.SIG_IGN)
  except OSError: pass
print('before', flush=True)
while True: time.sleep(100)
)");
  request.timeout = Milliseconds(1500) * patience();  // Python starts within that
  const SandboxResult result = run(request);
  EXPECT_EQ(result.how, HowEnded::timed_out);
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "before\n");
  EXPECT_GE(result.took, request.timeout);
  EXPECT_LT(result.took, request.timeout + seconds(5) * patience());
}

TEST_P(SandboxEnds, InTimeThoughItIsStopped) {
  SandboxRequest request = request_for("kill -STOP $$");
  request.timeout = Milliseconds(200);
  EXPECT_EQ(run(request).how, HowEnded::timed_out);
}

TEST_P(SandboxEnds, InTimeThoughItClosedItsOutputs) {
  SandboxRequest request = request_for("exec >&- 2>&-; sleep 100");
  request.timeout = Milliseconds(200);
  EXPECT_EQ(run(request).how, HowEnded::timed_out);
}

TEST_P(SandboxEnds, NotBeforeTheCommandThoughItClosedItsOutputs) {
  const Folder host;
  SandboxRequest request = request_for("exec >&- 2>&-; sleep 0.2; echo later > /w/later");
  request.mounts = {host.at("/w")};
  EXPECT_EQ(describe(run(request)), "exit code 0");
  EXPECT_EQ(host.read("later"), "later\n");
}

TEST_P(SandboxEnds, WithAllDaemonsThatItLeft) {
  const std::string word = fmt::format("swarmlab-daemon-{}", ::getpid());
  SandboxRequest request = python(R"(
import os, signal, sys, time
for number in range(1, 32):
  try: signal.signal(number, signal.SIG_IGN)
  except OSError: pass
ready, told = os.pipe()
for _ in range(5):
  if os.fork() == 0:
    os.setsid()
    if os.fork() > 0: os._exit(0)
    os.write(told, b'x')
    while True: time.sleep(100)
for _ in range(5): os.read(ready, 1)
print('left', flush=True)
os._exit(3)
)");
  request.args.push_back(word);
  request.timeout = seconds(60);
  const SandboxResult result = run(request);
  EXPECT_EQ(describe(result), "exit code 3");
  EXPECT_EQ(result.out, "left\n");
  EXPECT_LT(result.took, seconds(30));
  EXPECT_FALSE(is_running(word));
}

TEST_P(SandboxEnds, AtOnceWhenCancelled) {
  const auto source = CancelSource::make();
  ASSERT_TRUE(source.has_value());
  SandboxRequest request =
      request_for("trap '' TERM INT; (sleep 100 &) ; echo x; while :; do sleep 9; done");
  Started started(request);
  std::chrono::steady_clock::time_point cancelled_at;
  std::thread other([&] {
    started.wait();
    cancelled_at = std::chrono::steady_clock::now();
    source->cancel();
  });
  const SandboxResult result = run(request, source->token());
  const auto ended_at = std::chrono::steady_clock::now();
  other.join();
  EXPECT_EQ(describe(result), "cancelled");
  EXPECT_LT(ended_at - cancelled_at, seconds(2));
}

std::size_t cgroups_of(pid_t owner) {
  const CgroupAbilities found = find_cgroups();
  std::size_t count = 0;
  for (const std::string& folder : {found.memory, found.processes, found.accounting}) {
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none))
      if (owner_of(entry.path().filename().string()) == owner) ++count;
  }
  return count;
}

TEST_P(SandboxEnds, WithTheProcessThatRanIt) {
  if (in_gvisor()) GTEST_SKIP() << "it opens no pipes of the host; whole labs show it";
  const Folder host;
  ASSERT_EQ(::mkfifo((host / "alive").c_str(), 0600), 0);
  SandboxRequest request =
      request_for("exec 7>/w/alive; echo x >&7; (setsid sleep 100 &); sleep 100");
  request.mounts = {host.at("/w")};
  request.timeout = seconds(100);
  const pid_t worker = ::fork();
  if (worker == 0) {
    [[maybe_unused]] const SandboxResult never = run(request);
    ::_exit(0);
  }
  std::ifstream alive(host / "alive");
  std::string line;
  EXPECT_TRUE(std::getline(alive, line));
  ::kill(worker, SIGKILL);
  ::waitpid(worker, nullptr, 0);
  EXPECT_FALSE(std::getline(alive, line));  // ends when nobody has it open any more
  EXPECT_EQ(cgroups_of(worker), 0U);        // the next to look for cgroups has tidied up
}

TEST_P(SandboxEnds, WithoutZombiesWhereOrphansBecomeOurs) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // as process 1 of a container
  for (int i = 0; i < 20; ++i) {
    SandboxRequest request = request_for("(setsid sleep 100 &); exit 1");
    if (i % 2 == 0) request.command = "(setsid sleep 100 &); sleep 100";
    request.timeout = Milliseconds(i % 2 == 0 ? 30 : 30'000);
    run(request);
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST_P(SandboxEnds, ManyTimesFromManyThreadsWithNothingLeft) {
  constexpr int kThreads = 8;
  constexpr int kRuns = 25;
  const std::size_t before = open_descriptors();
  const auto runs = [this](int thread) {
    for (int i = 0; i < kRuns; ++i) {
      const int kind = (thread + i) % 4;
      SandboxRequest request = request_for(fmt::format("echo {}-{}; exit {}", thread, i, kind));
      if (kind == 3) request.command = "(sleep 100 &); sleep 100";
      if (kind == 3) request.timeout = Milliseconds(1 + i);
      const SandboxResult result = run(request);
      EXPECT_EQ(result.how, kind == 3 ? HowEnded::timed_out : HowEnded::exited);
      EXPECT_EQ(result.out, kind == 3 ? "" : fmt::format("{}-{}\n", thread, i));
      EXPECT_EQ(result.code, kind % 3);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(runs, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(cgroups_of(::getpid()), 0U);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace swarmlab::sandbox
