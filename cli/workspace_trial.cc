#include "cli/workspace_trial.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/workspace.h"
#include "common/os/file.h"
#include "worker/evaluator/evaluation.h"
#include "worker/evaluator/shim.h"
#include "worker/sandbox/sandbox.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;

// Programs that the agent has, but for ours: the evaluator has none of these.
std::string path_for_evaluator(const Context& context) {
  constexpr std::string_view kOurs = "/swarmlab/bin:";
  std::string path = context.variable("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  if (path.starts_with(kOurs)) path.erase(0, kOurs.size());
  return path;
}

Result<sandbox::SandboxRequest> request_for(const Context& context, const LabSettings& settings,
                                            const std::string& folder,
                                            const std::vector<std::string>& samples) {
  worker::EvaluationPaths paths{.checkout = root_of_workspace(context, settings),
                                .scratch = folder + "/scratch",
                                .shim = folder + "/shim",
                                .data = context.variable("SWARMLAB_DATA").value_or("")};
  std::error_code error;
  for (const std::string& made : {paths.scratch, paths.shim}) {
    if (!fs::create_directory(made, error)) {
      return fail(ErrorCode::unavailable, "{}: {}", made, error.message());
    }
  }
  SWARMLAB_CHECK(worker::write_shim(paths.shim));
  const auto only = samples.empty() ? std::nullopt : std::optional(samples);
  SWARMLAB_TRY(request, worker::prepare_evaluation(settings, paths, only));
  // The agent's own limits hold for all of it.
  request.limits = {.output_bytes = settings.limits.output_bytes};
  request.env.emplace_back("PATH", path_for_evaluator(context));
  return request;
}

}  // namespace

Result<Tried> try_in_workspace(const Context& context, const std::vector<std::string>& samples,
                               const CancelToken& cancel) {
  SWARMLAB_TRY(settings, lab_of_workspace(context));
  SWARMLAB_TRY(folder, TempFolder::create(context.variable("TMPDIR").value_or("/tmp"), "eval"));
  SWARMLAB_TRY(request, request_for(context, settings, folder.path(), samples));
  SWARMLAB_TRY(runner, sandbox::make_none({}));
  SWARMLAB_TRY(result, runner->run(request, cancel));
  return Tried{
      .settings = settings,
      .run = {.evaluation = worker::read_evaluation(settings, result), .took = result.took}};
}

}  // namespace swarmlab::cli
