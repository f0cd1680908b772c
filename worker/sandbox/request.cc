// What all sandboxes make of a request, whatever isolates it.
#include <sys/resource.h>

#include "worker/sandbox/sandbox.h"
#include "worker/sandbox/supervise.h"

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
