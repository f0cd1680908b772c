#include "worker/server/trials.h"

#include "common/model/scale.h"
#include "common/os/file.h"
#include "worker/server/stage_timer.h"
#include "worker/server/texts.h"
#include "worker/workspace/overlay.h"
#include "worker/workspace/workspace.h"

namespace swarmlab::worker {

void Trials::end(Outcome outcome, std::string reason) {
  parts_.result.report.outcome = outcome;
  parts_.result.report.reason = std::move(reason);
}

Result<void> Trials::check_out(const ObjectId& tree, const std::string& name) {
  const StageTimer timer(parts_.result.report.stages, Stage::checkout);
  const std::string folder = parts_.folder + "/" + name;
  SWARMLAB_CHECK(prepare(parts_.repository, tree, folder, parts_.data_in_checkout));
  const LabSettings& settings = parts_.assignment.settings;
  const Scale* scale = current_scale(settings);
  if (scale == nullptr || scale->overlay.empty()) return {};
  SWARMLAB_TRY(lab_tree, parts_.repository.tree_of(parts_.assignment.lab_commit));
  return lay_over(parts_.repository,
                  {.lab_tree = lab_tree, .folder = scale->overlay, .over = settings.folder}, folder,
                  folder + ".overlay");
}

// Each run has a scratch folder of its own.
Result<EvaluationPaths> Trials::paths_for(const std::string& checkout) {
  const std::string scratch = fmt::format("{}/scratch{}", parts_.folder, scratches_++);
  SWARMLAB_CHECK(make_folders(scratch));
  return EvaluationPaths{.checkout = parts_.folder + "/" + checkout,
                         .scratch = scratch,
                         .shim = parts_.bench.shim,
                         .data = parts_.data.folder,
                         .data_in_checkout = parts_.data_in_checkout};
}

Result<bool> Trials::guard(const std::string& checkout) {
  const LabSettings& settings = parts_.assignment.settings;
  if (!settings.guard) return true;
  const StageTimer timer(parts_.result.report.stages, Stage::guard);
  SWARMLAB_TRY(paths, paths_for(checkout));
  SWARMLAB_TRY(ended, parts_.run(prepare_guard(settings, paths)));
  last_guard_log_ = log_of(ended);
  parts_.result.attachments.guard_log += last_guard_log_;
  if (auto failed = read_guard(ended)) {
    end(failed->outcome, std::move(failed->reason));
    return false;
  }
  return true;
}

Result<std::optional<Measurement>> Trials::evaluate(const std::string& checkout,
                                                    const ObjectId& tree, std::uint32_t repeat) {
  const auto begin = std::chrono::steady_clock::now();
  const StageTimer timer(parts_.result.report.stages, Stage::evaluate);
  const LabSettings& settings = parts_.assignment.settings;
  SWARMLAB_TRY(paths, paths_for(checkout));
  SWARMLAB_TRY(request, prepare_evaluation(settings, paths));
  SWARMLAB_TRY(ended, parts_.run(std::move(request)));
  Attachments& texts = parts_.result.attachments;
  texts.evaluator_log = log_of(ended);
  Evaluation evaluation = read_evaluation(settings, ended);
  if (auto* failed = std::get_if<Failed>(&evaluation)) {
    end(failed->outcome, std::move(failed->reason));
    return std::optional<Measurement>();
  }
  for (const std::string& warning : std::get<Scored>(evaluation).warnings) {
    texts.evaluator_log += "warning: " + warning + "\n";
  }
  const auto took = std::chrono::steady_clock::now() - begin;
  return std::optional(measurement_of(std::get<Scored>(std::move(evaluation)), tree, repeat,
                                      std::chrono::duration_cast<Milliseconds>(took)));
}

Measurement Trials::measurement_of(Scored scored, const ObjectId& tree, std::uint32_t repeat,
                                   Milliseconds took) {
  const Assignment& assignment = parts_.assignment;
  Measurement measurement;
  measurement.identity = {.evaluator = assignment.evaluator_hash,
                          .data = assignment.data_hash,
                          .tree = tree,
                          .scale = assignment.settings.scale,
                          .host_class = parts_.bench.host_class,
                          .repeat = repeat};
  measurement.score = scored.score;
  measurement.metrics = std::move(scored.metrics);
  measurement.took = took;
  measurement.worker = parts_.bench.worker;
  if (repeat == 0) parts_.result.attachments.samples = within_limit(std::move(scored.samples));
  return measurement;
}

}  // namespace swarmlab::worker
