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
#include "worker/sandbox/inside/sockets.h"
#include "worker/sandbox/inside/usage.h"

namespace swarmlab::sandbox {
namespace {

constexpr std::size_t kMostOrders = 8UL << 20U;  // bytes
constexpr std::size_t kMostWords = 4096;
constexpr std::size_t kLongestWhy = 400;

int control = -1;  // the socket to the worker

[[noreturn]] void give_up(const char* what, const char* detail) {
  std::array<char, kLongestWhy> text{};
  const int size = std::snprintf(text.data(), text.size(), "%c%s: %s", kFailed, what, detail);
  if (control >= 0) ::send(control, text.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
  ::dprintf(2, "%s\n", text.data() + 1);
  ::_exit(1);
}

[[noreturn]] void give_up(const char* what) {
  give_up(what, std::strerror(errno));
}

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

// Reads the orders, text by text.
class Orders {
 public:
  explicit Orders(int file) {
    struct stat about {};
    if (::fstat(file, &about) != 0) give_up("orders");
    const auto size = static_cast<std::size_t>(about.st_size);
    if (size == 0 || size > kMostOrders) give_up("orders", "of a size that cannot be");
    text_ = static_cast<char*>(std::malloc(size));
    if (text_ == nullptr || ::pread(file, text_, size, 0) != about.st_size) give_up("orders");
    end_ = text_ + size;
    if (end_[-1] != '\0') give_up("orders", "cut off");
  }
  char* text() {
    if (text_ >= end_) give_up("orders", "too short");
    char* const found = text_;
    text_ += std::strlen(text_) + 1;
    return found;
  }
  unsigned long number() { return std::strtoul(text(), nullptr, 10); }
  std::size_t count(std::size_t most) {
    const unsigned long value = number();
    if (value > most) give_up("orders", "too many");
    return value;
  }

 private:
  char* text_ = nullptr;
  const char* end_ = nullptr;
};

struct Limit {
  int resource;
  rlim_t value;
};

struct Plan {
  bool has_in = false;
  bool has_result = false;
  const char* folder = "/";
  std::array<std::uint16_t, kMostPorts> ports{};
  std::size_t port_count = 0;
  std::array<Limit, 16> limits{};
  std::size_t limit_count = 0;
  std::array<char*, kMostWords> env{};
  std::array<char*, kMostWords> argv{};
};

bool has_name_of(const char* variable, const char* other) {
  const char* const end = std::strchr(other, '=');
  if (end == nullptr) return false;
  return std::strncmp(variable, other, static_cast<std::size_t>(end - other) + 1) == 0;
}

// What engines put there that is not the image's.
bool is_of_the_engine(const char* variable) {
  constexpr std::array kNames = {
      "PATH=",       "HOME=",       "HOSTNAME=",    "container=",   "TERM=",
      "HTTP_PROXY=", "http_proxy=", "HTTPS_PROXY=", "https_proxy=", "NO_PROXY=",
      "no_proxy=",   "ALL_PROXY=",  "all_proxy=",   "FTP_PROXY=",   "ftp_proxy="};
  for (const char* const name : kNames) {
    if (std::strncmp(variable, name, std::strlen(name)) == 0) return true;
  }
  return false;
}

char* path_variable(const char* first, const char* otherwise, bool keep) {
  const char* const of_image = keep ? std::getenv("PATH") : nullptr;
  const char* const rest = of_image == nullptr ? otherwise : of_image;
  const std::size_t size = std::strlen("PATH=") + std::strlen(first) + std::strlen(rest) + 1;
  char* const text = static_cast<char*>(std::malloc(size));
  if (text == nullptr) give_up("memory");
  std::snprintf(text, size, "PATH=%s%s", first, rest);
  return text;
}

void plan_environment(Plan& plan, Orders& orders, std::size_t count, char* path, bool keep) {
  std::size_t used = 0;
  plan.env[used++] = path;
  for (std::size_t i = 0; i < count; ++i) {
    char* const variable = orders.text();
    if (std::strncmp(variable, "PATH=", 5) == 0) {
      plan.env[0] = variable;
    } else {
      plan.env[used++] = variable;
    }
  }
  const std::size_t ours = used;
  for (char** of_image = environ; keep && *of_image != nullptr; ++of_image) {
    bool is_set = is_of_the_engine(*of_image);
    for (std::size_t i = 0; i < ours && !is_set; ++i) is_set = has_name_of(plan.env[i], *of_image);
    if (!is_set && used + 1 < plan.env.size()) plan.env[used++] = *of_image;
  }
}

void read_plan(Plan& plan, Orders orders) {
  plan.has_in = orders.number() != 0;
  plan.has_result = orders.number() != 0;
  const bool keep = orders.number() != 0;
  plan.port_count = orders.count(plan.ports.size());
  plan.limit_count = orders.count(plan.limits.size());
  const std::size_t variables = orders.count(kMostWords / 2);
  const std::size_t words = orders.count(kMostWords - 1);
  plan.folder = orders.text();
  const char* const first = orders.text();
  const char* const otherwise = orders.text();
  for (std::size_t i = 0; i < plan.port_count; ++i) {
    plan.ports[i] = static_cast<std::uint16_t>(orders.number());
  }
  for (std::size_t i = 0; i < plan.limit_count; ++i) {
    plan.limits[i].resource = static_cast<int>(orders.number());
    plan.limits[i].value = orders.number();
  }
  plan_environment(plan, orders, variables, path_variable(first, otherwise, keep), keep);
  for (std::size_t i = 0; i < words; ++i) plan.argv[i] = orders.text();
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

// The gates are the worker's: it gets the sockets, and nothing of them stays here.
void say_ready(const Descriptors& gates) {
  if (!send_with(control, {&kReady, 1}, gates)) ::_exit(1);
  for (std::size_t i = 0; i < gates.count; ++i) ::close(gates.fds[i]);
}

// Descriptors of the command, in the places of `fds`: orders and filter are the first two.
void take_descriptors(const Plan& plan, const Descriptors& got) {
  constexpr int kAbove = 64;  // free of all that came
  std::size_t next = 2;
  std::array<int, 4> wanted{-1, -1, -1, -1};
  if (plan.has_in) wanted[0] = got.fds[next++];
  wanted[1] = got.fds[next++];
  wanted[2] = got.fds[next++];
  if (plan.has_result) wanted[3] = got.fds[next++];
  if (wanted[0] < 0) wanted[0] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  for (int& fd : wanted) {
    if (fd >= 0) fd = ::fcntl(fd, F_DUPFD_CLOEXEC, kAbove);
  }
  for (int i = 0; i < 4; ++i) {
    const int fd = wanted[static_cast<std::size_t>(i)];
    if (fd < 0) {
      ::close(i);
    } else if (::dup2(fd, i) < 0) {
      ::_exit(126);
    }
  }
}

void filter_calls(int file) {
  struct stat about {};
  if (::fstat(file, &about) != 0) give_up("seccomp filter");
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size == 0) return;
  auto* const program = static_cast<sock_filter*>(std::malloc(size));
  if (program == nullptr || ::pread(file, program, size, 0) != about.st_size) {
    give_up("seccomp filter");
  }
  sock_fprog filter{static_cast<unsigned short>(size / sizeof(sock_filter)), program};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) {
    give_up("seccomp filter");
  }
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
  for (std::size_t i = 0; i < plan.limit_count; ++i) {
    rlimit now{};
    ::getrlimit(plan.limits[i].resource, &now);
    const rlim_t value = plan.limits[i].value < now.rlim_max ? plan.limits[i].value : now.rlim_max;
    const rlimit limit{value, value};
    if (::setrlimit(plan.limits[i].resource, &limit) != 0) fail("limit");
  }
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

int code_of(int status) {
  constexpr int kShellSignal = 128;
  return WIFSIGNALED(status) ? kShellSignal + WTERMSIG(status) : WEXITSTATUS(status);
}

// Until the command has ended, or the worker hangs up.
int wait_for(pid_t command, int signals) {
  std::array<pollfd, 2> events{{{signals, POLLIN, 0}, {control, POLLIN, 0}}};
  for (;;) {
    int status = 0;
    for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (ended == command) return code_of(status);
    }
    if (::poll(events.data(), events.size(), -1) < 0 && errno != EINTR) ::_exit(1);
    if (events[1].revents != 0) ::_exit(1);  // the kernel kills all others with us
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
  filter_calls(got.fds[1]);
  const pid_t command = start(plan, got);
  say_ready(gates);
  for (std::size_t i = 0; i < got.count; ++i) ::close(got.fds[i]);
  const int code = wait_for(command, signals);
  kill_the_others();
  const Ending ending = ending_of(code);
  std::array<char, 1 + sizeof(Ending)> bytes{kEnded};
  std::memcpy(bytes.data() + 1, &ending, sizeof ending);
  ::send(control, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return 0;
}

}  // namespace
}  // namespace swarmlab::sandbox

int main() {
  return swarmlab::sandbox::run();
}
