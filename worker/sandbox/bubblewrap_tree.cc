#include "worker/sandbox/bubblewrap_tree.h"

#include <poll.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "worker/sandbox/cgroup_files.h"
#include "worker/sandbox/stillness.h"

namespace swarmlab::sandbox {

void kill_by_pidfd(const UniqueFd& process) {
  if (process) ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
}

bool wait_for_end(const UniqueFd& process, Deadline deadline) {
  pollfd event{.fd = process.get(), .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&event, 1, deadline.poll_timeout());
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

UniqueFd open_pidfd(pid_t process) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
}

void BubblewrapTree::read() {
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::read(pipes_.status.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;
    if (got == 0) return pipes_.status.reset();
    said_.read({buffer.data(), static_cast<std::size_t>(got)});
  }
}

Result<void> BubblewrapTree::hear() {
  read();
  if (init_ || !said_.child()) return {};
  init_ = open_pidfd(*said_.child());
  if (!pipes_.block || killed_) return {};
  SWARMLAB_CHECK(gates_.open_inside(*said_.child()));
  pipes_.block.reset();
  return {};
}

void BubblewrapTree::kill(const Process* spawned) {
  killed_ = true;
  kill_by_pidfd(init_);
  spawned->kill(SIGKILL);
}

// The first process inside is the parent of all that lose theirs.
Result<void> BubblewrapTree::hold(bool still) {
  constexpr Milliseconds kPatience{20'000};
  if (!init_ || killed_) return fail(ErrorCode::unavailable, "the sandbox runs nothing");
  const Whom all = Whom::first_and_all_below;
  if (still) return hold_still(*said_.child(), all, Deadline::after(kPatience));
  let_go_on(*said_.child(), all);
  return {};
}

// Bubblewrap ends when the command does. The first process inside ends after all others there: the
// kernel sees to that. So its end is the end of the tree.
Result<std::optional<ExitStatus>> BubblewrapTree::bury(Process* spawned, Deadline deadline) {
  if (pipes_.status) read();
  if (!init_ && said_.child()) init_ = open_pidfd(*said_.child());
  kill(spawned);
  SWARMLAB_TRY(status, spawned->wait(deadline));
  if (pipes_.status) read();
  const bool dead = !init_ || wait_for_end(init_, deadline);
  if (init_) reap_orphan(init_);
  if (!dead) return std::optional<ExitStatus>();
  return status;
}

}  // namespace swarmlab::sandbox
