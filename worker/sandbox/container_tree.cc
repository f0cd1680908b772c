#include "worker/sandbox/container_tree.h"

#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "worker/sandbox/bubblewrap_tree.h"
#include "worker/sandbox/inside/orders.h"
#include "worker/sandbox/inside/sockets.h"
#include "worker/sandbox/runner_tree.h"
#include "worker/sandbox/stillness.h"

namespace swarmlab::sandbox {
namespace {

constexpr std::size_t kLongestMessage = 1024;
constexpr int kKilled = 128 + SIGKILL;        // as a shell tells it
constexpr Milliseconds kRemoveGrace{20'000};  // of an engine, after the container's end

// Those in the pid namespace of a process, itself included.
std::vector<pid_t> processes_beside(pid_t one) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<pid_t> found;
  const auto space_of = [&error](const fs::path& process) {
    return fs::read_symlink(process / "ns/pid", error).string();
  };
  const std::string ours = space_of("/proc/" + std::to_string(one));
  if (ours.empty()) return found;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (space_of(entry.path()) == ours) found.push_back(static_cast<pid_t>(std::stol(name)));
  }
  return found;
}

}  // namespace

void ContainerTree::give(SpawnRequest& /*spawn*/, int fd, int child_fd) {
  given_.at(static_cast<std::size_t>(child_fd)) = fd;
  // Where it fails, only the name /dev/stderr does not work. Another kernel knows no users of ours.
  if (parts_.own_kernel) {
    [[maybe_unused]] const int done = ::fchmod(fd, 0666);
  } else if (parts_.user) {
    [[maybe_unused]] const int done = ::fchown(fd, parts_.user->first, parts_.user->second);
  }
}

Result<void> ContainerTree::hear() {
  return control_ ? listen() : meet();
}

Result<void> ContainerTree::meet() {
  control_.reset(::accept4(parts_.listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!control_) return {};
  parts_.listener.reset();
  met_ = true;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(control_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) first_ = peer.pid;
  if (first_ > 0) init_ = open_pidfd(first_);
  if (first_ > 0 && parts_.own_kernel) group_ = GroupUsage::of(first_);
  if (killed_) {
    hang_up();
    return {};
  }
  return send_orders();
}

Result<void> ContainerTree::send_orders() {
  Descriptors sent;
  sent.add(parts_.orders.get());
  sent.add(parts_.filter.get());
  for (const int fd : given_) {
    if (fd >= 0) sent.add(fd);
  }
  if (send_with(control_.get(), "o", sent)) return {};
  return fail(ErrorCode::unavailable, "the program inside the container: {}", std::strerror(errno));
}

Result<void> ContainerTree::listen() {
  std::array<char, kLongestMessage> bytes{};
  Descriptors received;
  const ssize_t got = receive_with(control_.get(), bytes.data(), bytes.size(), 0, received);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (got <= 0) {
    hang_up();
    return {};
  }
  std::vector<UniqueFd> sockets(received.fds.begin(), received.fds.begin() + received.count);
  if (bytes[0] == kFailed) {
    return fail(ErrorCode::unavailable, "the sandbox does not start: {}",
                std::string_view(bytes.data() + 1, static_cast<std::size_t>(got) - 1));
  }
  if (bytes[0] == kReady) {
    if (sockets.size() != (parts_.own_kernel ? 0 : gate_count_)) {
      return fail(ErrorCode::internal, "gate: a socket is missing");
    }
    gates_.adopt(std::move(sockets));
    runs_ = true;
  }
  if (bytes[0] == kGate && got == 3 && runs_ && parts_.own_kernel) {
    connect(static_cast<unsigned char>(bytes[1]), bytes[2]);
  }
  if (bytes[0] == kEnded && static_cast<std::size_t>(got) == 1 + sizeof(Ending)) {
    int code = 0;
    const Usage used = usage_in(bytes.data() + 1, code);
    if (parts_.has_group) usage_ = used;
    code_ = code;
    if (parts_.own_kernel) usage_ = group_.read();
    over_ = true;
  }
  return {};
}

// Its kernel has ended without a word: it was killed for its memory, or could not go on.
void ContainerTree::blame_the_command() {
  usage_ = group_.read();
  code_ = kKilled;
}

// Who runs out of descriptors refuses. Whether it still listens, its end tells.
void ContainerTree::connect(std::size_t gate, char number) {
  const auto socket = gates_.connect(gate);
  Descriptors sent;
  if (socket) sent.add(socket->get());
  const std::array<char, 2> answer{kGate, number};
  [[maybe_unused]] const bool done =
      send_with(control_.get(), {answer.data(), answer.size()}, sent);
}

void ContainerTree::hang_up() {
  control_.reset();
  over_ = true;
}

// Without its worker the program inside ends, and so does the container.
void ContainerTree::kill(const Process* spawned) {
  killed_ = true;
  if (met_) {
    hang_up();
  } else {
    spawned->kill(SIGKILL);  // what the engine starts nevertheless finds nobody to connect to
  }
  kill_by_pidfd(init_);
}

Result<std::optional<ExitStatus>> ContainerTree::bury(Process* spawned, Deadline deadline) {
  if (parts_.own_kernel && runs_ && !code_ && !killed_) blame_the_command();
  const bool was_killed = killed_;
  const bool met = met_;
  kill(spawned);
  if (init_ && !wait_for_end(init_, deadline)) return std::optional<ExitStatus>();
  // The engine still has to tidy up; who was killed before he had told it that does not end at all.
  const Milliseconds grace = met ? kRemoveGrace : Milliseconds(0);
  SWARMLAB_TRY(ended, spawned->wait(Deadline::after(grace)));
  if (!ended) {
    spawned->kill(SIGKILL);
    SWARMLAB_TRY(killed, spawned->wait(deadline));
    ended = killed;
    parts_.remove();
  }
  if (ended && !was_killed && runs_ && !code_ && ended->code == kKilled) {
    usage_ = Usage{.ran_out_of_memory = parts_.memory_is_limited};
  }
  return ended;
}

// All in its pid namespace are below the first process, but where that is a kernel's. A control
// group of an engine may be anywhere.
std::vector<pid_t> ContainerTree::members() const {
  if (first_ <= 0) return {};
  return parts_.own_kernel ? processes_beside(first_) : processes_of(first_);
}

// The program inside goes on: it ends all when its worker is gone, held or not.
Result<void> ContainerTree::hold(bool still) {
  constexpr Milliseconds kPatience{20'000};
  if (parts_.own_kernel) return fail(ErrorCode::unavailable, "gVisor's processes are not held");
  // It may run before it has said so.
  if (!init_ || killed_) return fail(ErrorCode::unavailable, "the sandbox runs nothing");
  if (still) return hold_still(first_, Whom::all_below, Deadline::after(kPatience));
  SWARMLAB_CHECK(parts_.prepare());
  let_go_on(first_, Whom::all_below);
  return {};
}

}  // namespace swarmlab::sandbox
