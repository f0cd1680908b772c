#include "worker/sandbox/facts.h"

#include "common/os/process.h"
#include "worker/sandbox/advice.h"
#include "worker/sandbox/bubblewrap.h"
#include "worker/sandbox/engine.h"

namespace swarmlab::sandbox {
namespace {

std::string version_of(const std::string& program) {
  const auto output = run_and_capture({.argv = {program, "--version"}}, std::chrono::seconds(10));
  if (!output) return {};
  std::string text = output->out;  // "bubblewrap 0.8.0"
  while (text.ends_with('\n')) text.pop_back();
  return text.substr(text.rfind(' ') + 1);
}

void tell_limits(const CgroupAbilities& cgroups, SandboxFacts& facts) {
  facts.enforced = {"wall clock", "file size", "captured output", "disk", "process tree"};
  if (cgroups.version == 0) {
    facts.cgroups = "none: " + cgroups.problem;
  } else {
    const std::string& folder = cgroups.memory.empty() ? cgroups.processes : cgroups.memory;
    facts.cgroups = fmt::format("v{} at {}", cgroups.version, folder);
  }
  if (cgroups.version == 0) {
    facts.weaker.emplace_back("disk: not of files that are deleted but open (no cgroup)");
  }
  if (cgroups.memory.empty()) {
    facts.weaker.emplace_back("memory: of each process, not of all together (no memory cgroup)");
  } else {
    facts.enforced.emplace_back("memory");
  }
  if (cgroups.processes.empty()) {
    facts.weaker.emplace_back("processes: by RLIMIT_NPROC, which root evades (no pids cgroup)");
  } else {
    facts.enforced.emplace_back("processes");
  }
  if (cgroups.cpu.empty()) {
    facts.weaker.emplace_back("cpus: not limited (no cpu cgroup)");
  } else {
    facts.enforced.emplace_back("cpus");
  }
}

}  // namespace

SandboxFacts read_sandbox_facts() {
  SandboxFacts facts;
  facts.bubblewrap = find_bubblewrap();
  if (!facts.bubblewrap.empty()) facts.bubblewrap_version = version_of(facts.bubblewrap);
  const auto parts = prepare_bubblewrap({});
  facts.starts = parts.has_value();
  if (parts) {
    facts.disables_user_namespaces = parts->disable_user_namespaces;
  } else {
    facts.problem = parts.error().message;
    facts.fix = facts.bubblewrap.empty() ? "apt-get install bubblewrap"
                                         : advice_for(facts.problem, read_host_switches());
  }
  tell_limits(parts ? parts->cgroups : find_cgroups(), facts);
  return facts;
}

Result<EngineFacts> read_engine_facts() {
  SWARMLAB_TRY(driver, engine_here());
  SWARMLAB_TRY(engine, driver == SandboxDriver::docker ? find_docker() : find_podman());
  return EngineFacts{.name = engine.name, .weaker = weaker_limits(engine.holds)};
}

}  // namespace swarmlab::sandbox
