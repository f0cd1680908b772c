// What all sandboxes make of a request, whatever isolates it.
#include <sys/resource.h>

#include <filesystem>

#include "worker/sandbox/sandbox.h"
#include "worker/sandbox/supervise.h"
#include "worker/sandbox/system_view.h"

namespace swarmlab::sandbox {

std::string_view name_of(HowEnded how) {
  switch (how) {
    case HowEnded::exited:
      return "exited";
    case HowEnded::signaled:
      return "signaled";
    case HowEnded::timed_out:
      return "timed_out";
    case HowEnded::cancelled:
      return "cancelled";
    case HowEnded::out_of_memory:
      return "out_of_memory";
    case HowEnded::disk_full:
      return "disk_full";
  }
  return "unknown";
}

std::string describe(const SandboxResult& result) {
  switch (result.how) {
    case HowEnded::exited:
      return fmt::format("exit code {}", result.code);
    case HowEnded::signaled:
      return fmt::format("killed by signal {}", result.code);
    case HowEnded::timed_out:
      return fmt::format("timed out after {} ms", result.took.count() / 1000);
    case HowEnded::cancelled:
      return "cancelled";
    case HowEnded::out_of_memory:
      return "out of memory";
    case HowEnded::disk_full:
      return "wrote more to disk than it may";
  }
  return "unknown";
}

namespace {

Result<void> check_mount(const Mount& mount) {
  if (!is_absolute_and_plain(mount.inside) || mount.inside == "/") {
    return fail(ErrorCode::invalid_input, "mount at {}: expected an absolute path", mount.inside);
  }
  if (mount.kind == Mount::Kind::empty) return {};
  std::error_code error;
  if (!mount.host.starts_with('/') || !std::filesystem::exists(mount.host, error)) {
    return fail(ErrorCode::invalid_input, "mount of {} at {}: there is no such path", mount.host,
                mount.inside);
  }
  return {};
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.find('=') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

}  // namespace

Result<void> check_request(const SandboxRequest& request) {
  if (!request.folder.starts_with('/')) {
    return fail(ErrorCode::invalid_input, "folder {}: expected an absolute path", request.folder);
  }
  if (request.gates.size() > kMostGates) {
    return fail(ErrorCode::invalid_input, "{} gates, expected {} at most", request.gates.size(),
                kMostGates);
  }
  for (const Mount& mount : request.mounts) SWARMLAB_CHECK(check_mount(mount));
  for (const auto& [name, value] : request.env) {
    if (!is_variable_name(name) || value.find('\0') != std::string::npos) {
      return fail(ErrorCode::invalid_input, "variable {}: not a name or value of a variable", name);
    }
  }
  return {};
}

Result<void> check_driver(const SandboxRequest& request, std::string_view driver) {
  if (request.driver != SandboxDriver::any && name_of(request.driver) != driver) {
    return fail(ErrorCode::unavailable, "the lab's sandbox is {}, but this worker has {}",
                name_of(request.driver), driver);
  }
  const auto which = sandbox_driver_from(driver);
  if (request.image.empty() || (which && has_images(*which))) return {};
  return fail(ErrorCode::invalid_input,
              "image {}: {} has no images, expected docker, podman or runsc", request.image,
              driver);
}

Result<bool> Sandbox::has_image(const ImageWish& /*wish*/) {
  return false;
}

Result<void> Sandbox::build_image(const ImageWish& wish, const CancelToken& /*cancel*/) {
  return fail(ErrorCode::unavailable,
              "{}: this worker has {}, which builds no images, expected docker, podman or runsc",
              wish.dockerfile, name());
}

std::vector<std::string> writable_folders(const SandboxRequest& request) {
  std::vector<std::string> folders;
  for (const Mount& mount : request.mounts) {
    if (mount.kind == Mount::Kind::read_write) folders.push_back(mount.host);
  }
  return folders;
}

std::vector<ResourceLimit> process_limits(const ResourceLimits& limits, bool memory_is_limited) {
  constexpr std::uint64_t kOpenFiles = 16'384;
  std::vector<ResourceLimit> found = {{RLIMIT_CORE, 0}, {RLIMIT_NOFILE, kOpenFiles}};
  if (limits.file_bytes > 0) found.push_back({RLIMIT_FSIZE, limits.file_bytes});
  // Not RLIMIT_AS: node, java and go reserve far more addresses than they ever use.
  if (limits.memory_bytes > 0 && !memory_is_limited) {
    found.push_back({RLIMIT_DATA, limits.memory_bytes});
  }
  return found;
}

std::vector<std::string> shell_words(const SandboxRequest& request, bool processes_are_limited) {
  std::string script;
  // Set inside: there the kernel counts the processes of the sandbox, outside all of the user's.
  // bash has -u for it, dash -p.
  if (!processes_are_limited && request.limits.processes > 0) {
    script = fmt::format("ulimit -u {0} 2>/dev/null || ulimit -p {0} 2>/dev/null\n",
                         request.limits.processes);
  }
  script += request.command;
  if (!request.args.empty()) script += " \"$@\"";
  std::vector<std::string> words = {"/bin/sh", "-c", std::move(script), "sh"};
  words.insert(words.end(), request.args.begin(), request.args.end());
  return words;
}

}  // namespace swarmlab::sandbox
