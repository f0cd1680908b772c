// A hostile command that takes all it can get: it ends in time, and the host does not notice.
#include <sys/resource.h>

#include <algorithm>

#include "common/os/process.h"
#include "tests/worker/sandbox/fixture.h"

namespace swarmlab::sandbox {
namespace {

using std::chrono::seconds;

class SandboxBounds : public EitherWay {
 protected:
  // That the machine and our own user can still start programs.
  static void expect_host_unharmed() {
    const auto output = run_and_capture({.argv = {"/bin/true"}}, seconds(10));
    EXPECT_TRUE(output.has_value()) << output.error().message;
  }
};

INSTANTIATE_TEST_SUITE_P(, SandboxBounds, testing::Bool(), cgroups_or_not);

std::uint64_t resident_bytes() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t bytes_below(const Folder& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
    if (entry.is_regular_file()) bytes += entry.file_size();
  return bytes;
}

// What gVisor's kernel may take on top.
std::uint64_t kernel_bytes() {
  return in_gvisor() ? 64ULL << 20U : 0;
}

TEST_P(SandboxBounds, AForkBomb) {
  if (!GetParam() && ::geteuid() == 0) GTEST_SKIP() << "RLIMIT_NPROC does not hold for root";
  SandboxRequest request = python(R"(
import os
while True:
  try:
    if os.fork() > 0: os.write(1, b'+')
  except OSError: pass
)");
  request.limits.processes = 30;
  request.timeout = Milliseconds(4000);
  const SandboxResult result = run(request);
  EXPECT_EQ(result.how, HowEnded::timed_out);
  EXPECT_LT(result.took, seconds(20) * patience());
  EXPECT_GT(result.out.size(), 5U);
  EXPECT_LE(result.out.size(), 30U);
  expect_host_unharmed();
}

TEST_P(SandboxBounds, AForkBombThatDiesAndIsBornAgain) {
  if (!GetParam() && ::geteuid() == 0) GTEST_SKIP() << "RLIMIT_NPROC does not hold for root";
  // What goes on forever forks once, before there are others: it is not to be the one that may not.
  SandboxRequest request = request_for("f() { f | f & }; f & while :; do :; done");
  request.limits.processes = 40;
  request.timeout = Milliseconds(1000);
  const SandboxResult result = run(request);
  EXPECT_EQ(result.how, HowEnded::timed_out);
  EXPECT_LT(result.took, seconds(6) * patience());
  expect_host_unharmed();
}

TEST_P(SandboxBounds, MemoryOfOneProcess) {
  SandboxRequest request = python("x = []\nwhile True: x.append(bytearray(1 << 20))");
  request.limits.memory_bytes = 64ULL << 20U;
  const SandboxResult result = run(request);
  EXPECT_LT(result.took, seconds(20) * patience());
  if (GetParam()) {
    EXPECT_EQ(describe(result), "out of memory");
    EXPECT_LE(result.peak_memory_bytes.value_or(0), (65ULL << 20U) + kernel_bytes());
  } else {
    EXPECT_EQ(describe(result), "exit code 1");
    EXPECT_NE(result.err.find("MemoryError"), std::string::npos);
  }
}

TEST_P(SandboxBounds, MemoryOfManyProcessesAndOfFilesInMemory) {
  if (!GetParam()) GTEST_SKIP() << "only a cgroup counts them together";
  SandboxRequest request = python(R"(
import os
for _ in range(4): os.fork()
file = os.memfd_create('x')
other = open(f'/dev/shm/{os.getpid()}', 'wb')
while True:
  os.write(file, bytes(1 << 20))
  other.write(bytes(1 << 20))
)");
  request.limits.memory_bytes = 64ULL << 20U;
  request.timeout = seconds(20) * patience();
  const SandboxResult result = run(request);
  EXPECT_EQ(describe(result), "out of memory");
  EXPECT_LE(result.peak_memory_bytes.value_or(0), (65ULL << 20U) + kernel_bytes());
}

TEST_P(SandboxBounds, MemoryThatOnlyAChildRanOutOf) {
  if (!GetParam()) GTEST_SKIP() << "only a cgroup tells";
  if (in_gvisor()) GTEST_SKIP() << "its kernel has all memory of those inside, and ends with it";
  SandboxRequest request = request_for("python3 -c 'x = bytearray(1 << 30)' || true; echo went on");
  request.limits.memory_bytes = 64ULL << 20U;
  const SandboxResult result = run(request);
  EXPECT_EQ(describe(result), "exit code 0");
  EXPECT_EQ(result.out, "went on\n");
}

TEST_P(SandboxBounds, AGigabyteOfOutput) {
  const std::uint64_t before = resident_bytes();
  // Each system call costs gVisor ten times as much.
  const std::string script = in_gvisor() ? "head -c 64M /dev/zero" : "head -c 1G /dev/zero";
  const SandboxResult result = run(request_for(script + "; echo end >&2; echo end"));
  EXPECT_TRUE(result.succeeded()) << describe(result);
  EXPECT_LT(result.out.size(), (64U << 10U) + 100);
  EXPECT_NE(result.out.find("bytes dropped"), std::string::npos);
  EXPECT_TRUE(result.out.ends_with("end\n"));
  EXPECT_EQ(result.err, "end\n");
  EXPECT_LT(resident_bytes(), before + (64U << 20U));
}

TEST_P(SandboxBounds, OutputWithoutEnd) {
  SandboxRequest request = request_for("yes & yes >&2 & wait");
  request.timeout = Milliseconds(300);
  const SandboxResult result = run(request);
  EXPECT_EQ(result.how, HowEnded::timed_out);
  EXPECT_LT(result.took, seconds(5) * patience());
  EXPECT_LT(result.out.size(), (64U << 10U) + 100);
}

TEST_P(SandboxBounds, TheSizeOfAFile) {
  const Folder host;
  SandboxRequest request = request_for("exec head -c 10M /dev/zero > /w/big");
  request.mounts = {host.at("/w")};
  request.limits.file_bytes = 1U << 20U;
  EXPECT_EQ(describe(run(request)), "killed by signal 25");
  EXPECT_EQ(bytes_below(host), 1U << 20U);
}

TEST_P(SandboxBounds, WhatItWritesToDisk) {
  const Folder host;
  SandboxRequest request =
      request_for("i=0; while :; do head -c 200K /dev/zero > /w/$i; i=$((i+1)); done 2>/dev/null");
  request.mounts = {host.at("/w")};
  request.limits.disk_bytes = 8U << 20U;
  const SandboxResult result = run(request);
  EXPECT_EQ(describe(result), "wrote more to disk than it may");
  EXPECT_LT(result.took, seconds(20) * patience());
}

TEST_P(SandboxBounds, WhatItWritesToDiskAtTheVeryEnd) {
  const Folder host;
  SandboxRequest request = request_for("head -c 20M /dev/zero > /w/big");
  request.mounts = {host.at("/w")};
  request.limits.disk_bytes = 8U << 20U;
  EXPECT_EQ(run(request).how, HowEnded::disk_full);
}

TEST_P(SandboxBounds, FilesThatAreDeletedButOpen) {
  if (!GetParam()) GTEST_SKIP() << "only a cgroup tells which processes to look into";
  const Folder host;
  SandboxRequest request = python(R"(
import os
files = []
for i in range(40):
  files.append(open(f'/w/{i}', 'wb', buffering=0))
  os.unlink(f'/w/{i}')
  files[-1].write(bytes(1 << 20))
os.fork()
while True: os.read(os.pipe()[0], 1)
)");
  request.mounts = {host.at("/w")};
  request.limits.disk_bytes = 30U << 20U;
  EXPECT_EQ(run(request).how, HowEnded::disk_full);
  request.limits.disk_bytes = 50U << 20U;
  request.timeout = Milliseconds(1200);
  EXPECT_EQ(run(request).how, HowEnded::timed_out);
}

TEST_P(SandboxBounds, TheNumberOfFiles) {
  const Folder host;
  SandboxRequest request = python(R"(
n = 0
while True:
  open(f'/w/{n}', 'w').close()
  n += 1
)");
  request.mounts = {host.at("/w")};
  request.limits.disk_bytes = 32U << 20U;
  const SandboxResult result = run(request);
  EXPECT_EQ(result.how, HowEnded::disk_full);
  EXPECT_LT(result.took, seconds(20) * patience());
}

TEST_P(SandboxBounds, FoldersInFolders) {
  const Folder host;
  SandboxRequest request =
      python("import os\nos.chdir('/w')\nfor _ in range(200): os.mkdir('d'); os.chdir('d')");
  request.mounts = {host.at("/w")};
  EXPECT_EQ(run(request).how, HowEnded::disk_full);
}

TEST_P(SandboxBounds, ItsTemporaryFolders) {
  SandboxRequest request = request_for(
      "for d in /tmp /home/agent /dev/shm; do head -c 40M /dev/zero > $d/x 2>/dev/null; "
      "wc -c < $d/x; done");
  request.tmp_bytes = 4U << 20U;
  EXPECT_EQ(run(request).out, "4194304\n4194304\n41943040\n");
}

TEST_P(SandboxBounds, TheNumberOfTemporaryFiles) {
  SandboxRequest request = python(R"(
try:
  n = 0
  while True:
    open(f'/tmp/{n}', 'w').close()
    n += 1
except OSError: print('refused')
)");
  request.limits.memory_bytes = 48ULL << 20U;
  // Without, only the timeout ends it.
  request.timeout = GetParam() ? seconds(20) * patience() : seconds(1);
  const SandboxResult result = run(request);
  const bool refused = result.how == HowEnded::out_of_memory || result.out == "refused\n";
  EXPECT_TRUE(refused || (!GetParam() && result.how == HowEnded::timed_out)) << describe(result);
}

}  // namespace
}  // namespace swarmlab::sandbox
