// What a hostile command must not do: change what is not its own, become more than it is, touch
// what is outside.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <csignal>

#include "common/os/process.h"
#include "tests/worker/sandbox/fixture.h"

namespace swarmlab::sandbox {
namespace {

using SandboxRefuses = SandboxTest;

// Calls the kernel directly: no wrapper in between that could be the one that refuses.
constexpr std::string_view kCall = R"(
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
  done = libc.syscall(number, *args)
  return 'done' if done >= 0 else errno.errorcode[ctypes.get_errno()]
)";

TEST_F(SandboxRefuses, ToWriteOutsideOfItsOwnFolders) {
  EXPECT_EQ(output_of("for d in / /usr /usr/bin /usr/local/lib /etc /etc/ssl /bin /lib /opt /home "
                      "/run /var /dev /dev/pts /proc /proc/self /proc/sys/kernel; do "
                      "touch $d/forged 2>/dev/null && echo $d; mkdir $d/forged.d 2>/dev/null && "
                      "echo $d; done; for f in /etc/passwd /etc/hosts /etc/ld.so.cache /bin/sh; do "
                      "echo forged 2>/dev/null >> $f && echo $f; rm $f 2>/dev/null && echo $f; "
                      "mv $f /tmp/x 2>/dev/null && echo $f; done; :"),
            "");
}

TEST_F(SandboxRefuses, ToChangeAReadOnlyMountInAnyWay) {
  const Folder host;
  host.write("scores", "0.5");
  std::filesystem::create_directory(host / "folder");
  SandboxRequest request = request_for(
      "for c in 'echo 999 > scores' 'echo 999 >> scores' 'truncate -s 0 scores' 'rm scores' "
      "'mv scores other' 'ln scores other' 'ln -s x other' 'chmod 777 scores' 'touch scores' "
      "'rmdir folder' 'mkdir other' 'mkfifo other' 'touch folder/other' 'mv folder other' "
      "'cp /bin/true scores' 'dd if=/dev/zero of=scores conv=notrunc count=1' 'chown 1:1 scores' "
      "'mount -o remount,rw /lab' 'umount /lab' 'umount -l /lab' 'setfattr -n user.x -v 1 scores' "
      "'exec 7<scores; echo 999 > /proc/self/fd/7'; do "
      "(eval \"$c\") >/dev/null 2>&1 && echo \"$c\"; done; :");
  request.mounts = {host.at("/lab", Mount::Kind::read_only)};
  request.folder = "/lab";
  EXPECT_EQ(output_of(request), "");
  EXPECT_EQ(host.read("scores"), "0.5");
}

TEST_F(SandboxRefuses, ToForgeAScoreWhereverItCanReach) {
  const Folder store;
  const Folder out;
  for (const Folder* folder : {&store, &out}) {
    folder->write("score.json", "{\"score\": 0.5}");
    std::filesystem::create_directory(*folder / "deep");
  }
  SandboxRequest request = python(R"(
import os
for folder, folders, files in os.walk('/'):
  if folder.startswith(('/proc/', '/usr/', '/opt/')) and folder.count('/') > 1: folders.clear()
  for name in files + ['score.json', 'result.json', 'outcome.json']:
    if name != 'score.json' and os.path.exists(f'{folder}/{name}'): continue
    try:
      with open(f'{folder}/{name}', 'w') as file: file.write('{"score": 999}')
    except OSError: pass
for fd in range(3, 100):
  try: os.write(fd, b'{"score": 999}')
  except OSError: pass
)");
  std::filesystem::create_directory(store / "out");
  request.mounts = {store.at("/lab", Mount::Kind::read_only), out.at("/lab/out")};
  request.result_channel = false;
  const SandboxResult result = run(request);
  EXPECT_TRUE(result.succeeded()) << describe(result) << result.err;
  EXPECT_EQ(result.result, "");
  EXPECT_EQ(store.read("score.json"), "{\"score\": 0.5}");
  EXPECT_FALSE(store.has("result.json") || store.has("deep/result.json"));
  EXPECT_EQ(out.read("score.json"), "{\"score\": 999}");  // this one it may
}

TEST_F(SandboxRefuses, ToForgeHowItEnded) {
  const SandboxResult result = run(python(R"(
import os, sys
for fd in list(range(3, 64)) + [f'/proc/1/fd/{n}' for n in range(3, 64)]:
  try:
    if isinstance(fd, str): fd = os.open(fd, os.O_WRONLY)
    os.write(fd, b'{ "exit-code": 0 }\n')
  except OSError: pass
sys.exit(7)
)"));
  EXPECT_EQ(describe(result), "exit code 7");
}

// Root outside is, to the kernel, root to all of /proc: opening them must fail.
TEST_F(SandboxRefuses, ToChangeSettingsOfTheKernel) {
  const std::string writable = output_of(python(R"(
import os
for folder, folders, files in os.walk('/proc'):
  if folder == '/proc': folders[:] = [name for name in folders if not name.isdigit() or name == '1']
  if folder.endswith('/fd'): continue  # pipes and /dev/null
  for name in files:
    try:
      os.close(os.open(f'{folder}/{name}', os.O_WRONLY | os.O_NONBLOCK))
      print(f'{folder}/{name}')
    except OSError: pass
)"));
  if (in_container()) {
    // Masks, which lead to /dev/null, questions about the load, and what is the process's own.
    std::istringstream lines(writable);
    for (std::string line; std::getline(lines, line);) {
      const bool is_harmless = line == "/proc/keys" || line == "/proc/timer_list" ||
                               line == "/proc/kcore" || line.starts_with("/proc/pressure/") ||
                               line.starts_with("/proc/1/");
      EXPECT_TRUE(is_harmless) << line;
    }
    EXPECT_EQ(output_of("find /sys -writable ! -type l 2>/dev/null | head; :"), "");
    return;
  }
  EXPECT_EQ(writable, "");
  EXPECT_EQ(output_of("ls -d /sys /sys/fs/cgroup /sys/kernel 2>/dev/null; :"), "");
}

struct Call {
  const char* name;
  long number;
  const char* args;
};

TEST_F(SandboxRefuses, CallsThatAttackTheKernelOrWhatIsAround) {
  const std::vector<Call> calls = {
      {"mount", SYS_mount, "b'none', b'/tmp', b'tmpfs', 0, None"},
      {"umount2", SYS_umount2, "b'/tmp', 2"},
      {"pivot_root", SYS_pivot_root, "b'/tmp', b'/tmp'"},
      {"chroot", SYS_chroot, "b'/tmp'"},
      {"fsopen", SYS_fsopen, "b'tmpfs', 0"},
      {"open_tree", SYS_open_tree, "-100, b'/usr', 1"},
      {"move_mount", SYS_move_mount, "-1, b'', -100, b'/tmp', 4"},
      {"setns", SYS_setns, "0, 0"},
      {"keyctl", SYS_keyctl, "0, -3, 0"},
      {"add_key", SYS_add_key, "b'user', b'x', b'y', 1, -3"},
      {"request_key", SYS_request_key, "b'user', b'x', None, -3"},
      {"bpf", SYS_bpf, "0, None, 0"},
      {"perf_event_open", SYS_perf_event_open, "None, 0, -1, -1, 0"},
      {"userfaultfd", SYS_userfaultfd, "0"},
      {"io_uring_setup", SYS_io_uring_setup, "8, None"},
      {"open_by_handle_at", SYS_open_by_handle_at, "-100, None, 0"},
      {"name_to_handle_at", SYS_name_to_handle_at, "-100, b'/usr', None, None, 0"},
      {"init_module", SYS_init_module, "None, 0, b''"},
      {"finit_module", SYS_finit_module, "0, b'', 0"},
      {"kexec_load", SYS_kexec_load, "0, 0, None, 0"},
      {"reboot", SYS_reboot, "0, 0, 0, None"},
      {"swapon", SYS_swapon, "b'/tmp/x', 0"},
      {"syslog", SYS_syslog, "3, None, 0"},
      {"quotactl", SYS_quotactl, "0, None, 0, None"},
      {"acct", SYS_acct, "None"},
      {"settimeofday", SYS_settimeofday, "None, None"},
      {"clock_settime", SYS_clock_settime, "0, None"},
      {"sethostname", SYS_sethostname, "b'x', 1"},
      {"fanotify_init", SYS_fanotify_init, "0, 0"},
      {"mknod", SYS_mknodat, "-100, b'/tmp/disk', 0o060600, 0xfe00"},
      {"setuid", SYS_setuid, "0"},
      {"setgroups", SYS_setgroups, "0, None"},
      {"setpriority", SYS_setpriority, "0, 0, -10"},
      {"clone3", SYS_clone3, "None, 0"},
  };
  std::string script(kCall);
  for (const Call& made : calls)
    script += fmt::format("print('{}', call({}, {}))\n", made.name, made.number, made.args);
  const std::string answers = output_of(python(script));
  for (const Call& made : calls) {
    // Of its own kernel: no device is behind the name, no other process beside them.
    const std::string_view own = made.name;
    if (in_gvisor() && (own == "mknod" || own == "setpriority")) continue;
    const std::string name = fmt::format("{} E", made.name);
    EXPECT_NE(answers.find(name), std::string::npos) << made.name;
  }
  EXPECT_EQ(answers.find("EFAULT"), std::string::npos) << answers;  // the kernel went on to look
}

TEST_F(SandboxRefuses, NewNamespaces) {
  const std::string script = fmt::format(
      "{}\nfor flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, "
      "0x2000000, 0x80):\n  print(call({}, flag), call({}, flag | 17, None, None, None, None) if "
      "flag != 0x80 else 'EPERM')\n",
      kCall, SYS_unshare, SYS_clone);
  std::string all_refused;
  for (int i = 0; i < 8; ++i) all_refused += "EPERM EPERM\n";
  EXPECT_EQ(output_of(python(script)), all_refused);
}

#if defined(__x86_64__)
TEST_F(SandboxRefuses, TheSameCallsByTheirOtherNumbers) {
  constexpr long kX32 = 0x40000000;
  EXPECT_EQ(output_of(python(fmt::format("{}print(call({}, b'x', b'/tmp', b'tmpfs', 0, None))\n",
                                         kCall, kX32 + SYS_mount))),
            "ENOSYS\n");
}
#endif

TEST_F(SandboxRefuses, RightsFromSetUserIdPrograms) {
  const Folder host;
  std::filesystem::copy_file("/usr/bin/id", host / "id");
  ASSERT_EQ(::chmod((host / "id").c_str(), 06755), 0);
  SandboxRequest request = request_for(
      "/w/id -u; chmod u+s /w/id 2>/dev/null; /w/id -u; "
      "awk '$6 !~ /nosuid/ {print \"with set-uid:\", $5}' /proc/self/mountinfo");
  // Engines mount without nosuid: there it is no new privileges alone that holds.
  if (in_container()) request.command = "/w/id -u; chmod u+s /w/id 2>/dev/null; /w/id -u";
  request.mounts = {host.at("/w")};
  EXPECT_EQ(output_of(request), fmt::format("{0}\n{0}\n", agent_id()));
}

TEST_F(SandboxRefuses, DevicesButTheHarmlessOnes) {
  const Folder host;
  SandboxRequest request = request_for(
      "stat -c '%n %F' /dev/* /dev/pts/* | sed -n 's/ character special file//p; /block/p'; "
      "mknod /w/disk b 254 0 2>/dev/null && echo made; cat /dev/tty 2>/dev/null; :");
  request.mounts = {host.at("/w")};
  if (in_gvisor()) {
    EXPECT_EQ(output_of(python("import errno, os\n"
                               "os.mknod('/tmp/disk', 0o60600, os.makedev(254, 0))\n"
                               "try: os.open('/tmp/disk', os.O_RDONLY)\n"
                               "except OSError as error: print(errno.errorcode[error.errno])")),
              "ENXIO\n");
    return;
  }
  EXPECT_EQ(output_of(request),
            "/dev/full\n/dev/null\n/dev/random\n/dev/tty\n/dev/urandom\n/dev/zero\n"
            "/dev/pts/ptmx\n");
}

TEST_F(SandboxRefuses, TypingIntoATerminal) {
  EXPECT_EQ(output_of(python(fmt::format(R"(
import errno, fcntl, os
def type_into(fd, request):
  try: fcntl.ioctl(fd, request, b'x')
  except OSError as error: return errno.errorcode[error.errno]
  return 'typed'
own, _ = os.openpty()
print(type_into(0, {0}), type_into(own, {0}), type_into(own, {1}))
try: os.open('/dev/tty', os.O_RDWR)
except OSError as error: print(errno.errorcode[error.errno])
)",
                                         TIOCSTI, 0x541C))),
            in_gvisor() ? "EPERM EPERM EPERM\nEIO\n" : "EPERM EPERM EPERM\nENXIO\n");
}

TEST_F(SandboxRefuses, SignalsAndTracesOfTheHost) {
  auto bystander = spawn({.argv = {"/bin/sleep", "100"}});
  ASSERT_TRUE(bystander.has_value());
  SandboxRequest request =
      python(fmt::format(R"({}
import os, signal, sys
ours, theirs = {}, {}
if ours > 50 and theirs > 50:
  for pid in ours, theirs, -theirs:
    try: os.kill(pid, 9); print('killed')
    except ProcessLookupError: pass
  print(call({}, 16, theirs, None, None), call({}, theirs, 0))
else: print('ESRCH ESRCH')
for number in range(1, 65):
  try: os.kill(1, number)
  except OSError: pass
if os.fork() == 0:
  os.setsid()
  os.kill(-1, signal.SIGKILL)
)",
                         kCall, ::getpid(), bystander->pid(), SYS_ptrace, SYS_pidfd_open));
  const SandboxResult result = run(request);
  EXPECT_EQ(result.out.find("killed"), std::string::npos) << result.out << result.err;
  const auto status = bystander->wait(Deadline::after(Milliseconds(0)));
  ASSERT_TRUE(status.has_value());
  EXPECT_FALSE(status->has_value());  // it lives
}

TEST_F(SandboxRefuses, ToEndOrStopItsFirstProcess) {
  const SandboxResult result = run(python(fmt::format(R"({}
import os, resource, signal, sys
def tried(what, *args):
  try: what(*args)
  except OSError: pass
for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGSEGV, signal.SIGKILL):
  for tell in ({}, {}): call(tell, 1, number)
  call({}, 1, 1, number)
  tried(os.killpg, 1, number)
  tried(os.kill, 1, number)
tried(resource.prlimit, 1, resource.RLIMIT_NOFILE, (0, 0))
print('alive', flush=True)
os._exit(5)
)",
                                                      kCall, SYS_kill, SYS_tkill, SYS_tgkill)));
  EXPECT_EQ(result.out, "alive\n") << result.err;
  EXPECT_EQ(describe(result), "exit code 5");
}

TEST_F(SandboxRefuses, RightsToItsFirstProcessToo) {
  if (in_gvisor()) GTEST_SKIP() << "the filter is only of the command";
  EXPECT_EQ(output_of("grep -hE '^(CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/1/status "
                      "/proc/self/status | sort | uniq -c | awk '{print $1, $2, $3}'"),
            "2 CapAmb: 0000000000000000\n2 CapBnd: 0000000000000000\n2 CapEff: "
            "0000000000000000\n2 NoNewPrivs: 1\n2 Seccomp: 2\n");
}

TEST_F(SandboxRefuses, HigherLimitsThanItWasGiven) {
  EXPECT_EQ(output_of("ulimit -c unlimited 2>/dev/null && echo core; "
                      "ulimit -f unlimited 2>/dev/null && echo file; "
                      "ulimit -n 1000000 2>/dev/null && echo open; ulimit -Hc"),
            "0\n");
}

}  // namespace
}  // namespace swarmlab::sandbox
