// Sandboxes of docker: the daemon runs as root, wherever it listens.
#include <unistd.h>

#include <cstdlib>

#include "common/os/host.h"
#include "worker/sandbox/container.h"

namespace swarmlab::sandbox {
namespace {

constexpr unsigned kAgent = 1000;
constexpr Milliseconds kPatience{20'000};

// A daemon that is not root's has what is delegated to it.
Result<HeldLimits> held_limits(const Engine& engine) {
  SWARMLAB_TRY(
      told, tell_engine(engine,
                        {"info", "--format",
                         "memory={{.MemoryLimit}} processes={{.PidsLimit}} cpus={{.CPUCfsQuota}}"},
                        kPatience));
  const auto lacks = [&told](const char* word) { return told.find(word) != std::string::npos; };
  return HeldLimits{.memory = !lacks("memory=false"),
                    .processes = !lacks("processes=false"),
                    .cpus = !lacks("cpus=false")};
}

// NVIDIA's runtime, where its container toolkit is set up.
Result<GpuWay> way_of_gpus(const Engine& engine) {
  SWARMLAB_TRY(told, tell_engine(engine,
                                 {"info", "--format",
                                  "{{range $name, $is := .Runtimes}}runtime={{$name}} {{end}}"},
                                 kPatience));
  return told.find("runtime=nvidia ") == std::string::npos ? GpuWay::files : GpuWay::runtime;
}

}  // namespace

// Finds it and asks its daemon.
Result<Engine> find_docker() {
  const char* path = std::getenv("PATH");
  Engine engine{.name = "docker",
                .program = find_program("docker", std::string(path == nullptr ? "" : path) +
                                                      ":/usr/local/bin:/usr/bin:/bin")};
  if (engine.program.empty()) {
    return fail(ErrorCode::unavailable,
                "docker: it is not on the PATH; install it (apt-get install docker.io)");
  }
  const auto version =
      tell_engine(engine, {"version", "--format", "{{.Client.Version}}"}, kPatience);
  constexpr int kNewWord = 25;  // the release that renamed it
  if (version && std::atoi(version->c_str()) >= kNewWord) {
    engine.without_below = "bind-recursive=disabled";
  }
  const auto security = tell_engine(
      engine, {"info", "--format", "{{range .SecurityOptions}}{{.}} {{end}}"}, kPatience);
  if (!security) return within("the daemon does not answer", security.error());
  if (security->find("name=userns") != std::string::npos) {
    return fail(ErrorCode::unavailable,
                "docker: its daemon maps users (userns-remap), which is not supported");
  }
  if (security->find("name=rootless") != std::string::npos) {
    // Root of a rootless daemon's containers is who started it: nobody who may do more than we.
    engine.user = engine.group = 0;
  } else if (::geteuid() == 0) {
    engine.user = engine.group = kAgent;
    engine.is_another_user = true;
  } else {
    engine.user = ::geteuid();
    engine.group = ::getegid();
  }
  engine.tmpfs_words = fmt::format(",mode=0755,uid={},gid={}", engine.user, engine.group);
  SWARMLAB_TRY(held, held_limits(engine));
  engine.holds = held;
  SWARMLAB_TRY(gpus, way_of_gpus(engine));
  engine.gpus = gpus;
  return engine;
}

Result<std::unique_ptr<Sandbox>> make_docker(const SandboxOptions& options) {
  SWARMLAB_TRY(engine, find_docker());
  return Container::make(std::move(engine), options);
}

Result<SandboxDriver> engine_here() {
  const auto docker = find_docker();
  if (docker) return SandboxDriver::docker;
  const auto podman = find_podman();
  if (podman) return SandboxDriver::podman;
  return fail(ErrorCode::unavailable, "a container engine is needed: {}; {}",
              docker.error().message, podman.error().message);
}

}  // namespace swarmlab::sandbox
