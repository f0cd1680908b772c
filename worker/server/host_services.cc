#include "worker/server/host_services.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/git/checkout.h"
#include "common/lab/paths.h"
#include "common/os/clock.h"
#include "common/os/file.h"
#include "common/os/sha256.h"
#include "worker/bridge/forward.h"
#include "worker/sandbox/untrusted_text.h"

namespace swarmlab::worker {
namespace {

constexpr Milliseconds kReadyWithin{30'000};
constexpr Milliseconds kLook{50};  // between two looks at the port of a service that starts
constexpr std::uint64_t kKeptWords = 64U << 10U;

// Of a port: "" is held by who runs the service, and says which one it is; nothing in it: it is
// about to end. ".users" is held by all who use it.
Result<UniqueFd> open_lock(std::uint16_t port, const char* suffix) {
  std::error_code error;
  const std::string folder = fmt::format(
      "{}/swarmlab-services-{}", std::filesystem::temp_directory_path(error).string(), ::geteuid());
  SWARMLAB_CHECK(make_folders(folder, 0700));
  const std::string path = fmt::format("{}/{}{}", folder, port, suffix);
  UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
  return lock;
}

std::string text_in(const UniqueFd& file) {
  std::string text(64, '\0');
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return text;
}

bool takes_connections(std::uint16_t port) {
  return static_cast<bool>(connect_here(port));
}

}  // namespace

struct HostServices::Service {
  HostService what;
  std::string identity;  // 64 digits
  UniqueFd lock;         // held: we run it
  CancelSource stop;
  bool runs = false;
  std::string words;  // the last of one that has ended
  std::jthread thread;

  Service(HostService service, std::string id, CancelSource source)
      : what(std::move(service)), identity(std::move(id)), stop(std::move(source)) {}
};

HostServices::HostServices(std::string folder, std::vector<std::string> environment)
    : folder_(std::move(folder)), environment_(std::move(environment)) {}

HostServices::~HostServices() {
  for (auto& [identity, service] : services_) {
    bool is_ours = false;
    {
      const std::lock_guard lock(mutex_);
      is_ours = service->runs && ::ftruncate(service->lock.get(), 0) == 0;
    }
    // Nobody begins to use it any more; who does is waited for.
    if (is_ours) {
      const auto users = open_lock(service->what.port, ".users");
      while (users && ::flock(users->get(), LOCK_EX) != 0 && errno == EINTR) continue;
    }
    service->stop.cancel();
  }
  services_.clear();  // joins
}

Result<UniqueFd> HostServices::need(const ServiceWish& wish, const CancelToken& cancel) {
  const HostService& what = *wish.settings.evaluator.service;
  const std::string identity =
      sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}", wish.commit.hex(), wish.settings.folder,
                             what.port, what.command, wish.data));
  std::unique_lock lock(mutex_);
  std::unique_ptr<Service>& service = services_[identity];
  if (!service) {
    SWARMLAB_TRY(stop, CancelSource::make());
    service = std::make_unique<Service>(what, identity, std::move(stop));
  }
  service->words.clear();
  auto ready = wait_until_ready(lock, *service, wish, cancel);
  if (ready) return ready;
  return within(fmt::format("[backend.host_service] port {}", what.port), ready.error());
}

// Unless another worker runs it already.
Result<void> HostServices::begin(Service& service, const ServiceWish& wish) {
  if (service.thread.joinable()) service.thread.join();  // it has ended
  SWARMLAB_TRY(held, open_lock(service.what.port, ""));
  if (::flock(held.get(), LOCK_EX | LOCK_NB) != 0) {
    const std::string other = text_in(held);
    if (other.empty() || other == service.identity) return {};
    return fail(ErrorCode::unavailable,
                "it is taken by the service of another lab, or of another "
                "commit of this one");
  }
  if (takes_connections(service.what.port)) {
    return fail(ErrorCode::unavailable, "somebody else listens there");
  }
  const bool is_written =
      ::ftruncate(held.get(), 0) == 0 &&
      ::pwrite(held.get(), service.identity.data(), service.identity.size(), 0) >= 0;
  if (!is_written) return fail(ErrorCode::unavailable, "{}", std::strerror(errno));
  const std::string checkout = fmt::format("{}/{}", folder_, ++started_);
  SWARMLAB_CHECK(make_folders(folder_, 0700));
  SWARMLAB_TRY(tree, wish.repository.tree_of(wish.commit));
  SWARMLAB_CHECK(git::checkout_tree(wish.repository, tree, checkout));
  SWARMLAB_TRY(runner, sandbox::make_none({}));
  sandbox::SandboxRequest request{.command = service.what.command,
                                  .folder = join(checkout, wish.settings.folder)};
  request.limits = {.memory_bytes = 0,
                    .processes = 0,
                    .file_bytes = 0,
                    .disk_bytes = 0,
                    .output_bytes = kKeptWords};
  // What sandboxes have of their own, it has as we do.
  for (const char* folder : {"/tmp", "/home/agent"}) {
    request.mounts.push_back({.host = folder, .inside = folder});
  }
  for (const std::string& variable : environment_) {
    const std::size_t equals = variable.find('=');
    if (equals == std::string::npos) continue;
    request.env.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
  }
  request.env.emplace_back("ARL_DATA_DIR", wish.data);
  request.env.emplace_back("ARL_PIPELINE_DIR", join(checkout, wish.settings.pipeline_dir));
  service.lock = std::move(held);
  service.runs = true;
  service.thread =
      std::jthread([this, &service, request = std::move(request), runner = std::move(runner)] {
        const auto ended = runner->run(request, service.stop.token());
        const std::lock_guard lock(mutex_);
        service.words =
            ended ? sandbox::describe_failure("the service", *ended) : ended.error().message;
        service.runs = false;
        service.lock.reset();
        changed_.notify_all();
      });
  return {};
}

Result<UniqueFd> HostServices::wait_until_ready(std::unique_lock<std::mutex>& lock,
                                                Service& service, const ServiceWish& wish,
                                                const CancelToken& cancel) {
  const Deadline deadline = Deadline::after(kReadyWithin);
  SWARMLAB_TRY(users, open_lock(service.what.port, ".users"));
  SWARMLAB_TRY(told, open_lock(service.what.port, ""));
  for (;;) {
    if (!service.words.empty()) return fail(ErrorCode::unavailable, "{}", service.words);
    if (cancel.cancelled()) return fail(ErrorCode::unavailable, "cancelled");
    if (!service.runs) SWARMLAB_CHECK(begin(service, wish));
    // In this order: who ends it first takes its name away, then waits for who holds this.
    const bool is_user = ::flock(users.get(), LOCK_SH | LOCK_NB) == 0;
    if (is_user && text_in(told) == service.identity && takes_connections(service.what.port)) {
      return std::move(users);
    }
    if (is_user) ::flock(users.get(), LOCK_UN);
    if (deadline.expired()) {
      return fail(ErrorCode::unavailable, "nobody listens there after {} s",
                  kReadyWithin.count() / 1000);
    }
    changed_.wait_for(lock, kLook);
  }
}

}  // namespace swarmlab::worker
