#include "worker/runner/command.h"

#include <sys/prctl.h>

#include <array>
#include <csignal>
#include <string_view>

#include "worker/runner/loopback.h"
#include "worker/sandbox/inside/plan.h"
#include "worker/sandbox/inside/runner_words.h"
#include "worker/sandbox/memory_file.h"
#include "worker/sandbox/seccomp.h"

namespace swarmlab::sandbox::inside {

// Of the child that is to become the command: where it says what does not work. give_up() is called
// from all over the plan, and ends the process.
static int told_to = -1;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

void give_up(const char* what, const char* detail) {
  std::array<char, kLongestWhy> text{};
  const int size = std::snprintf(text.data(), text.size(), "%s: %s", what, detail);
  if (told_to >= 0) {
    [[maybe_unused]] const ssize_t written =
        ::write(told_to, text.data(), static_cast<std::size_t>(size));
  }
  ::_exit(126);
}

}  // namespace swarmlab::sandbox::inside

namespace swarmlab::runner {
namespace {

using sandbox::Descriptors;
namespace inside = sandbox::inside;

// In the places of what a worker sends.
constexpr std::size_t kOrders = 0;
constexpr std::size_t kPaths = 1;

void forget_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

inside::Plan& plan_of(const Descriptors& got) {
  static inside::Plan plan;
  inside::read_plan(plan, inside::Orders(got.fds[kOrders]));
  return plan;
}

void add_paths(Confinement& what, int file) {
  struct stat about {};
  if (::fstat(file, &about) != 0) inside::give_up("paths");
  std::string text(static_cast<std::size_t>(about.st_size), '\0');
  if (::pread(file, text.data(), text.size(), 0) != about.st_size) inside::give_up("paths");
  using Kind = Confinement::Path::Kind;
  for (std::size_t at = 0; at < text.size();) {
    const std::string may(text.c_str() + at);
    at += may.size() + 1;
    if (at >= text.size()) inside::give_up("paths", "cut off");
    const std::string path(text.c_str() + at);
    at += path.size() + 1;
    what.paths.push_back({may[0] == sandbox::kMayWrite ? Kind::write : Kind::read, path});
  }
}

Confinement confinement_of(const inside::Plan& plan, const Descriptors& got, const Confined& how) {
  Confinement what{.paths = how.system, .ports = {}};
  add_paths(what, got.fds[kPaths]);
  what.ports.assign(plan.ports.begin(),
                    plan.ports.begin() + static_cast<std::ptrdiff_t>(plan.port_count));
  return what;
}

// Waits for the filter's descriptor, which the command sends when it has installed it.
[[noreturn]] void supervise(int channel, const Descriptors& got, const Confined& how) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  const inside::Plan& plan = plan_of(got);
  Loopback what{.gates = {plan.ports.begin(),
                          plan.ports.begin() + static_cast<std::ptrdiff_t>(plan.port_count)},
                .ports_are_held = how.landlock >= kDecidesPorts,
                .names_are_held = how.landlock >= kDecidesSignals};
  char byte = 0;
  Descriptors sent;
  // What the command has is not ours to keep open.
  ::syscall(SYS_close_range, 0U, static_cast<unsigned>(channel) - 1U, 0U);
  ::syscall(SYS_close_range, static_cast<unsigned>(channel) + 1U, ~0U, 0U);
  if (sandbox::receive_with(channel, &byte, 1, 0, sent) != 1 || sent.count != 1) ::_exit(0);
  ::close(channel);
  supervise_sockets(UniqueFd(sent.fds[0]), what);
  ::_exit(0);
}

// Where the container is out of memory the kernel takes the command and what it starts, not the
// runner. The file is root's as long as the process is one that nobody may look into; exec makes it
// an ordinary one anyway.
void go_first_when_memory_ends() {
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  constexpr std::string_view kFirst = "1000";
  const UniqueFd file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (!file || ::write(file.get(), kFirst.data(), kFirst.size()) < 0) {
    inside::give_up("oom_score_adj");
  }
}

struct Lines {
  int told;     // what does not work; closed by exec
  int channel;  // to the supervisor
};

[[noreturn]] void become_the_command(const Descriptors& got, const Confined& how,
                                     const std::string& filter, Lines lines) {
  inside::told_to = lines.told;
  ::setsid();
  forget_signals();
  go_first_when_memory_ends();
  inside::Plan& plan = plan_of(got);
  if (::chdir(plan.folder) != 0) inside::give_up(plan.folder);
  if (!inside::take_limits(plan)) inside::give_up("limit");
  if (how.landlock > 0) {
    const int error = confine(confinement_of(plan, got, how), how.landlock);
    if (error != 0) inside::give_up("landlock", std::strerror(error));
  }
  const auto file = sandbox::memory_file("seccomp", filter);
  if (!file) inside::give_up("seccomp filter", file.error().message.c_str());
  const long questions = inside::filter_calls(file->get(), SECCOMP_FILTER_FLAG_NEW_LISTENER);
  Descriptors sent;
  sent.add(static_cast<int>(questions));
  if (!sandbox::send_with(lines.channel, "q", sent)) inside::give_up("supervisor");
  ::close(lines.channel);
  inside::take_descriptors(plan, got);
  ::syscall(SYS_close_range, 4U, static_cast<unsigned>(lines.told) - 1U, 0U);
  ::syscall(SYS_close_range, static_cast<unsigned>(lines.told) + 1U, ~0U, 0U);
  ::execve(plan.argv[0], plan.argv.data(), plan.env.data());
  inside::give_up(plan.argv[0]);
}

struct Pair {
  UniqueFd ours;
  UniqueFd theirs;
};

Result<Pair> line() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail(ErrorCode::unavailable, "socketpair: {}", std::strerror(errno));
  }
  // Above those that the command gets.
  constexpr int kAbove = 64;
  for (int& end : ends) {
    const int higher = ::fcntl(end, F_DUPFD_CLOEXEC, kAbove);
    ::close(end);
    end = higher;
  }
  return Pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<pid_t> fork_off() {
  const pid_t child = ::fork();
  if (child < 0) return fail(ErrorCode::unavailable, "fork: {}", std::strerror(errno));
  return child;
}

}  // namespace

Result<Started> start(const Descriptors& got, const Confined& how) {
  SWARMLAB_TRY(questions, line());
  SWARMLAB_TRY(told, line());
  Started started;
  SWARMLAB_TRY(supervisor, fork_off());
  if (supervisor == 0) supervise(questions.ours.get(), got, how);
  started.supervisor = supervisor;
  questions.ours.reset();
  std::vector<pid_t> protect = how.protect;
  protect.push_back(supervisor);
  SWARMLAB_TRY(filter, sandbox::shared_filter({.processes = std::move(protect),
                                               .is_traced_by_kernel = how.landlock > 0,
                                               .is_cut_by_kernel = how.landlock >= kTruncates}));
  SWARMLAB_TRY(command, fork_off());
  if (command == 0) {
    become_the_command(got, how, filter, {told.theirs.get(), questions.theirs.get()});
  }
  started.command = command;
  told.theirs.reset();
  questions.theirs.reset();
  std::array<char, inside::kLongestWhy> why{};
  const ssize_t size = ::read(told.ours.get(), why.data(), why.size() - 1);
  if (size > 0) return fail(ErrorCode::unavailable, "{}", why.data());
  return started;
}

}  // namespace swarmlab::runner
