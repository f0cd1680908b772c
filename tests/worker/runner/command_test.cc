// Commands as a runner starts them, with what kernels of different ages give: Landlock can be used
// as an older one has it.
#include "worker/runner/command.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "common/os/file.h"
#include "worker/runner/landlock.h"
#include "worker/sandbox/inside/plan.h"
#include "worker/sandbox/memory_file.h"
#include "worker/sandbox/orders.h"
#include "worker/sandbox/sandbox.h"
#include "worker/sandbox/supervise.h"

namespace swarmlab::runner {
namespace {

using Kind = Confinement::Path::Kind;

struct Ended {
  int code = -1;
  std::string said;  // stdout and stderr
};

class Command : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (GetParam() > landlock_version()) {
      GTEST_SKIP() << "this kernel has Landlock " << landlock_version();
    }
    auto folder = TempFolder::create(testing::TempDir(), "runner");
    ASSERT_TRUE(folder.has_value());
    folder_.emplace(*std::move(folder));
    std::filesystem::create_directories(folder_->path() + "/mine");
    std::filesystem::create_directories(folder_->path() + "/frozen");
    std::ofstream(folder_->path() + "/frozen/file") << "as it was";
    gate_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    port_ = listen_anywhere(gate_);
    closed_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    closed_port_ = listen_anywhere(closed_);
  }

  static std::uint16_t listen_anywhere(const UniqueFd& socket) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket.get(), raw, size), 0);
    EXPECT_EQ(::listen(socket.get(), 16), 0);
    EXPECT_EQ(::getsockname(socket.get(), raw, &size), 0);
    return ntohs(address.sin_port);
  }

  /// Python, with `folder`, `gate` and `closed` as names.
  Ended run(const std::string& script) {
    const std::string mine = folder_->path() + "/mine";
    std::ofstream(mine + "/script.py")
        << "folder = '" << folder_->path() << "'\ngate = " << port_ << "\nclosed = " << closed_port_
        << "\nimport os, socket, threading\n"
        << "def connect(port, host='127.0.0.1'):\n"
           "  with socket.create_connection((host, port), timeout=20) as one: pass\n"
        << script;
    sandbox::SandboxRequest request{.command = "exec python3 -I " + mine + "/script.py",
                                    .folder = mine,
                                    .gates = {{.port = port_, .take = {}}}};
    const auto words = sandbox::shell_words(request, true);
    const auto orders = sandbox::memory_file(
        "orders", sandbox::orders_for({.request = request,
                                       .words = words,
                                       .limits = {},
                                       .path = "/usr/local/bin:/usr/bin:/bin"}));
    std::string text;
    for (const std::string& one :
         {std::string("w"), mine, std::string("r"), folder_->path() + "/frozen"}) {
      text.append(one).append(1, '\0');
    }
    const auto paths = sandbox::memory_file("paths", text);
    std::array<int, 2> ends{-1, -1};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    UniqueFd from(ends[0]);
    UniqueFd to(ends[1]);
    sandbox::Descriptors got;
    for (const int fd : {orders->get(), paths->get(), to.get(), to.get()}) got.add(fd);
    const auto started = start(got, {.landlock = GetParam(),
                                     .system = {{Kind::read, "/usr"},
                                                {Kind::read, "/bin"},
                                                {Kind::read, "/lib"},
                                                {Kind::read, "/lib64"},
                                                {Kind::read, "/etc"},
                                                {Kind::read, "/proc"},
                                                {Kind::device, "/dev"}},
                                     .protect = {::getpid()}});
    to.reset();
    if (!started) return {.code = -1, .said = started.error().message};
    Ended ended;
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = ::read(from.get(), buffer.data(), buffer.size())) > 0;) {
      ended.said.append(buffer.data(), static_cast<std::size_t>(size));
    }
    int status = 0;
    ::waitpid(started->command, &status, 0);
    ::kill(started->supervisor, SIGKILL);
    ::waitpid(started->supervisor, nullptr, 0);
    ended.code = sandbox::inside::code_of(status);
    return ended;
  }

  std::optional<TempFolder> folder_;
  UniqueFd gate_;
  UniqueFd closed_;
  std::uint16_t port_ = 0;
  std::uint16_t closed_port_ = 0;
};

TEST_P(Command, WritesOnlyWhatIsItsOwn) {
  const Ended ended = run(R"(
open('mine', 'w').write('x'); os.rename('mine', 'other')
assert open(folder + '/frozen/file').read() == 'as it was'
for path, how in ((folder + '/frozen/file', 'w'), (folder + '/frozen/file', 'a'), (folder + '/x', 'w'), ('/tmp/x', 'w'), (folder, 'list'), ('/root', 'list')):
  try: os.listdir(path) if how == 'list' else open(path, how)
  except PermissionError: continue
  raise SystemExit('not refused: ' + path)
try: os.truncate(folder + '/frozen/file', 0)
except PermissionError: pass
else: raise SystemExit('cut')
)");
  EXPECT_EQ(ended.code, 0) << ended.said;
}

TEST_P(Command, ReachesGatesAndItsOwnServersOnly) {
  const Ended ended = run(R"(
connect(gate)
for host, port in (('127.0.0.1', closed), ('127.0.0.2', closed), ('10.0.0.1', 80), ('::1', closed)):
  try: connect(port, host)
  except OSError: continue
  raise SystemExit(f'reached {host}')
server = socket.create_server(('127.0.0.1', 0))
thread = threading.Thread(target=lambda: server.accept()[0].sendall(b'hello'))
thread.start()
with socket.create_connection(server.getsockname(), timeout=20) as one: assert one.recv(9) == b'hello'
thread.join()
path = os.getcwd() + '/s'
with socket.socket(socket.AF_UNIX) as one:
  one.bind(path); one.listen()
  with socket.socket(socket.AF_UNIX) as other: other.connect('s')
try: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
except OSError: pass
else: raise SystemExit('a datagram socket')
)");
  EXPECT_EQ(ended.code, 0) << ended.said;
}

TEST_P(Command, ReachesGatesWhenNobodyMayLookIntoIt) {
  const Ended ended = run(R"(
import ctypes
ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
try: connect(closed)
except OSError: pass
else: raise SystemExit('reached')
try: connect(gate)
except OSError: print('not reached')
)");
  EXPECT_EQ(ended.code, 0) << ended.said;
  // Who runs this as root may look into it all the same.
  if (GetParam() >= kDecidesPorts || ::geteuid() == 0) {
    EXPECT_EQ(ended.said, "");
  }
}

TEST_P(Command, TouchesNobodyElse) {
  const Ended ended = run(R"(
import signal
for pid in (os.getppid(), -os.getppid(), -1):
  try: os.kill(pid, 0)
  except PermissionError: continue
  raise SystemExit(f'signals {pid}')
try: open(f'/proc/{os.getppid()}/mem', 'rb').read(1)
except OSError: pass
else: raise SystemExit('reads memory')
)");
  EXPECT_EQ(ended.code, 0) << ended.said;
}

INSTANTIATE_TEST_SUITE_P(Landlock, Command, testing::Values(1, 2, 3, 4, 5, 6, 7));

}  // namespace
}  // namespace swarmlab::runner
