// Sandboxes that are containers of a pod: a runner in each starts what this worker tells it.
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "common/os/file.h"
#include "worker/sandbox/inside/orders.h"
#include "worker/sandbox/inside/runner_words.h"
#include "worker/sandbox/inside/sockets.h"
#include "worker/sandbox/memory_file.h"
#include "worker/sandbox/orders.h"
#include "worker/sandbox/runner_layout.h"
#include "worker/sandbox/runner_tree.h"
#include "worker/sandbox/sandbox.h"
#include "worker/sandbox/supervise.h"
#include "worker/sandbox/system_view.h"

namespace swarmlab::sandbox {
namespace {

namespace fs = std::filesystem;

// A container that was killed is started again, later each time.
constexpr Milliseconds kRunnerWithin{300'000};
constexpr Milliseconds kFirstWithin{90'000};  // when the worker starts
constexpr Milliseconds kCommandWithin{120'000};

struct Met {
  UniqueFd control;
  Hello hello;
  std::string program;
};

Result<UniqueFd> connect_once(const std::string& path) {
  UniqueFd control(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::invalid_input, "{}: the path of a socket has {} bytes at most", path,
                sizeof address.sun_path - 1);
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (control &&
      ::connect(control.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    return control;
  }
  return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
}

// Readable, cancelled (false) or too late (false).
bool wait_for(const UniqueFd& file, Deadline deadline, const CancelToken& cancel) {
  std::array<pollfd, 2> events{{{file.get(), POLLIN, 0}, {cancel.fd(), POLLIN, 0}}};
  int ready = 0;
  do {
    ready = ::poll(events.data(), events.size(), deadline.poll_timeout());
  } while (ready < 0 && errno == EINTR);
  return ready > 0 && events[0].revents != 0 && events[1].revents == 0;
}

// The runner takes its socket away while something runs, and puts it there when all is dead.
Result<UniqueFd> connect_to(const std::string& folder, Deadline deadline,
                            const CancelToken& cancel) {
  const UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!watch || ::inotify_add_watch(watch.get(), folder.c_str(), IN_MOVED_TO) < 0) {
    return fail(ErrorCode::unavailable, "{}: {}", folder, std::strerror(errno));
  }
  const std::string path = fmt::format("{}/{}", folder, kRunnerSocket);
  for (;;) {
    auto control = connect_once(path);
    if (control || control.error().code == ErrorCode::invalid_input) return control;
    if (!wait_for(watch, deadline, cancel)) return control;
    std::array<char, 4096> news{};
    while (::read(watch.get(), news.data(), news.size()) > 0) continue;
  }
}

Result<Met> meet(const std::string& folder, Deadline deadline, const CancelToken& cancel) {
  SWARMLAB_TRY(control, connect_to(folder, deadline, cancel));
  Met met{.control = std::move(control), .hello = {}, .program = {}};
  std::array<char, 1 + sizeof(Hello) + kLongestProgram> bytes{};
  Descriptors none;
  const ssize_t got = wait_for(met.control, deadline, cancel)
                          ? receive_with(met.control.get(), bytes.data(), bytes.size(), 0, none)
                          : -1;
  for (std::size_t i = 0; i < none.count; ++i) ::close(none.fds.at(i));
  if (got < static_cast<ssize_t>(1 + sizeof(Hello)) || bytes[0] != kHello) {
    return fail(ErrorCode::unavailable, "runner: nobody says hello at {}/{}", folder,
                kRunnerSocket);
  }
  std::memcpy(&met.hello, bytes.data() + 1, sizeof met.hello);
  met.program.assign(bytes.data() + 1 + sizeof met.hello,
                     static_cast<std::size_t>(got) - 1 - sizeof met.hello);
  if (met.hello.words != kRunnerWords) {
    return fail(ErrorCode::unavailable,
                "runner: the one at {}/{} is of another release, expected the same as the worker",
                folder, kRunnerSocket);
  }
  return met;
}

std::uint64_t our_network() {
  struct stat about {};
  return ::stat("/proc/self/ns/net", &about) == 0 ? about.st_ino : 0;
}

std::string our_program() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).string();
}

Result<void> check_network(const SandboxRequest& request, const Hello& hello,
                           const std::string& folder) {
  if (request.gates.empty() || hello.network == our_network()) return {};
  return fail(ErrorCode::unavailable,
              "runner: the one of {} is in another network namespace, expected that of the worker: "
              "all containers of one pod",
              folder);
}

class Runner final : public Sandbox {
 public:
  Runner(std::string runners, SystemView system)
      : runners_(std::move(runners)), system_(std::move(system)) {}

  [[nodiscard]] Result<SandboxResult> run(const SandboxRequest& wanted,
                                          const CancelToken& cancel) override {
    SWARMLAB_CHECK(check_driver(wanted, name()));
    SWARMLAB_CHECK(check_request(wanted));
    const std::string folder = folder_of_runner(runners_, wanted.party);
    const std::lock_guard one_at_a_time(wanted.party == Party::agent ? agent_ : evaluator_);
    // From here on nothing of an earlier run lives there.
    SWARMLAB_TRY(met, meet(folder, Deadline::after(within_), cancel));
    SWARMLAB_CHECK(check_network(wanted, met.hello, folder));
    SWARMLAB_TRY(layout, RunnerLayout::make(wanted, {.folder = folder,
                                                     .places = met.hello.places,
                                                     .program = met.program,
                                                     .our_program = our_program()}));
    return run_there(std::move(met), layout, cancel);
  }
  [[nodiscard]] std::string_view name() const override { return "runner"; }

  [[nodiscard]] Result<void> try_out() {
    for (const Party party : {Party::agent, Party::evaluator}) {
      const std::string folder = folder_of_runner(runners_, party);
      std::error_code error;
      if (!fs::is_directory(folder, error)) {
        return fail(ErrorCode::unavailable,
                    "runner: there is no folder {}, expected a volume that the worker shares with "
                    "the container of its {}",
                    folder, party == Party::agent ? "agents" : "evaluators");
      }
      const auto tried = run({.command = "exit 0", .party = party}, CancelToken());
      if (!tried) return fail(ErrorCode::unavailable, "runner: {}", tried.error().message);
      if (!tried->succeeded()) {
        return fail(ErrorCode::unavailable, "runner: {}: {}: {}", folder, describe(*tried),
                    tried->err);
      }
    }
    within_ = kRunnerWithin;
    return {};
  }

 private:
  Result<SandboxResult> run_there(Met met, const RunnerLayout& layout, const CancelToken& cancel) {
    const SandboxRequest& request = layout.request();
    const bool memory_is_limited =
        met.hello.memory_bytes > 0 && request.limits.memory_bytes >= met.hello.memory_bytes;
    const std::vector<std::string> words = shell_words(request, true);
    const std::vector<ResourceLimit> limits = process_limits(request.limits, memory_is_limited);
    SWARMLAB_TRY(orders, memory_file("orders", orders_for({.request = request,
                                                           .words = words,
                                                           .limits = limits,
                                                           .path = system_.path,
                                                           .keep_environment = false})));
    SWARMLAB_TRY(paths, memory_file("paths", layout.paths()));
    Gatekeeper gates(request.gates);
    SWARMLAB_CHECK(gates.open_here());
    RunnerTree tree({.control = std::move(met.control),
                     .orders = std::move(orders),
                     .paths = std::move(paths)});
    return supervise(
        {.request = &request, .tree = &tree, .gates = &gates, .start_within = kCommandWithin},
        cancel);
  }

  std::string runners_;
  SystemView system_;
  Milliseconds within_ = kFirstWithin;
  std::mutex agent_;
  std::mutex evaluator_;
};

}  // namespace

std::string folder_of_runner(const std::string& runners, Party party) {
  return runners + (party == Party::agent ? "/agent" : "/evaluator");
}

Result<std::unique_ptr<Sandbox>> make_runner(const SandboxOptions& options) {
  if (!is_absolute_and_plain(options.runners)) {
    return fail(ErrorCode::invalid_input,
                "--sandbox runner: --runners is \"{}\", expected the folder of the runners' "
                "sockets, such as /run/swarmlab",
                options.runners);
  }
  SWARMLAB_TRY(system, view_of_system(options));
  auto made = std::make_unique<Runner>(options.runners, std::move(system));
  SWARMLAB_CHECK(made->try_out());
  return std::unique_ptr<Sandbox>(std::move(made));
}

}  // namespace swarmlab::sandbox
