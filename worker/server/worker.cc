#include "worker/server/worker.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <list>
#include <thread>

#include "common/git/library.h"
#include "common/log/log.h"
#include "common/os/file.h"
#include "worker/evaluator/shim.h"
#include "worker/server/slot.h"

namespace swarmlab::worker {
namespace {

// Below the worker's folder.
constexpr const char* kLockFile = "/lock";
constexpr const char* kSpoolFolder = "/spool";
constexpr const char* kWorkFolder = "/work";
constexpr const char* kObjectsFolder = "/objects.git";
constexpr const char* kShimFolder = "/shim";

Result<UniqueFd> lock_folder(const std::string& folder) {
  const std::string path = folder + kLockFile;
  UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::conflict, "{}: another worker works here", folder);
  }
  return lock;
}

}  // namespace

bool is_worker_folder_taken(const std::string& folder) {
  const std::string path = folder + kLockFile;
  const UniqueFd lock(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  return lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0;
}

bool has_undelivered_reports(const std::string& folder) {
  return Spool::has_reports(folder + kSpoolFolder);
}

struct Worker::Impl {
  Impl(const WorkerOptions& chosen, UniqueFd lock, Spool opened_spool, CancelSource drain_source,
       std::unique_ptr<sandbox::Sandbox> opened_sandbox, Clock& system_clock)
      : options(chosen),
        folder_lock(std::move(lock)),
        spool(std::move(opened_spool)),
        drain(std::move(drain_source)),
        sandbox(std::move(opened_sandbox)),
        clock(system_clock) {}

  // Left-over reports are held from the first hello on, or their leases would be taken for lost.
  Result<void> connect() {
    SWARMLAB_TRY(spooled, spool.read_all());
    for (const std::string& broken : spooled.broken) {
      log::error("spool: {} cannot be read and was set aside", broken);
    }
    left_over = std::move(spooled.reports);
    for (const SpooledReport& report : left_over) {
      holdings.add({report.report.task, report.report.token}, std::nullopt);
    }
    SWARMLAB_TRY(cache, ObjectCache::open(options.folder + kObjectsFolder, options.cache_bytes));
    objects = std::move(cache);
    SWARMLAB_TRY(connected, Link::connect({.address = options.address,
                                           .name = options.name,
                                           .host_class = options.host_class,
                                           .version = options.version,
                                           .slots = options.slots,
                                           .protocols = options.protocols,
                                           .on_drain = [this] { leave(); }},
                                          holdings));
    link = std::move(connected);
    return {};
  }

  void leave() {
    drain.cancel();
    if (link) link->leave();
  }

  Result<void> run() {
    Janitor janitor;
    const Workbench bench{.link = *link,
                          .objects = *objects,
                          .data = data,
                          .sandbox = *sandbox,
                          .clock = clock,
                          .janitor = janitor,
                          .work_folder = options.folder + kWorkFolder,
                          .shim = options.folder + kShimFolder,
                          .worker = WorkerName(options.name),
                          .host_class = options.host_class,
                          .environment = options.environment};
    std::vector<Result<void>> ends(options.slots);
    std::list<std::jthread> threads;
    for (std::uint32_t i = 0; i < options.slots; ++i) {
      auto mine = i == 0 ? std::move(left_over) : std::vector<SpooledReport>();
      threads.emplace_back([&, i, reports = std::move(mine)] {
        Slot slot(i, bench, spool, holdings);
        ends[i] = slot.run(reports, drain.token());
        if (!ends[i]) leave();  // the others would fail alike
      });
    }
    threads.clear();  // joins
    link->bye();
    for (const Result<void>& end : ends) SWARMLAB_CHECK(end);
    return {};
  }

  const WorkerOptions options;
  UniqueFd folder_lock;
  Spool spool;
  CancelSource drain;
  std::unique_ptr<sandbox::Sandbox> sandbox;
  Clock& clock;
  Holdings holdings;
  DataFolders data;
  std::vector<SpooledReport> left_over;
  std::unique_ptr<ObjectCache> objects;
  std::unique_ptr<Link> link;
};

Worker::Worker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Worker::~Worker() = default;

Result<std::unique_ptr<Worker>> Worker::start(const WorkerOptions& options,
                                              std::unique_ptr<sandbox::Sandbox> sandbox,
                                              Clock& clock) {
  SWARMLAB_CHECK(make_folders(options.folder, 0700));
  SWARMLAB_TRY(lock, lock_folder(options.folder));
  SWARMLAB_CHECK(remove_tree(options.folder + kWorkFolder));
  SWARMLAB_CHECK(make_folders(options.folder + kWorkFolder));
  SWARMLAB_CHECK(write_shim(options.folder + kShimFolder));
  SWARMLAB_TRY(spool, Spool::open(options.folder + kSpoolFolder));
  SWARMLAB_TRY(drain, CancelSource::make());
  auto impl = std::make_unique<Impl>(options, std::move(lock), std::move(spool), std::move(drain),
                                     std::move(sandbox), clock);
  SWARMLAB_CHECK(impl->connect());
  return std::unique_ptr<Worker>(new Worker(std::move(impl)));
}

Result<void> Worker::run() {
  return impl_->run();
}

void Worker::leave() {
  impl_->leave();
}

void Worker::leave_now() {
  impl_->leave();
  impl_->holdings.cancel_all();
}

}  // namespace swarmlab::worker
