#include "worker/sandbox/container.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/os/sha256.h"
#include "worker/sandbox/container_tree.h"
#include "worker/sandbox/inside/orders.h"
#include "worker/sandbox/inside_program.h"
#include "worker/sandbox/memory_file.h"
#include "worker/sandbox/oci_args.h"
#include "worker/sandbox/orders.h"
#include "worker/sandbox/seccomp.h"
#include "worker/sandbox/skeleton.h"
#include "worker/sandbox/supervise.h"

namespace swarmlab::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr Milliseconds kStartWithin{120'000};  // of an engine, for one container
constexpr std::size_t kOwnerDigits = 16;
constexpr const char* kProgram = "/inside";

// In a folder that nobody else may enter: the container sees it by a mount of its own.
Result<UniqueFd> listen_in(const std::string& folder) {
  UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const UniqueFd place(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!socket || !place) {
    return fail(ErrorCode::unavailable, "{}: {}", folder, std::strerror(errno));
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // The path of a folder may be longer than an address can be.
  const std::string path = fmt::format("/proc/self/fd/{}/control", place.get());
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const bool listens =
      ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::chmod((folder + "/control").c_str(), 0777) == 0 && ::listen(socket.get(), 1) == 0;
  if (!listens) return fail(ErrorCode::unavailable, "{}: {}", folder, std::strerror(errno));
  return socket;
}

// Of a file that only we may read, the command gets a copy of its own.
Result<void> copy_private_files(const Engine& engine, const std::string& folder,
                                SandboxRequest& request) {
  if (!engine.is_another_user) return {};
  int count = 0;
  for (Mount& mount : request.mounts) {
    struct stat about {};
    if (mount.kind != Mount::Kind::read_only || ::stat(mount.host.c_str(), &about) != 0) continue;
    if (!S_ISREG(about.st_mode) || (about.st_mode & S_IROTH) != 0) continue;
    constexpr std::uint64_t kMostBytes = 16U << 20U;
    SWARMLAB_TRY(bytes, read_file(mount.host, kMostBytes));
    const std::string copy = fmt::format("{}/private-{}", folder, count++);
    SWARMLAB_CHECK(write_file(copy, bytes, 0600));
    SWARMLAB_CHECK(give_away(copy, engine.user, engine.group));
    mount.host = copy;
  }
  return {};
}

Result<void> give_writable_folders(const Engine& engine, const SandboxRequest& request) {
  if (!engine.is_another_user) return {};
  for (const std::string& folder : writable_folders(request)) {
    SWARMLAB_CHECK(give_away(folder, engine.user, engine.group));
  }
  return {};
}

Result<std::string> make_inside_folder(const std::string& run, const std::string& program) {
  std::string inside = run + "/inside";
  SWARMLAB_CHECK(make_folders(inside, 0755));
  if (::chmod(inside.c_str(), 0755) != 0 ||
      ::link(program.c_str(), (inside + kProgram).c_str()) != 0) {
    return fail(ErrorCode::unavailable, "{}: {}", inside, std::strerror(errno));
  }
  return inside;
}

std::optional<std::pair<unsigned, unsigned>> other_user(const Engine& engine) {
  if (!engine.is_another_user) return std::nullopt;
  return std::pair(engine.user, engine.group);
}

// What the command, who is another user, could not look into: the path is said while it is known.
Result<void> check_readable(const Engine& engine, const SandboxRequest& request,
                            const std::vector<std::string>& exposed) {
  if (!engine.is_another_user) return {};
  const auto check = [&engine](const std::string& path) -> Result<void> {
    struct stat about {};
    constexpr mode_t kOthers = S_IROTH | S_IXOTH;
    if (::stat(path.c_str(), &about) != 0 || !S_ISDIR(about.st_mode) ||
        (about.st_mode & kOthers) == kOthers) {
      return {};
    }
    return fail(ErrorCode::unavailable,
                "{}: only its owner may read it, but in containers of {} commands are user {}; "
                "let others read it (chmod o+rx)",
                path, engine.name, engine.user);
  };
  for (const std::string& path : exposed) SWARMLAB_CHECK(check(path));
  for (const Mount& mount : request.mounts) {
    if (mount.kind == Mount::Kind::read_only) SWARMLAB_CHECK(check(mount.host));
  }
  return {};
}

std::string problem_of(const Result<SandboxResult>& tried) {
  if (!tried) return tried.error().message;
  return describe(*tried) + ": " + tried->err;
}

}  // namespace

Result<void> give_away(const std::string& path, unsigned user, unsigned group) {
  const auto give = [&](const std::string& one) { return ::lchown(one.c_str(), user, group) == 0; };
  std::error_code error;
  bool given = give(path);
  if (fs::is_directory(fs::symlink_status(path, error))) {
    for (fs::recursive_directory_iterator at(path, error), end; !error && at != end;
         at.increment(error)) {
      given = give(at->path().string()) && given;
    }
  }
  if (given && !error) return {};
  return fail(ErrorCode::unavailable, "{}: it cannot be given to user {}: {}", path, user,
              error ? error.message() : std::strerror(errno));
}

Result<SandboxResult> Container::run(const SandboxRequest& wanted, const CancelToken& cancel) {
  SWARMLAB_CHECK(check_driver(wanted, name()));
  SWARMLAB_CHECK(check_request(wanted));
  SandboxRequest request = wanted;
  GpuDevices devices;
  if (!engine_.own_kernel) {
    SWARMLAB_TRY(taken, take_gpus(request, devices_));
    devices = std::move(taken);
  }
  SWARMLAB_TRY(folder, TempFolder::create(folder_.path(), "run"));
  SWARMLAB_TRY(inside, make_inside_folder(folder.path(), folder_.path() + kProgram));
  SWARMLAB_TRY(listener, listen_in(inside));
  SWARMLAB_CHECK(copy_private_files(engine_, folder.path(), request));
  SWARMLAB_CHECK(check_readable(engine_, request, system_.exposed));
  SWARMLAB_CHECK(give_writable_folders(engine_, request));
  const std::vector<std::string> words =
      shell_words(request, engine_.holds.processes && !engine_.own_kernel);
  const std::vector<ResourceLimit> limits = process_limits(request.limits, engine_.holds.memory);
  SWARMLAB_TRY(orders, memory_file("orders", orders_for({.request = request,
                                                         .words = words,
                                                         .limits = limits,
                                                         .path = system_.path,
                                                         .keep_environment = !request.image.empty(),
                                                         .own_kernel = engine_.own_kernel})));
  SWARMLAB_TRY(filter, memory_file("seccomp", filter_));
  const std::string name = fmt::format("swarmlab-{}-{}-{}", owner_, ::getpid(), ++runs_);
  Gatekeeper gates(request.gates);
  ContainerTree tree({.listener = std::move(listener),
                      .orders = std::move(orders),
                      .filter = std::move(filter),
                      .memory_is_limited = engine_.holds.memory && request.limits.memory_bytes > 0,
                      .has_group = engine_.holds.any(),
                      .own_kernel = engine_.own_kernel,
                      .user = other_user(engine_),
                      .prepare = [&] { return give_writable_folders(engine_, request); },
                      .remove = [this, &name] { remove_container(engine_, name); }},
                     gates, request.gates.size());
  Job job{.request = &request,
          .tree = &tree,
          .gates = &gates,
          .start_within = kStartWithin,
          .words_apart = true};
  job.spawn.argv = {engine_.program};
  job.spawn.argv.insert(job.spawn.argv.end(), engine_.words.begin(), engine_.words.end());
  const std::string shared = folder_.path();
  for (std::string& word : run_words(engine_, system_, request,
                                     {.name = name,
                                     .owner = owner_,
                                     .inside = inside,
                                     .passwd = shared + "/passwd",
                                     .group = shared + "/group",
                                     .hosts = shared + "/hosts",
                                     .nothing = shared + "/nothing",
                                     .image = request.image.empty() ? host_image_ : request.image,
                                     .devices = std::move(devices)})) {
    job.spawn.argv.push_back(std::move(word));
  }
  job.spawn.env = current_environment();
  job.spawn.new_session = true;
  job.spawn.die_with_parent = true;
  return supervise(std::move(job), cancel);
}

// Who is inside is named in /etc/passwd; those of the view name user 1000.
Result<void> Container::write_files() const {
  const std::string& folder = folder_.path();
  SWARMLAB_CHECK(write_file(folder + kProgram, inside_program(), 0755));
  const auto text_of = [this](std::string_view path) {
    const auto found = std::ranges::find(system_.files, path, &SystemView::File::path);
    return found == system_.files.end() ? std::string() : found->bytes;
  };
  SWARMLAB_CHECK(write_file(folder + "/passwd", text_of("/etc/passwd")));
  SWARMLAB_CHECK(write_file(folder + "/group", text_of("/etc/group")));
  SWARMLAB_CHECK(write_file(folder + "/hosts", text_of("/etc/hosts")));
  SWARMLAB_CHECK(write_file(folder + "/nothing", ""));
  return {};
}

Result<bool> Container::has_image(const ImageWish& wish) {
  return sandbox::has_image(engine_, wish.name);
}

Result<void> Container::build_image(const ImageWish& wish, const CancelToken& cancel) {
  return sandbox::build_image(engine_, wish, cancel);
}

Result<void> Container::prepare_host_image() {
  const std::string tar = skeleton_of(system_);
  host_image_ = "swarmlab/host:" + sha256_hex(tar).substr(0, kOwnerDigits);
  if (sandbox::has_image(engine_, host_image_)) return {};
  return import_image(engine_, tar, host_image_);
}

// A file that is ours alone to read tells, too, whether the engine sees the folders that we see.
Result<void> Container::try_out() {
  const auto tried = run({.command = "exit 0"}, CancelToken());
  if (tried && tried->succeeded()) return {};
  return fail(ErrorCode::unavailable, "{}: {}", engine_.name, problem_of(tried));
}

namespace {

void name_the_user(SystemView& system, const Engine& engine) {
  for (SystemView::File& file : system.files) {
    const auto rename = [&file](const std::string& was, const std::string& is) {
      if (const auto at = file.bytes.find(was); at != std::string::npos) {
        file.bytes.replace(at, was.size(), is);
      }
    };
    if (engine.user == 0) continue;
    if (file.path == "/etc/passwd") {
      rename("agent:x:1000:1000:", fmt::format("agent:x:{}:{}:", engine.user, engine.group));
    } else if (file.path == "/etc/group") {
      rename("agent:x:1000:", fmt::format("agent:x:{}:", engine.group));
    }
  }
}

}  // namespace

Result<std::unique_ptr<Sandbox>> Container::make(Engine engine, const SandboxOptions& options) {
  std::error_code error;
  const std::string parent =
      options.folder.empty() ? fs::temp_directory_path(error).string() : options.folder;
  if (!options.folder.empty()) {
    SWARMLAB_CHECK(remove_tree(parent));
    SWARMLAB_CHECK(make_folders(parent, 0700));
  }
  SWARMLAB_TRY(folder, TempFolder::create(parent, "swarmlab-containers"));
  SWARMLAB_TRY(system, view_of_system(options));
  name_the_user(system, engine);
  const std::string place = options.folder.empty() ? folder.path() : options.folder;
  const std::string owner = sha256_hex(fs::weakly_canonical(place, error).string());
  std::unique_ptr<Container> made(new Container(std::move(engine), std::move(system),
                                                std::move(folder), owner.substr(0, kOwnerDigits)));
  SWARMLAB_TRY(filter, made->engine_.own_kernel ? guarding_filter() : seccomp_filter());
  made->filter_ = std::move(filter);
  made->devices_ = options.devices;
  SWARMLAB_CHECK(made->write_files());
  SWARMLAB_CHECK(remove_containers(made->engine_, made->owner_));
  SWARMLAB_CHECK(made->prepare_host_image());
  SWARMLAB_CHECK(made->try_out());
  return std::unique_ptr<Sandbox>(std::move(made));
}

}  // namespace swarmlab::sandbox
