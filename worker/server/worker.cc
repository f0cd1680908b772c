#include "worker/server/worker.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>
#include <list>
#include <thread>
#include <tuple>

#include "common/log/log.h"
#include "common/os/file.h"
#include "common/os/folder_size.h"
#include "common/os/steady_clock.h"
#include "worker/evaluator/shim.h"
#include "worker/server/agent_session.h"
#include "worker/server/attempt.h"
#include "worker/server/crew.h"
#include "worker/server/metered_sandbox.h"
#include "worker/server/shared_fate.h"

namespace swarmlab::worker {
namespace {

// Below the worker's folder.
constexpr const char* kLockFile = "/lock";
constexpr const char* kSpoolFolder = "/spool";
constexpr const char* kWorkFolder = "/work";
constexpr const char* kObjectsFolder = "/objects.git";
constexpr const char* kDataFolder = "/data";
constexpr const char* kServicesFolder = "/services";
constexpr const char* kShimFolder = "/shim";

constexpr Milliseconds kLockLook{50};

bool take_lock(const UniqueFd& lock, Milliseconds grace) {
  SteadyClock& clock = system_steady_clock();
  const auto until = clock.now() + grace;
  while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (clock.now() >= until) return false;
    std::ignore = clock.wait(CancelToken(), kLockLook);
  }
  return true;
}

Result<UniqueFd> lock_folder(const std::string& folder) {
  const std::string path = folder + kLockFile;
  UniqueFd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
  if (!take_lock(lock, kFolderGrace)) {
    return fail(ErrorCode::conflict, "{}: another worker works here", folder);
  }
  return lock;
}

std::string work_folder_of(const WorkerOptions& options) {
  return options.trial_work.empty() ? options.folder + kWorkFolder : options.trial_work;
}

// What attempts of an earlier worker left.
Result<void> clear_work_folders(const WorkerOptions& options) {
  for (const std::string& folder : {work_folder_of(options), options.agent_work}) {
    if (folder.empty()) continue;
    SWARMLAB_CHECK(remove_tree(folder));
    SWARMLAB_CHECK(make_folders(folder));
  }
  return {};
}

}  // namespace

