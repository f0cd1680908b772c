#include "worker/sandbox/bubblewrap.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/os/host.h"
#include "worker/sandbox/advice.h"
#include "worker/sandbox/bubblewrap_tree.h"
#include "worker/sandbox/memory_file.h"
#include "worker/sandbox/seccomp.h"
#include "worker/sandbox/supervise.h"

namespace swarmlab::sandbox {
namespace {

Result<void> hand_over(Job& job, int fd, const char* name, std::string_view bytes) {
  SWARMLAB_TRY(file, memory_file(name, bytes));
  job.spawn.fds.push_back({file.get(), fd});
  job.handed_over.push_back(std::move(file));
  return {};
}

// NUL-separated, as `--args` takes them: in no list of processes, in no /proc/1/cmdline inside.
std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += word;
    text += '\0';
  }
  return text;
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::unavailable, "pipe: {}", std::strerror(errno));
  }
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void hand_over(Job& job, UniqueFd end, BwrapFd fd) {
  job.spawn.fds.push_back({end.get(), static_cast<int>(fd)});
  job.handed_over.push_back(std::move(end));
}

Result<BubblewrapTree::Pipes> add_pipes(Job& job, bool block) {
  SWARMLAB_TRY(status, make_pipe());
  if (::fcntl(status.read.get(), F_SETFL, O_NONBLOCK) != 0) {
    return fail(ErrorCode::internal, "pipe: {}", std::strerror(errno));
  }
  hand_over(job, std::move(status.write), BwrapFd::status);
  BubblewrapTree::Pipes pipes{.status = std::move(status.read)};
  if (!block) return pipes;
  SWARMLAB_TRY(gate, make_pipe());
  hand_over(job, std::move(gate.read), BwrapFd::block);
  pipes.block = std::move(gate.write);
  return pipes;
}

}  // namespace

Result<SandboxResult> Bubblewrap::run(const SandboxRequest& wanted, const CancelToken& cancel) {
  SWARMLAB_CHECK(check_driver(wanted, name()));
  SandboxRequest request = wanted;
  SWARMLAB_TRY(devices, take_gpus(request, parts_.devices));
  SWARMLAB_TRY(args,
               bubblewrap_args(parts_.system, request, devices, parts_.disable_user_namespaces));
  SWARMLAB_TRY(group, Cgroup::make(parts_.cgroups, request.limits));
  Job job{.request = &request, .cgroup = parts_.cgroups.version == 0 ? nullptr : &group};
  job.spawn.argv = {parts_.program, "--args", std::to_string(static_cast<int>(BwrapFd::args)),
                    "--"};
  for (std::string& word : shell_words(request, !parts_.cgroups.processes.empty())) {
    job.spawn.argv.push_back(std::move(word));
  }
  job.spawn.limits = process_limits(request.limits, !parts_.cgroups.memory.empty());
  job.spawn.folder.assign(1, '/');
  job.spawn.die_with_parent = true;
  SWARMLAB_CHECK(hand_over(job, static_cast<int>(BwrapFd::args), "args", joined(args)));
  SWARMLAB_CHECK(hand_over(job, static_cast<int>(BwrapFd::seccomp), "seccomp", parts_.seccomp));
  int next = kFirstFileFd;
  for (const SystemView::File& file : parts_.system.files) {
    SWARMLAB_CHECK(hand_over(job, next++, "file", file.bytes));
  }
  Gatekeeper gates(request.gates);
  job.gates = &gates;
  SWARMLAB_TRY(pipes, add_pipes(job, gates.has_gates()));
  BubblewrapTree tree(std::move(pipes), gates);
  job.tree = &tree;
  return supervise(std::move(job), cancel);
}

std::string find_bubblewrap() {
  const char* path = std::getenv("PATH");
  const std::string ours = path == nullptr ? "" : path;
  return find_program("bwrap", ours + ":/usr/local/bin:/usr/bin:/bin");
}

Result<Bubblewrap::Parts> prepare_bubblewrap(const SandboxOptions& options) {
  Bubblewrap::Parts parts{.program = find_bubblewrap(), .devices = options.devices};
  if (parts.program.empty()) {
    return fail(ErrorCode::unavailable,
                "bubblewrap: bwrap is not on the PATH; install it (apt-get install bubblewrap)");
  }
  SWARMLAB_TRY(system, view_of_system(options));
  SWARMLAB_TRY(filter, seccomp_filter());
  parts.system = std::move(system);
  parts.seccomp = std::move(filter);
  parts.cgroups = find_cgroups();
  std::string problem;
  for (const bool disable_user_namespaces : {true, false}) {
    parts.disable_user_namespaces = disable_user_namespaces;
    const auto tried = Bubblewrap(parts).run(
        {.command = "exit 0", .timeout = std::chrono::seconds(20)}, CancelToken());
    if (tried && tried->succeeded()) return parts;
    problem = tried ? describe(*tried) + ": " + tried->err : tried.error().message;
  }
  while (problem.ends_with('\n')) problem.pop_back();
  const std::string advice = advice_for(problem, read_host_switches());
  return fail(ErrorCode::unavailable, "bubblewrap: {}{}{}", problem, advice.empty() ? "" : "; ",
              advice);
}

Result<std::unique_ptr<Sandbox>> make_bubblewrap(const SandboxOptions& options) {
  SWARMLAB_TRY(parts, prepare_bubblewrap(options));
  return std::make_unique<Bubblewrap>(std::move(parts));
}

}  // namespace swarmlab::sandbox
