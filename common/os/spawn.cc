// The start of a child. Between clone() and execve() the child shares our memory (as after vfork)
// while other threads of ours run: it makes system calls on values that were prepared before, and
// nothing else. No allocation, no locks, no exceptions.
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <string_view>

#include "common/os/process.h"

namespace swarmlab {
namespace {

enum class Step : int { session, parent, privileges, cgroup, limit, folder, fds, exec };

constexpr std::string_view name_of(Step step) {
  switch (step) {
    case Step::session:
      return "new session";
    case Step::parent:
      return "die with parent";
    case Step::privileges:
      return "no new privileges";
    case Step::cgroup:
      return "join cgroup";
    case Step::limit:
      return "resource limit";
    case Step::folder:
      return "change folder";
    case Step::fds:
      return "file descriptors";
    case Step::exec:
      return "exec";
  }
  return "start";
}

struct Failure {
  Step step;
  int error;
};

// All that the child needs, as C has it.
struct Plan {
  const SpawnRequest* request;
  std::vector<char*> argv;
  std::vector<char*> env;
  std::vector<FdMapping> fds;  // sorted by child_fd; child_fd is the index for 0, 1, 2
  std::vector<int> moved;      // scratch: where the parent's descriptors are while they are moved
  int top = 3;                 // above every child_fd
  int failure_fd = -1;
  pid_t parent = -1;
};

[[noreturn]] void give_up(const Plan& plan, Step step) {
  const Failure failure{step, errno};
  [[maybe_unused]] const ssize_t written = ::write(plan.failure_fd, &failure, sizeof failure);
  ::_exit(127);
}

void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void join_cgroups(const Plan& plan) {
  for (const int group : plan.request->cgroups) {
    if (::write(group, "0", 1) != 1) give_up(plan, Step::cgroup);
  }
}

void set_limits(const Plan& plan) {
  for (const ResourceLimit& wanted : plan.request->limits) {
    const auto resource = static_cast<__rlimit_resource_t>(wanted.resource);
    rlimit limit{};
    if (::getrlimit(resource, &limit) != 0) give_up(plan, Step::limit);
    limit.rlim_max = std::min<rlim_t>(limit.rlim_max, wanted.value);
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(resource, &limit) != 0) give_up(plan, Step::limit);
  }
}

// First all descriptors go above the wanted numbers, so that no move overwrites one still needed.
void move_fds(Plan& plan) {
  const int failure_fd = ::fcntl(plan.failure_fd, F_DUPFD_CLOEXEC, plan.top + 1);
  if (failure_fd < 0) give_up(plan, Step::fds);
  plan.failure_fd = failure_fd;
  for (std::size_t i = 0; i < plan.fds.size(); ++i) {
    plan.moved[i] = ::fcntl(plan.fds[i].parent_fd, F_DUPFD_CLOEXEC, plan.top + 1);
    if (plan.moved[i] < 0) give_up(plan, Step::fds);
  }
  if (::dup2(plan.failure_fd, plan.top) < 0) give_up(plan, Step::fds);
  plan.failure_fd = plan.top;
  ::fcntl(plan.failure_fd, F_SETFD, FD_CLOEXEC);
  int next_free = 0;
  for (std::size_t i = 0; i < plan.fds.size(); ++i) {
    const int wanted = plan.fds[i].child_fd;
    for (int unnamed = next_free; unnamed < wanted; ++unnamed) ::close(unnamed);
    if (::dup2(plan.moved[i], wanted) < 0) give_up(plan, Step::fds);
    next_free = wanted + 1;
  }
  for (int unnamed = next_free; unnamed < plan.top; ++unnamed) ::close(unnamed);
  if (::syscall(SYS_close_range, plan.top + 1, ~0U, 0) != 0) give_up(plan, Step::fds);
}

int child_main(void* argument) {
  Plan& plan = *static_cast<Plan*>(argument);
  const SpawnRequest& request = *plan.request;
  reset_signals();
  if (request.new_session && ::setsid() < 0) give_up(plan, Step::session);
  if (request.die_with_parent) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(plan, Step::parent);
    if (::getppid() != plan.parent) ::_exit(127);  // it died before we asked
  }
  join_cgroups(plan);
  if (!request.folder.empty() && ::chdir(request.folder.c_str()) != 0) give_up(plan, Step::folder);
  move_fds(plan);
  set_limits(plan);
  if (request.no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    give_up(plan, Step::privileges);
  }
  ::execve(plan.argv.front(), plan.argv.data(), plan.env.data());
  give_up(plan, Step::exec);
}

// The C interface takes char*, and changes nothing.
std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

Plan make_plan(const SpawnRequest& request, int null_fd, int failure_fd) {
  Plan plan{.request = &request,
            .argv = pointers_to(request.argv),
            .env = pointers_to(request.env),
            .fds = request.fds,
            .moved = {},
            .failure_fd = failure_fd,
            .parent = ::getpid()};
  for (int standard = 0; standard <= 2; ++standard) {
    const bool named = std::any_of(plan.fds.begin(), plan.fds.end(),
                                   [&](const FdMapping& fd) { return fd.child_fd == standard; });
    if (!named) plan.fds.push_back({null_fd, standard});
  }
  std::sort(plan.fds.begin(), plan.fds.end(),
            [](const FdMapping& a, const FdMapping& b) { return a.child_fd < b.child_fd; });
  plan.moved.resize(plan.fds.size());
  plan.top = plan.fds.back().child_fd + 1;
  return plan;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kShareMemory = 0;  // the sanitizers' shadow state must not see the child's calls
#else
constexpr int kShareMemory = CLONE_VM | CLONE_VFORK;  // cheap however large we are
#endif

// The child inherits no handler of ours while it shares our memory: signals wait until it is gone.
pid_t start(Plan& plan, int& pidfd) {
  constexpr std::size_t kStackBytes = 128UL << 10U;
  const auto stack = std::make_unique_for_overwrite<std::byte[]>(kStackBytes);
  void* const top = stack.get() + (kStackBytes - 64) / 16 * 16;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::clone(child_main, top, kShareMemory | CLONE_PIDFD | SIGCHLD, &plan, &pidfd);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

tl::unexpected<Error> explain(const SpawnRequest& request, const Failure& failure) {
  const bool missing = failure.step == Step::exec && failure.error == ENOENT;
  return fail(missing ? ErrorCode::not_found : ErrorCode::unavailable, "{}: {}: {}",
              request.argv.front(), name_of(failure.step), std::strerror(failure.error));
}

}  // namespace

Result<Process> spawn(const SpawnRequest& request) {
  if (request.argv.empty()) return fail(ErrorCode::invalid_input, "spawn: no program is named");
  const UniqueFd null_fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
  std::array<int, 2> ends{-1, -1};
  if (!null_fd || ::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::unavailable, "{}: {}", request.argv.front(), std::strerror(errno));
  }
  const UniqueFd failure_out(ends[0]);
  UniqueFd failure_in(ends[1]);
  Plan plan = make_plan(request, null_fd.get(), failure_in.get());
  int pidfd = -1;
  const pid_t pid = start(plan, pidfd);
  if (pid < 0) {
    return fail(ErrorCode::unavailable, "{}: clone: {}", request.argv.front(),
                std::strerror(errno));
  }
  Process process(pid, UniqueFd(pidfd));
  failure_in.reset();
  Failure failure{};
  ssize_t got = 0;
  do {
    got = ::read(failure_out.get(), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof failure)) return explain(request, failure);
  return process;
}

}  // namespace swarmlab