bool is_worker_folder_taken(const std::string& folder, Milliseconds grace) {
  const std::string path = folder + kLockFile;
  const UniqueFd lock(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  return lock && !take_lock(lock, grace);
}

bool has_undelivered_reports(const std::string& folder) {
  return Spool::has_reports(folder + kSpoolFolder);
}

struct Worker::Impl {
  Impl(const WorkerOptions& chosen, std::shared_ptr<WorkTally> counts, UniqueFd lock,
       std::unique_ptr<ObjectCache> cache, std::unique_ptr<Crew> gathered,
       std::unique_ptr<sandbox::Sandbox> opened_sandbox, Clock& system_clock)
      : options(chosen),
        tally(std::move(counts)),
        folder_lock(std::move(lock)),
        crew(std::move(gathered)),
        sandbox(metered(sharing_fate(std::move(opened_sandbox), crew->told()), *tally)),
        clock(system_clock),
        gpus(chosen.capacity.gpus),
        objects(std::move(cache)) {}

  Result<void> run() {
    Janitor janitor;
    HostServices services(options.folder + kServicesFolder, options.environment);
    const Workbench bench{.link = crew->link(),
                          .objects = *objects,
                          .data = data,
                          .gpus = gpus,
                          .sandbox = *sandbox,
                          .clock = clock,
                          .janitor = janitor,
                          .work_folder = work_folder_of(options),
                          .agent_work_folder = options.agent_work,
                          .shim = options.folder + kShimFolder,
                          .spool = options.folder + kSpoolFolder,
                          .max_pack_bytes = options.max_candidate_bytes,
                          .worker = WorkerName(options.name),
                          .host_class = options.host_class,
                          .environment = options.environment,
                          .services = options.host_services ? &services : nullptr,
                          .provider_keys = options.provider_keys,
                          .program = options.program};
    std::vector<Result<void>> ends(options.slots);
    std::list<std::jthread> threads;
    for (std::uint32_t i = 0; i < options.slots; ++i) {
      threads.emplace_back([&, i] {
        const log::Context context("worker", options.name);
        AgentSession session(options.agent_work.empty() ? bench.work_folder : options.agent_work,
                             janitor);
        const DoTask counted = [&](const Assignment& assignment, const CancelToken& cancel) {
          tally->begin(i);
          auto report = attempt(bench, assignment, cancel, &session);
          tally->end(i, report.map([](const SpooledReport& one) { return one.report.outcome; }));
          return report;
        };
        ends[i] = crew->work(i, counted, options.once,
                             [&session](const Report& report, const ReportAnswer& answer) {
                               session.judged(report, answer);
                             });
      });
    }
    threads.clear();  // joins
    crew->link().bye();
    for (const Result<void>& end : ends) SWARMLAB_CHECK(end);
    return {};
  }

  const WorkerOptions options;
  const std::shared_ptr<WorkTally> tally;
  UniqueFd folder_lock;
  std::unique_ptr<Crew> crew;
  std::unique_ptr<sandbox::Sandbox> sandbox;
  Clock& clock;
  FolderSizes cached{
      {{"objects", options.folder + kObjectsFolder}, {"data", options.folder + kDataFolder}}};
  DataFolders data{options.folder + kDataFolder, options.cache_bytes / 2};
  GpuPool gpus;
  std::unique_ptr<ObjectCache> objects;
};

Worker::Worker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Worker::~Worker() = default;

Result<std::unique_ptr<Worker>> Worker::start(const WorkerOptions& options,
                                              std::unique_ptr<sandbox::Sandbox> sandbox,
                                              Clock& clock) {
  SWARMLAB_CHECK(make_folders(options.folder, 0700));
  SWARMLAB_TRY(lock, lock_folder(options.folder));
  SWARMLAB_CHECK(clear_work_folders(options));
  SWARMLAB_CHECK(remove_tree(options.folder + kServicesFolder));
  SWARMLAB_CHECK(write_shim(options.folder + kShimFolder));
  SWARMLAB_TRY(spool, Spool::open(options.folder + kSpoolFolder));
  SWARMLAB_TRY(objects,
               ObjectCache::open(options.folder + kObjectsFolder, options.cache_bytes / 2));
  const auto tally = std::make_shared<WorkTally>();
  const auto connect = [&options, &tally](std::function<void()> on_drain, Holdings& holdings) {
    return Link::connect({.address = options.address,
                          .credentials = options.credentials,
                          .insecure = options.insecure,
                          .name = options.name,
                          .host_class = options.host_class,
                          .version = options.version,
                          .slots = options.slots,
                          .protocols = options.protocols,
                          .capacity = options.capacity,
                          .on_drain = std::move(on_drain),
                          .on_beat =
                              [on_beat = options.on_beat, tally, &holdings](bool heard) {
                                tally->heard(heard);
                                if (on_beat)
                                  on_beat({.heard = heard, .leases = holdings.all().size()});
                              }},
                         holdings);
  };
  SWARMLAB_TRY(crew, Crew::gather(std::move(spool), system_steady_clock(), connect));
  return std::unique_ptr<Worker>(
      new Worker(std::make_unique<Impl>(options, tally, std::move(lock), std::move(objects),
                                        std::move(crew), std::move(sandbox), clock)));
}

Result<void> Worker::run() {
  return impl_->run();
}

void Worker::leave() {
  impl_->crew->leave();
}

void Worker::leave_now() {
  impl_->crew->leave_now();
}

bool Worker::is_idle_for(Milliseconds patience) const {
  // With `once` it was started for work that was there: that may come back from who has it.
  const bool none_is_enough = !impl_->options.once;
  return impl_->crew->idle().is_over(
      patience, none_is_enough ? impl_->options.slots : std::numeric_limits<std::uint32_t>::max());
}

void Worker::log_summary() const {
  const std::vector<LeaseKey> held = impl_->crew->held();
  log::info("summary: {} leases held in {} slots{}{}", held.size(), impl_->options.slots,
            log::field("worker", impl_->options.name),
            log::field("state", impl_->crew->leaves() ? "leaves" : "works"));
  for (const LeaseKey& lease : held) {
    log::info("summary: lease{}{}", log::field("task", lease.task.value()),
              log::field("token", lease.token.value()));
  }
}

metrics::Page Worker::vitals() const {
  metrics::Page page;
  impl_->tally->tell(page, impl_->options.slots, impl_->crew->held().size());
  const Spool::Backlog backlog = Spool::backlog(impl_->options.folder + kSpoolFolder);
  page.gauge("swarmlab_spool_reports", "Reports that the coordinator has not acknowledged",
             static_cast<double>(backlog.reports));
  page.gauge("swarmlab_spool_oldest_seconds", "Age of the oldest of them; 0: there is none",
             std::chrono::duration<double>(backlog.oldest).count());
  for (const auto& [kind, bytes] : impl_->cached.bytes()) {
    page.gauge("swarmlab_cache_bytes", "Objects and data that are kept for later tasks",
               static_cast<double>(bytes), {{"kind", kind}});
  }
  std::error_code error;
  const auto space = std::filesystem::space(impl_->options.folder, error);
  page.gauge("swarmlab_disk_free_bytes", "Free on the disk of the worker's folder",
             error ? 0.0 : static_cast<double>(space.available));
  return page;
}

std::vector<http::Reason> Worker::reasons() const {
  std::vector<http::Reason> reasons;
  const WorkTally::Connection connection = impl_->tally->connection();
  if (!connection.is_there) {
    reasons.push_back({.what = "connection",
                       .why = fmt::format("the coordinator at {} has not answered for {} s",
                                          impl_->options.address, connection.lasts.count())});
  }
  if (impl_->crew->leaves()) {
    reasons.push_back({.what = "draining", .why = "it finishes what runs and takes nothing more"});
  }
  if (std::string why = impl_->tally->sandbox_failure(); !why.empty()) {
    reasons.push_back({.what = "sandbox", .why = std::move(why)});
  }
  if (const auto room = impl_->crew->spool().has_room(); !room) {
    reasons.push_back({.what = "disk", .why = room.error().message});
  }
  return reasons;
}

}  // namespace swarmlab::worker
