// The first process of a container: starts the command with the descriptors, limits and filter that
// the worker sends, opens the gates, collects who is orphaned, and says how the command ended.
// Static, so that it runs in every image; one thread; plain system calls, as nothing may be
// allocated away from the command.
//
// The command runs as the same user, so this process is not dumpable: nobody inside may trace it or
// open its descriptors, and the kernel lets nobody inside kill process 1.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "worker/sandbox/inside/orders.h"
#include "worker/sandbox/inside/plan.h"
#include "worker/sandbox/inside/relay.h"
#include "worker/sandbox/inside/sockets.h"
#include "worker/sandbox/inside/usage.h"

namespace swarmlab::sandbox {
namespace {

int control = -1;  // the socket to the worker
inside::Relay relay;

}  // namespace

namespace inside {

void give_up(const char* what, const char* detail) {
  std::array<char, kLongestWhy> text{};
  const int size = std::snprintf(text.data(), text.size(), "%c%s: %s", kFailed, what, detail);
  if (control >= 0) ::send(control, text.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
  ::dprintf(2, "%s\n", text.data() + 1);
  ::_exit(1);
}

}  // namespace inside

namespace {

using namespace inside;  // NOLINT(google-build-using-namespace): its own words

static_assert(kMostOrderFds <= kMostDescriptors && kMostPorts <= kMostDescriptors);

// What came with the worker's one message.
Descriptors receive() {
  char byte = 0;
  Descriptors got;
  if (receive_with(control, &byte, 1, 0, got) != 1) ::_exit(1);  // the worker wants no more
  if (got.count == 0) give_up("orders", "none came");
  if (got.count > kMostOrderFds) give_up("orders", "too many descriptors");
  return got;
}

Descriptors open_gates(const Plan& plan) {
  Descriptors gates;
  for (std::size_t i = 0; i < plan.port_count; ++i) {
    const int fd = listen_at(plan.ports[i]);
    if (fd < 0) give_up("a port inside the sandbox");
    gates.add(fd);
  }
  return gates;
}

// The gates are the worker's: it gets the sockets, and nothing of them stays here. Where they
// cannot go out, what comes through them does.
void say_ready(const Plan& plan, const Descriptors& gates) {
  if (plan.has_own_kernel) relay.listen_at(gates);
  if (!send_with(control, {&kReady, 1}, plan.has_own_kernel ? Descriptors() : gates)) ::_exit(1);
  if (plan.has_own_kernel) return;
  for (std::size_t i = 0; i < gates.count; ++i) ::close(gates.fds[i]);
}

// In the child. What goes wrong is said on `told`, which exec closes.
[[noreturn]] void become_the_command(Plan& plan, const Descriptors& got, int told) {
  ::setsid();
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const auto fail = [told](const char* what) {
    std::array<char, kLongestWhy> text{};
    const int size = std::snprintf(text.data(), text.size(), "%s: %s", what, std::strerror(errno));
    [[maybe_unused]] const ssize_t written =
        ::write(told, text.data(), static_cast<std::size_t>(size));
    ::_exit(126);
  };
  if (::chdir(plan.folder) != 0) fail(plan.folder);
  if (!take_limits(plan)) fail("limit");
  if (plan.has_own_kernel) filter_calls(got.fds[1], 0);
  take_descriptors(plan, got);
  ::syscall(SYS_close_range, 4U, static_cast<unsigned>(told) - 1U, 0U);
  ::syscall(SYS_close_range, static_cast<unsigned>(told) + 1U, ~0U, 0U);
  ::execve(plan.argv[0], plan.argv.data(), plan.env.data());
  fail(plan.argv[0]);
  ::_exit(126);
}

pid_t start(Plan& plan, const Descriptors& got) {
  std::array<int, 2> told{};
  if (::pipe2(told.data(), O_CLOEXEC) != 0) give_up("pipe");
  const pid_t child = ::fork();
  if (child < 0) give_up("fork");
  if (child == 0) become_the_command(plan, got, told[1]);
  ::close(told[1]);
  std::array<char, kLongestWhy> why{};
  const ssize_t size = ::read(told[0], why.data(), why.size() - 1);
  ::close(told[0]);
  if (size > 0) give_up("the command", why.data());
  return child;
}

// The worker has sent a socket, or hung up.
void hear_the_worker() {
  std::array<char, 2> bytes{};
  Descriptors got;
  const ssize_t size = receive_with(control, bytes.data(), bytes.size(), MSG_DONTWAIT, got);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size != 2 || bytes[0] != kGate) ::_exit(1);  // the kernel kills all others with us
  relay.connect(static_cast<unsigned char>(bytes[1]), got.count == 1 ? got.fds[0] : -1);
}

// Until the command has ended, or the worker hangs up.
int wait_for(pid_t command, int signals) {
  std::array<pollfd, 2 + Relay::kMostEvents> events{};
  for (;;) {
    int status = 0;
    for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (ended == command) return code_of(status);
    }
    events[0] = {signals, POLLIN, 0};
    events[1] = {control, POLLIN, 0};
    const std::size_t count = 2 + relay.ask(events.data() + 2);
    const int ready = ::poll(events.data(), count, -1);
    if (ready < 0 && errno != EINTR) ::_exit(1);
    if (ready < 0) continue;
    relay.serve(events.data() + 2, control);
    if (events[1].revents != 0) hear_the_worker();
    signalfd_siginfo news{};
    if (events[0].revents != 0) {
      [[maybe_unused]] const ssize_t taken = ::read(signals, &news, sizeof news);
    }
  }
}

void kill_the_others() {
  do {
    ::kill(-1, SIGKILL);
  } while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR);
}

// Its pipes: gVisor lets others of the user open what a process has open, whoever may trace it.
void let_go_of_the_engine() {
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; nothing >= 0 && fd <= 2; ++fd) ::dup2(nothing, fd);
  if (nothing > 2) ::close(nothing);
}

int run() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  control = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, kInsideSocket, sizeof address.sun_path - 1);
  if (control < 0 ||
      ::connect(control, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    give_up(kInsideSocket);
  }
  const Descriptors got = receive();
  let_go_of_the_engine();
  if (got.count < 4) give_up("orders", "descriptors are missing");
  static Plan plan;
  read_plan(plan, Orders(got.fds[0]));
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  const int signals = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) give_up("signals");
  const Descriptors gates = open_gates(plan);
  // There it forbids what we do to others, too.
  if (!plan.has_own_kernel) filter_calls(got.fds[1], 0);
  const pid_t command = start(plan, got);
  say_ready(plan, gates);
  for (std::size_t i = 0; i < got.count; ++i) ::close(got.fds[i]);
  const int code = wait_for(command, signals);
  kill_the_others();
  relay.pass_on_the_rest();
  const Ending ending = ending_of(code);
  std::array<char, 1 + sizeof(Ending)> bytes{kEnded};
  std::memcpy(bytes.data() + 1, &ending, sizeof ending);
  ::send(control, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  // The worker still asks for what the container used: it is there as long as we are. Answers for
  // connections that nobody waits for any more may come before it hangs up.
  while (plan.has_own_kernel && ::recv(control, bytes.data(), bytes.size(), 0) > 0) {
  }
  return 0;
}

}  // namespace
}  // namespace swarmlab::sandbox

int main() {
  return swarmlab::sandbox::run();
}
