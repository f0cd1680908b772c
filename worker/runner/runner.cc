#include "worker/runner/runner.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <optional>

#include "common/log/log.h"
#include "common/os/file.h"
#include "common/os/signals.h"
#include "worker/runner/command.h"
#include "worker/runner/place.h"
#include "worker/sandbox/inside/plan.h"
#include "worker/sandbox/inside/runner_words.h"
#include "worker/sandbox/inside/usage.h"
#include "worker/sandbox/system_view.h"

namespace swarmlab::runner {
namespace {

namespace fs = std::filesystem;
using sandbox::Descriptors;
using Kind = Confinement::Path::Kind;

// At another name first: who sees the socket can connect to it.
Result<UniqueFd> listen_at(const std::string& path) {
  UniqueFd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string fresh = path + ".new";
  if (fresh.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::invalid_input, "{} has {} bytes, expected at most {}", path, path.size(),
                sizeof address.sun_path - sizeof ".new");
  }
  std::memcpy(address.sun_path, fresh.c_str(), fresh.size() + 1);
  ::unlink(fresh.c_str());
  const bool listens =
      listener &&
      ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::chmod(fresh.c_str(), 0600) == 0 && ::listen(listener.get(), 1) == 0 &&
      ::rename(fresh.c_str(), path.c_str()) == 0;
  if (!listens) return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
  return listener;
}

std::vector<Confinement::Path> system_paths(const sandbox::SystemView& view,
                                            const std::string& program) {
  std::vector<Confinement::Path> paths = {{Kind::read, "/proc"},     {Kind::device, "/dev"},
                                          {Kind::write, "/dev/shm"}, {Kind::write, "/tmp"},
                                          {Kind::write, "/var/tmp"}, {Kind::read, program}};
  const auto see = [&paths](const std::string& path) { paths.push_back({Kind::read, path}); };
  for (const auto& bind : view.binds) see(bind);
  for (const auto& exposed : view.exposed) see(exposed);
  for (const auto& link : view.links) see(link.path);
  for (const auto& file : view.files) see(file.path);
  return paths;
}

bool is_same_folder(const std::string& one, const std::string& other) {
  struct stat here {};
  struct stat there {};
  return ::stat(one.c_str(), &here) == 0 && ::stat(other.c_str(), &there) == 0 &&
         here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

// Whether a path of a sandbox is a link of the image to where the worker lays it out, by whatever
// path that folder is mounted.
std::uint32_t places_in(const std::string& folder) {
  std::uint32_t found = 0;
  for (std::size_t i = 0; i < sandbox::kPlaceCount; ++i) {
    const std::string place = sandbox::kPlaces[i];
    std::error_code error;
    const std::string target = fs::read_symlink(place, error).string();
    const std::string end = fmt::format("/{}{}", sandbox::kInsideLinks, place);
    if (error || !target.ends_with(end)) continue;
    if (is_same_folder(target.substr(0, target.size() - end.size()), folder)) found |= 1U << i;
  }
  return found;
}

// What the container used before a run: its control group counts from its start.
struct Before {
  sandbox::Ending counted = sandbox::ending_of(0);
  long long killed = kills();

  static long long kills() {
    return sandbox::first_known(
        {sandbox::number_in("/sys/fs/cgroup/memory.events", "\noom_kill "),
         sandbox::number_in("/sys/fs/cgroup/memory/memory.oom_control", "\noom_kill ")});
  }
};

sandbox::Ending ending_since(const Before& before, int code) {
  sandbox::Ending ending = sandbox::ending_of(code);
  ending.ran_out_of_memory = Before::kills() > before.killed ? 1 : 0;
  // A peak that is no higher than before says nothing of this run.
  if (ending.peak_memory_bytes <= before.counted.peak_memory_bytes) ending.peak_memory_bytes = -1;
  if (ending.cpu_us >= 0) ending.cpu_us -= before.counted.cpu_us;
  return ending;
}

class Runner {
 public:
  Runner(const RunnerOptions& options, SignalWatch signals, Confined how, std::string program)
      : options_(options),
        folder_(fs::path(options.socket).parent_path().string()),
        signals_(std::move(signals)),
        how_(std::move(how)),
        program_(std::move(program)) {}

  Result<void> run() {
    while (!told_to_leave_) {
      SWARMLAB_CHECK(make_clean());
      SWARMLAB_TRY(listener, listen_at(options_.socket));
      UniqueFd control = wait_for_worker(listener);
      // Nobody can connect while something runs.
      ::unlink(options_.socket.c_str());
      listener.reset();
      if (control) serve_one(control);
    }
    return make_clean();
  }

 private:
  static Result<void> make_clean() {
    SWARMLAB_CHECK(end_all_others());
    clear_temporary_folders();
    return {};
  }

  // Nothing: told to leave.
  UniqueFd wait_for_worker(const UniqueFd& listener) {
    for (;;) {
      std::array<pollfd, 2> events{{{listener.get(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}}};
      if (::poll(events.data(), events.size(), -1) < 0 && errno != EINTR) return {};
      hear_signals();
      if (told_to_leave_) return {};
      UniqueFd control(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      ucred peer{};
      socklen_t size = sizeof peer;
      if (control && ::getsockopt(control.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
          peer.uid == ::geteuid()) {
        return control;
      }
    }
  }

  void hear_signals() {
    while (const auto told = signals_.take()) {
      if (*told == SIGCHLD) continue;
      told_to_leave_ = true;
    }
  }

  void serve_one(const UniqueFd& control) {
    if (!say_hello(control)) return;
    Descriptors got;
    if (!receive_orders(control, got)) return;
    const Before before;
    auto started = start(got, how_);
    for (std::size_t i = 0; i < got.count; ++i) ::close(got.fds.at(i));
    if (!started) {
      const std::string why = sandbox::kFailed + started.error().message;
      ::send(control.get(), why.data(), why.size(), MSG_NOSIGNAL);
      return;
    }
    ::send(control.get(), &sandbox::kReady, 1, MSG_NOSIGNAL);
    const auto code = wait_for_end(control, *started);
    if (const auto clean = make_clean(); !clean || !code) return;
    const sandbox::Ending ending = ending_since(before, *code);
    std::array<char, 1 + sizeof ending> bytes{sandbox::kEnded};
    std::memcpy(bytes.data() + 1, &ending, sizeof ending);
    ::send(control.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  [[nodiscard]] bool say_hello(const UniqueFd& control) const {
    const sandbox::Hello hello{.landlock = how_.landlock,
                               .network = network_namespace(),
                               .memory_bytes = memory_limit(),
                               .places = places_in(folder_),
                               .is_memory_watched = Before::kills() >= 0 ? 1U : 0U};
    std::string bytes(1, sandbox::kHello);
    bytes.append(reinterpret_cast<const char*>(&hello), sizeof hello);
    bytes.append(program_);
    return ::send(control.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }

  bool receive_orders(const UniqueFd& control, Descriptors& got) {
    for (;;) {
      std::array<pollfd, 2> events{{{control.get(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}}};
      if (::poll(events.data(), events.size(), -1) < 0 && errno != EINTR) return false;
      hear_signals();
      if (told_to_leave_) return false;
      if (events[0].revents == 0) continue;
      char byte = 0;
      constexpr std::size_t kLeast = 4;  // orders, paths, stdout, stderr
      if (sandbox::receive_with(control.get(), &byte, 1, 0, got) == 1 && got.count >= kLeast) {
        return true;
      }
      for (std::size_t i = 0; i < got.count; ++i) ::close(got.fds.at(i));
      return false;
    }
  }

  // Nothing: the worker hung up, or we are told to leave.
  std::optional<int> wait_for_end(const UniqueFd& control, const Started& started) {
    for (;;) {
      int status = 0;
      for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;) {
        if (ended == started.command) return sandbox::inside::code_of(status);
      }
      std::array<pollfd, 2> events{{{control.get(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}}};
      if (::poll(events.data(), events.size(), -1) < 0 && errno != EINTR) return std::nullopt;
      hear_signals();
      if (events[0].revents != 0 || told_to_leave_) return std::nullopt;
    }
  }

  const RunnerOptions& options_;
  std::string folder_;
  SignalWatch signals_;
  Confined how_;
  std::string program_;
  bool told_to_leave_ = false;
};

Result<int> landlock_for(const RunnerOptions& options) {
  const int version = landlock_version();
  if (options.without_landlock) return 0;
  if (version > 0) return version;
  return fail(
      ErrorCode::unavailable,
      "Landlock is missing: this kernel has none (Linux 5.13, with landlock among lsm=), or "
      "the container's seccomp profile forbids it. Without it a command may write all that "
      "this container may; if that is to be, say --without-landlock");
}

}  // namespace

Result<void> serve(const RunnerOptions& options) {
  // Before anything else: nobody of this user may look into it.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  SWARMLAB_CHECK(check_alone());
  if (!sandbox::is_absolute_and_plain(options.socket) || options.socket.starts_with("/tmp/") ||
      options.socket.starts_with("/dev/")) {
    return fail(
        ErrorCode::invalid_input,
        "--listen {}: expected an absolute path outside of /tmp and /dev, which are cleared "
        "for each run",
        options.socket);
  }
  SWARMLAB_TRY(landlock, landlock_for(options));
  SWARMLAB_TRY(view, sandbox::view_of_system({.expose = options.expose}));
  SWARMLAB_TRY(signals, SignalWatch::make({SIGTERM, SIGINT, SIGCHLD}));
  ::signal(SIGIO, SIG_IGN);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  std::error_code error;
  const std::string program = fs::read_symlink("/proc/self/exe", error).string();
  log::info("serves at {}; Landlock {}", options.socket,
            landlock == 0 ? "is not used" : fmt::format("of version {}", landlock));
  return Runner(options, std::move(signals),
                {.landlock = landlock,
                 .system = system_paths(view, program),
                 .protect = own_processes()},
                program)
      .run();
}

}  // namespace swarmlab::runner
