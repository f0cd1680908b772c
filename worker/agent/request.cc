#include "worker/agent/request.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "common/lab/lab.h"
#include "common/lab/paths.h"
#include "common/os/file.h"
#include "worker/agent/handshake.h"

namespace swarmlab::worker {
namespace {

using sandbox::Mount;
using sandbox::SandboxRequest;

constexpr const char* kResults = "/swarmlab/results.tsv";
constexpr const char* kData = "/data";
constexpr const char* kProgramFolder = "/swarmlab/bin";
constexpr const char* kProgram = "/swarmlab/bin/swarmlab";
constexpr const char* kArlProgram = "/swarmlab/bin/arl";
constexpr const char* kLabProgram = "/swarmlab/bin/lab";
constexpr const char* kLabInWorkspace = "/workspace/lab";
constexpr const char* kConflicts = "/swarmlab/conflicts";
constexpr const char* kGuardLog = "/swarmlab/guard.log";

std::vector<std::pair<std::string, std::string>> variables_of(const Assignment& assignment) {
  return {{"SWARMLAB_LAB", assignment.settings.name},
          {"SWARMLAB_EXPERIMENT", fmt::to_string(assignment.experiment.value())},
          {"SWARMLAB_PARENT", assignment.parent_commit.hex()},
          {"SWARMLAB_SCALE", assignment.settings.scale},
          {"SWARMLAB_BRIEF", kBriefInside},
          {"SWARMLAB_RESULTS", kResults},
          {"SWARMLAB_OUTCOME", fmt::format("{}/{}", kOutInside, kOutcomeFile)},
          {"SWARMLAB_HYPOTHESIS", fmt::format("{}/{}", kOutInside, kHypothesisFile)}};
}

/// \return unavailable if a variable that the lab names is not in `environment`
Result<void> pass_on(const std::vector<std::string>& names,
                     const std::vector<std::string>& environment, SandboxRequest& request) {
  for (const std::string& name : names) {
    auto value = value_of(name, environment);
    if (!value) {
      return fail(ErrorCode::unavailable,
                  "variable {} of [agent] env is not set on this worker, expected it in the "
                  "environment that the worker was started with",
                  name);
    }
    request.env.emplace_back(name, *std::move(value));
  }
  return {};
}

// PraxLab's agents keep their notes by a program at the root of the repository, and call it by its
// path. Its place is taken by ours, which knows the same words.
bool is_of_praxlab(const std::string& checkout) {
  constexpr std::uint64_t kMostBytes = 1U << 20U;
  const auto text = read_file(checkout + "/lab", kMostBytes);
  return text && text->find("hypothesis") != std::string::npos &&
         text->find("failures") != std::string::npos;
}

}  // namespace

std::optional<std::string> value_of(std::string_view name,
                                    const std::vector<std::string>& environment) {
  std::optional<std::string> found;
  for (const std::string& variable : environment) {
    const std::size_t end = variable.find('=');
    if (std::string_view(variable).substr(0, end) != name || end == std::string::npos) continue;
    found = variable.substr(end + 1);
  }
  return found;
}

Result<SandboxRequest> sandbox_of(const Assignment& assignment, const AgentPaths& paths,
                                  const std::vector<std::string>& environment) {
  const LabSettings& settings = assignment.settings;
  SandboxRequest request;
  request.party = sandbox::Party::agent;
  request.folder = join("/workspace", settings.folder);
  request.limits = settings.limits;
  request.timeout = settings.agent.timeout;
  request.mounts = paths.workspace;
  const auto mount = [&](Mount::Kind kind, std::string host, const char* inside) {
    request.mounts.push_back({.kind = kind, .host = std::move(host), .inside = inside});
  };
  mount(Mount::Kind::read_only, paths.brief, kBriefInside);
  mount(Mount::Kind::read_only, paths.results, kResults);
  mount(Mount::Kind::read_write, paths.out, kOutInside);
  if (!paths.program.empty()) {
    mount(Mount::Kind::read_only, paths.program, kProgram);
    request.path_first.emplace_back(kProgramFolder);
    if (std::holds_alternative<PythonBackend>(settings.evaluator.how)) {
      mount(Mount::Kind::read_only, paths.program, kArlProgram);
    }
    if (is_of_praxlab(paths.checkout)) {
      mount(Mount::Kind::read_only, paths.program, kLabProgram);
      mount(Mount::Kind::read_only, paths.program, kLabInWorkspace);
    }
  }
  request.env = variables_of(assignment);
  std::string data = paths.data.empty() ? data_folder(settings, paths.checkout) : paths.data;
  if (!data.empty()) {
    mount(Mount::Kind::read_only, std::move(data), kData);
    request.env.emplace_back("SWARMLAB_DATA", kData);
  }
  if (!paths.conflicts.empty()) {
    mount(Mount::Kind::read_only, paths.conflicts, kConflicts);
    request.env.emplace_back("SWARMLAB_CONFLICTS", kConflicts);
  }
  if (paths.session_experiment > 0) {
    request.env.emplace_back("SWARMLAB_SESSION", fmt::to_string(paths.session_experiment));
    if (!paths.news.empty()) request.env.emplace_back("SWARMLAB_LAST", paths.news);
  }
  if (!paths.handshake.empty()) {
    const std::string inside = join(request.folder, kHandshakeFolder);
    mount(Mount::Kind::read_write, paths.handshake, inside.c_str());
    // Where agents of Autoresearch Lab know it to be.
    const std::string known = join("/workspace", kHandshakeFolder);
    if (known != inside) mount(Mount::Kind::read_write, paths.handshake, known.c_str());
    request.env.emplace_back("SWARMLAB_HANDSHAKE", inside);
  }
  if (paths.rework) {
    mount(Mount::Kind::read_only, paths.rework->guard_log, kGuardLog);
    request.env.emplace_back("SWARMLAB_REWORK", fmt::to_string(paths.rework->round));
    request.env.emplace_back("SWARMLAB_GUARD_LOG", kGuardLog);
  }
  SWARMLAB_CHECK(pass_on(settings.agent.env, environment, request));
  return request;
}

}  // namespace swarmlab::worker
