// Sandboxes of gVisor: containers of docker or podman whose system calls a kernel in user space
// answers (runsc), one for each container. What else differs is in the Engine.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "common/os/host.h"
#include "worker/sandbox/container.h"

namespace swarmlab::sandbox {
namespace {

constexpr const char* kRunsc = "runsc";
constexpr Milliseconds kAnswersWithin{20'000};
// Of its two processes. Each of them may have a stand-in in each address space inside: 45 were seen
// on 4 cores. Inside, that kernel counts processes itself; this only bounds what it takes.
constexpr std::uint32_t kKernelThreads = 256;
constexpr std::uint32_t kThreadsEach = 64;
constexpr std::uint64_t kKernelMemory = 64ULL << 20U;

// A daemon gives no flags of ours to a runtime: its configuration does.
constexpr const char* kDaemonsRuntime =
    "its daemon needs a runtime \"runsc\" with \"runtimeArgs\": [\"--host-uds=open\", "
    "\"--network=none\"] in daemon.json";

void settle(Engine& engine) {
  engine.name = kRunsc;
  engine.own_kernel = true;
  const std::uint32_t cores = std::max(std::thread::hardware_concurrency(), 1U);
  engine.own_processes = kKernelThreads + 2 * cores;
  engine.processes_each = kThreadsEach + 2 * cores;
  engine.own_memory = kKernelMemory;
}

Result<Engine> runsc_of_docker() {
  SWARMLAB_TRY(engine, find_docker());
  const auto runtimes =
      tell_engine(engine, {"info", "--format", "{{range $name, $_ := .Runtimes}}{{$name}} {{end}}"},
                  kAnswersWithin);
  if (!runtimes) return tl::unexpected(runtimes.error());
  std::istringstream names(*runtimes);
  for (std::string name; names >> name;) {
    if (name != kRunsc) continue;
    engine.run_words.insert(engine.run_words.end(), {"--runtime", kRunsc});
    settle(engine);
    return engine;
  }
  return fail(ErrorCode::unavailable, "docker: {}", kDaemonsRuntime);
}

// Its socket to the worker is a file of ours that is mounted; other networks it needs none.
Result<Engine> runsc_of_podman() {
  const char* path = std::getenv("PATH");
  const std::string program =
      find_program(kRunsc, std::string(path == nullptr ? "" : path) +
                               ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin");
  if (program.empty()) {
    return fail(ErrorCode::unavailable,
                "podman: runsc is not on the PATH; install it (apt-get install runsc, or "
                "https://gvisor.dev)");
  }
  SWARMLAB_TRY(engine, find_podman());
  for (const char* flag : {"network=none", "host-uds=open"}) {
    engine.words.insert(engine.words.end(), {"--runtime-flag", flag});
  }
  engine.words.insert(engine.words.begin(), {"--runtime", program});
  settle(engine);
  return engine;
}

constexpr std::array kFinders = {runsc_of_docker, runsc_of_podman};

}  // namespace

Result<std::unique_ptr<Sandbox>> make_runsc(const SandboxOptions& options) {
  std::string reasons;
  for (const auto& find : kFinders) {
    auto engine = find();
    const bool is_daemon = engine && engine->words.empty();
    auto made = engine ? Container::make(std::move(*engine), options)
                       : Result<std::unique_ptr<Sandbox>>(tl::unexpected(engine.error()));
    if (made) return made;
    reasons.append(reasons.empty() ? "" : "; ").append(made.error().message);
    if (is_daemon) reasons.append(" (").append(kDaemonsRuntime).append(")");
  }
  return fail(ErrorCode::unavailable, "runsc (gVisor): {}", reasons);
}

Result<std::string> runsc_here() {
  std::string reasons;
  for (const auto& find : kFinders) {
    const auto engine = find();
    if (engine) return engine->program;
    reasons.append(reasons.empty() ? "" : "; ").append(engine.error().message);
  }
  return fail(ErrorCode::unavailable, "{}", reasons);
}

}  // namespace swarmlab::sandbox
