// What a hostile command must not see: files, variables, descriptors and processes of the host.
#include <fcntl.h>

#include "common/os/unique_fd.h"
#include "tests/worker/sandbox/fixture.h"

namespace swarmlab::sandbox {
namespace {

using SandboxHides = SandboxTest;

TEST_F(SandboxHides, FoldersThatAreNotMounted) {
  const Folder store;
  const Folder workspace;
  store.write("scores", "0.5");
  std::filesystem::create_symlink(store.path(), workspace / "link");
  SandboxRequest request = request_for(
      "cat \"$1/scores\" /w/link/scores /proc/1/root/\"$1\"/scores /proc/self/root/\"$1\"/scores "
      "/w/../../../..\"$1\"/scores /proc/self/cwd/../\"$1\"/scores 2>/dev/null; find \"$1\" 2>&1; "
      ":");
  request.args = {store.path()};
  request.mounts = {workspace.at("/w")};
  request.command = "f() { " + request.command + "; }; f";
  EXPECT_EQ(output_of(request),
            fmt::format("find: ‘{}’: No such file or directory\n", store.path()));
}

TEST_F(SandboxHides, AWordThatIsOnlyInFilesAndVariablesOfTheHost) {
  const Folder store;
  store.write("secret", "swarmlab-canary-word");
  ::setenv("SWARMLAB_TEST_CANARY", "swarmlab-canary-word", 1);
  // In two halves: the command line of grep must not be what it finds.
  EXPECT_EQ(output_of("a=swarmlab-canary; ls / | grep -vE '^(usr|opt|proc|lib.*|s?bin)$' | "
                      "while read -r f; do grep -rlasD skip \"$a\"[-]word \"/$f\"; done; "
                      "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | "
                      "grep -ac \"$a\"[-]word; :"),
            "0\n");
}

TEST_F(SandboxHides, HomesAndTheStateOfTheSystem) {
  for (const char* path : {"/root",
                           "/sys",
                           "/boot",
                           "/mnt",
                           "/media",
                           "/srv",
                           "/var/lib",
                           "/var/log",
                           "/var/run",
                           "/etc/shadow",
                           "/etc/ssh",
                           "/etc/machine-id",
                           "/etc/sudoers",
                           "/etc/resolv.conf",
                           "/run/docker.sock",
                           "/dev/mem",
                           "/dev/kmsg",
                           "/dev/vda",
                           "/dev/sda",
                           "/dev/fuse",
                           "/dev/kvm"}) {
    const std::string_view name = path;
    if (in_container() && (name == "/sys" || name == "/etc/resolv.conf")) continue;
    if (in_gvisor() && name == "/dev/fuse") continue;  // its own; nobody inside may mount
    EXPECT_EQ(output_of(fmt::format("test -e {0} || test -L {0} || echo none", path)), "none\n")
        << path;
  }
  if (in_container()) {
    EXPECT_EQ(output_of("find /home /tmp -mindepth 1; cat /etc/resolv.conf"), "/home/agent\n");
    return;
  }
  EXPECT_EQ(output_of("find /home /run /tmp -mindepth 1"), "/home/agent\n");
}

TEST_F(SandboxHides, AllDescriptorsButThree) {
  const UniqueFd leaked(::open("/etc/hostname", O_RDONLY));  // on purpose without close-on-exec
  EXPECT_EQ(output_of(python(R"(
import os
for fd in range(2000):
  try: os.fstat(fd)
  except OSError: continue
  print(fd, os.readlink(f'/proc/self/fd/{fd}').split(':')[0])
)")),
            in_gvisor() ? "0 /dev/null\n1 host\n2 host\n" : "0 /dev/null\n1 pipe\n2 pipe\n");
}

TEST_F(SandboxHides, ProcessesOfTheHost) {
  EXPECT_EQ(output_of("test -e /proc/" + std::to_string(::getpid()) + " && [ " +
                      std::to_string(::getpid()) + " -gt 20 ] && echo seen; :"),
            "");
  // bubblewrap's first process, the shell, ls, grep, sort and tail.
  EXPECT_EQ(output_of("find /proc -maxdepth 1 -printf '%f\\n' | grep -E '^[0-9]+$' | sort -n | "
                      "tail -n 1 | grep -cE '^.{1,2}$'"),
            "1\n");
}

TEST_F(SandboxHides, HowItWasStarted) {
  const Folder host;
  SandboxRequest request = request_for(
      "tr '\\0' ' ' < /proc/1/cmdline; wc -c < /proc/1/environ; "
      "for f in root cwd exe fd/0 fd/5 fd/6; do readlink /proc/1/$f; done; :");
  request.mounts = {host.at("/w")};
  const std::string seen = output_of(request);
  EXPECT_EQ(seen.find(host.path()), std::string::npos) << seen;
  // The first process of a container lets nobody look at all.
  if (!in_container()) {
    EXPECT_NE(seen.find("\n/\n/\n"), std::string::npos) << seen;
  }
}

TEST_F(SandboxHides, MessageQueuesAndSharedMemoryOfTheHost) {
  EXPECT_EQ(output_of("cat /proc/sysvipc/shm /proc/sysvipc/msg /proc/sysvipc/sem 2>/dev/null | "
                      "wc -l; find /dev/shm -mindepth 1 | wc -l"),
            in_gvisor() ? "0\n0\n" : "3\n0\n");  // it has no such lists
}

}  // namespace
}  // namespace swarmlab::sandbox
