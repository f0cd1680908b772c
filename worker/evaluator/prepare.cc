// What runs in the evaluator's and the guard's sandbox. Both get the same view of the world.
#include <fmt/format.h>

#include <utility>

#include "common/lab/lab.h"
#include "common/lab/paths.h"
#include "common/model/scale.h"
#include "worker/evaluator/evaluation.h"

namespace swarmlab::worker {
namespace {

using sandbox::Mount;
using sandbox::SandboxRequest;

constexpr const char* kWorkspace = "/workspace";
constexpr const char* kScratch = "/scratch";
constexpr const char* kShim = "/swarmlab";
constexpr const char* kPythonStart = "/swarmlab/start";  // has sitecustomize.py
constexpr const char* kData = "/data";
constexpr std::uint64_t kResultBytes = 16ULL << 20U;

SandboxRequest request_for(const LabSettings& settings, const EvaluationPaths& paths) {
  SandboxRequest request;
  request.folder = join(kWorkspace, settings.folder);
  request.limits = settings.limits;
  request.mounts = {
      {.kind = Mount::Kind::read_only, .host = paths.checkout, .inside = kWorkspace},
      {.kind = Mount::Kind::read_write, .host = paths.scratch, .inside = kScratch},
      {.kind = Mount::Kind::read_only, .host = paths.shim, .inside = kShim},
  };
  request.env = {{"SWARMLAB_LAB", settings.name},
                 {"SWARMLAB_SCALE", settings.scale},
                 {"SWARMLAB_SCRATCH", kScratch},
                 {"PYTHONPATH", kPythonStart},
                 {"PYTHONDONTWRITEBYTECODE", "1"}};  // the checkout cannot be written
  if (const Scale* scale = current_scale(settings)) {
    for (const Variable& one : scale->env) request.env.emplace_back(one.name, one.value);
  }
  std::string data = paths.data.empty() ? data_folder(settings, paths.checkout) : paths.data;
  if (!paths.data_in_checkout.empty()) {
    request.mounts.push_back({.kind = Mount::Kind::read_only,
                              .host = paths.data,
                              .inside = join(kWorkspace, paths.data_in_checkout)});
  }
  if (!data.empty()) {
    request.mounts.push_back(
        {.kind = Mount::Kind::read_only, .host = std::move(data), .inside = kData});
    request.env.emplace_back("SWARMLAB_DATA", kData);
  }
  return request;
}

Result<void> add_backend(const LabSettings& settings, const PythonBackend& backend,
                         const std::optional<std::vector<std::string>>& sample_ids,
                         SandboxRequest& request) {
  SWARMLAB_TRY(module, to_repository(backend.module, settings.folder));
  // -u: what a candidate prints before it hangs is in the log. exec: no shell that waits for it.
  request.command = "exec python3 -u";
  request.args = {std::string(kShim) + "/run_backend.py",
                  "--module",
                  join(kWorkspace, module),
                  "--class",
                  backend.class_name,
                  "--pipeline",
                  join(kWorkspace, settings.pipeline_dir)};
  if (settings.evaluator.data.kind != DataSource::Kind::none) {
    request.args.insert(request.args.end(), {"--data", kData});
  }
  for (const std::string& id : sample_ids.value_or(std::vector<std::string>())) {
    request.args.push_back("--sample=" + id);
  }
  request.result_channel = true;
  request.result_bytes = kResultBytes;
  return {};
}

}  // namespace

Result<SandboxRequest> prepare_evaluation(
    const LabSettings& settings, const EvaluationPaths& paths,
    const std::optional<std::vector<std::string>>& sample_ids) {
  SandboxRequest request = request_for(settings, paths);
  request.timeout = settings.evaluator.timeout;
  if (const auto* backend = std::get_if<PythonBackend>(&settings.evaluator.how)) {
    SWARMLAB_CHECK(add_backend(settings, *backend, sample_ids, request));
    return request;
  }
  if (sample_ids) {
    return fail(ErrorCode::invalid_input,
                "the evaluator is a command, which cannot score single samples, expected a "
                "[backend] in lab.toml");
  }
  request.command = std::get<CommandEvaluator>(settings.evaluator.how).command;
  request.sealed_output = true;  // the score is read from it
  return request;
}

SandboxRequest prepare_guard(const LabSettings& settings, const EvaluationPaths& paths) {
  SandboxRequest request = request_for(settings, paths);
  request.command = settings.guard->command;
  request.timeout = settings.guard->timeout;
  return request;
}

}  // namespace swarmlab::worker
