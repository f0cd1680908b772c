// `swarmlab doctor`: what this machine lacks to run labs, and how to get it.
#include <fmt/core.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/table.h"
#include "cli/text.h"
#include "common/os/file.h"
#include "common/os/host.h"
#include "common/os/network_disk.h"
#include "common/os/process.h"
#include "worker/runner/landlock.h"
#include "worker/sandbox/facts.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::cli {

namespace {

constexpr std::uint64_t kDiskReserve = 256ULL << 20U;  // the coordinator writes nothing below it
constexpr std::uint64_t kDiskComfort = 2ULL << 30U;

struct Finding {
  enum class State : std::uint8_t { good, warning, missing } state = State::good;
  std::string what;
  std::string detail;
  std::string fix = {};  // empty: nothing to do
};
using State = Finding::State;
using Findings = std::vector<Finding>;

const char* word_of(State state) {
  switch (state) {
    case State::good:
      return "ok";
    case State::warning:
      return "warning";
    case State::missing:
      return "missing";
  }
  return "missing";
}

Paint paint_of(State state) {
  return state == State::good ? Paint::good : state == State::warning ? Paint::warn : Paint::bad;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

void look_at_sandbox(Findings& findings) {
  const sandbox::SandboxFacts facts = sandbox::read_sandbox_facts();
  if (facts.bubblewrap.empty()) {
    findings.push_back({State::missing, "bubblewrap", "bwrap is not on the PATH", facts.fix});
  } else {
    findings.push_back(
        {State::good, "bubblewrap", facts.bubblewrap_version + " at " + facts.bubblewrap});
    findings.push_back(
        {facts.starts ? State::good : State::missing, "sandbox",
         facts.starts ? "starts: own namespaces, no network, no privileges" : facts.problem,
         facts.starts ? "" : facts.fix});
  }
  findings.push_back({facts.cgroups.starts_with("none") ? State::warning : State::good, "cgroups",
                      facts.cgroups,
                      facts.cgroups.starts_with("none")
                          ? "runs all the same; for limits of whole trees: systemd-run --user "
                            "--scope -p Delegate=yes swarmlab ..."
                          : ""});
  findings.push_back({facts.weaker.empty() ? State::good : State::warning, "limits",
                      facts.weaker.empty() ? "all hold: " + joined(facts.enforced, ", ")
                                           : joined(facts.weaker, "; ")});
}

// Only labs that want containers miss an engine.
void look_at_engines(Findings& findings) {
  const auto engine = sandbox::read_engine_facts();
  if (!engine) {
    findings.push_back({State::good, "containers",
                        "neither docker nor podman answers; only labs with an image need one"});
  } else {
    findings.push_back({engine->weaker.empty() ? State::good : State::warning, "containers",
                        fmt::format("{} answers, for labs with an image{}{}", engine->name,
                                    engine->weaker.empty() ? "" : "; there, of limits, ",
                                    joined(engine->weaker, "; ")),
                        engine->weaker.empty()
                            ? ""
                            : "runs all the same; for limits of whole containers: cgroup v2 with "
                              "its controllers delegated to you"});
  }
  const auto runsc = sandbox::runsc_here();
  findings.push_back({State::good, "gvisor",
                      runsc ? fmt::format("runsc is there, started by {}", *runsc)
                            : runsc.error().message + "; only labs whose driver is runsc need it"});
}

// Only runners in the containers of a pod need it.
void look_at_landlock(Findings& findings) {
  const int version = runner::landlock_version();
  std::string missing;
  const auto tell = [&](int from, const char* what) {
    if (version < from) missing.append(missing.empty() ? "; without " : ", ").append(what);
  };
  tell(runner::kMovesFolders, "renames between folders");
  tell(runner::kDecidesPorts, "ports");
  tell(runner::kDecidesSignals, "signals and abstract sockets (held by the filter)");
  findings.push_back(
      {State::good, "runner",
       version == 0 ? "no Landlock here; only swarmlab runner, in the containers of a pod, needs it"
                    : fmt::format("Landlock {}, for swarmlab runner{}", version, missing)});
}

void look_at_program(const Context& context, const char* name, const char* needed_for,
                     Findings& findings) {
  const std::string program =
      find_program(name, context.variable("PATH").value_or("/usr/local/bin:/usr/bin:/bin"));
  if (program.empty()) {
    findings.push_back({State::warning, name, fmt::format("not on the PATH; {}", needed_for),
                        fmt::format("apt-get install {}", name)});
    return;
  }
  const bool of_system = program.starts_with("/usr/") || program.starts_with("/bin/");
  const bool for_sandbox = std::string_view(name) == "python3";
  if (for_sandbox && !of_system && find_program(name, "/usr/local/bin:/usr/bin:/bin").empty()) {
    findings.push_back({State::warning, name, program + " is not seen in the sandbox",
                        fmt::format("apt-get install {}, or --expose its folder", name)});
    return;
  }
  findings.push_back({State::good, name, program});
}

void look_at_disk(const std::filesystem::path& folder, Findings& findings) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return;
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  const std::string detail =
      fmt::format("{:.1f} GB free at {}", static_cast<double>(free) / 1e9, folder.string());
  if (free < kDiskReserve) {
    findings.push_back({State::missing, "disk", detail,
                        "free some: swarmlab writes nothing below "
                        "0.3 GB"});
  } else {
    findings.push_back({free < kDiskComfort ? State::warning : State::good, "disk", detail});
  }
}

// Two machines that have one store open destroy it, and a lock there may hold on one machine only.
void look_for_network_disk(const std::filesystem::path& folder, Findings& findings) {
  const std::string name = network_disk_of(folder.string());
  if (name.empty()) return;
  findings.push_back(
      {State::missing, "file system",
       fmt::format("{} is on {}, which several machines may have", folder.string(), name),
       "keep a coordinator's folder on a disk of one machine: in Kubernetes a "
       "volume that is ReadWriteOncePod"});
}

// Where a coordinator of this repository would live.
void look_at_repository(const Context& context, Findings& findings) {
  const auto root = locate_root(context);
  if (!root) {
    findings.push_back({State::warning, "repository", root.error().message});
    look_at_disk(context.cwd, findings);
    look_for_network_disk(context.cwd, findings);
    return;
  }
  const std::filesystem::path state = state_folder(*root);
  std::error_code ignored;
  const auto& writable = std::filesystem::exists(state, ignored) ? state : *root;
  if (::access(writable.c_str(), W_OK | X_OK) != 0) {
    findings.push_back({State::missing, "repository", writable.string() + " cannot be written",
                        "make it yours, or use a clone of your own"});
  } else {
    findings.push_back({State::good, "repository", root->string()});
  }
  const std::size_t length = (state / "coordinator.sock").string().size();
  if (length >= sizeof(sockaddr_un{}.sun_path)) {
    findings.push_back({State::missing, "socket",
                        fmt::format("the path of {}/coordinator.sock has {} bytes, at most {}",
                                    state.string(), length, sizeof(sockaddr_un{}.sun_path) - 1),
                        "move the repository to a shorter path"});
  }
  look_at_disk(*root, findings);
  look_for_network_disk(writable, findings);
}

void look_at_temporary_folder(const Context& context, Findings& findings) {
  const std::string folder = context.variable("TMPDIR").value_or("/tmp");
  const auto made = TempFolder::create(folder, "swarmlab-doctor");
  if (!made) {
    findings.push_back({State::missing, "temporary files", made.error().message,
                        "set TMPDIR to a folder of yours"});
  }
}

Findings examine(const Context& context) {
  Findings findings;
  const HostFacts host = read_host_facts();
  findings.push_back(
      {State::good, "machine",
       fmt::format("{}, {}, {:.0f} GB of memory", host_class(host), counted(host.cores, "core"),
                   static_cast<double>(host.memory_bytes) / 1e9)});
  look_at_sandbox(findings);
  look_at_engines(findings);
  look_at_landlock(findings);
  look_at_program(context, "git", "init makes repositories with it", findings);
  look_at_program(context, "python3", "labs with a python [backend] and the templates run it",
                  findings);
  look_at_repository(context, findings);
  look_at_temporary_folder(context, findings);
  return findings;
}

void print_json(const Context& context, const Findings& findings, bool good) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    all.push_back({{"what", finding.what},
                   {"state", word_of(finding.state)},
                   {"detail", finding.detail},
                   {"fix", finding.fix}});
  }
  const nlohmann::ordered_json body = {{"ok", good}, {"checks", std::move(all)}};
  context.out << body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

void print(const Context& context, const Findings& findings) {
  for (const Finding& finding : findings) {
    context.out << painted(fmt::format("{:<8}", word_of(finding.state)), paint_of(finding.state),
                           context.color)
                << fmt::format("{:<16}", finding.what) << plain_text(finding.detail) << '\n';
    if (!finding.fix.empty()) context.out << std::string(24, ' ') << "-> " << finding.fix << '\n';
  }
}

Result<void> doctor(Context& context) {
  const Findings findings = examine(context);
  const bool good = std::ranges::none_of(
      findings, [](const Finding& finding) { return finding.state == State::missing; });
  if (context.json) {
    print_json(context, findings, good);
  } else {
    print(context, findings);
    context.note(good ? "\nready to run labs" : "\nnot ready: see what is missing above");
  }
  context.exit_code = good ? kDone : kFailed;
  return {};
}

}  // namespace

void add_doctor(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("doctor", "What this machine lacks to run labs, and how to get it");
  command->group(kGroupOperate);
  add_json(*command, context);
  add_quiet(*command, context);
  add_examples(*command, "  swarmlab doctor\n  swarmlab doctor --json");
  command->callback([&context] { context.action = [&context] { return doctor(context); }; });
}

}  // namespace swarmlab::cli
