#include "cli/result_rows.h"

#include "common/model/names.h"

namespace swarmlab::cli {

std::vector<ResultsRow> rows_of(const Experiments& experiments, bool only_best) {
  std::vector<ResultsRow> rows;
  for (const auto& view : experiments.views) {
    const auto verdict = verdict_from(text_of(view.getVerdict()));
    if (!verdict || (only_best && !view.getIsBest())) continue;  // no verdict: it runs
    ResultsRow row{.number = ExperimentNumber(view.getNumber()),
                   .ended_at = time_of(view.getEndedAt()).value_or(Timestamp{}),
                   .score = number_of(view.getScore()),
                   .metrics = {},
                   .kept = *verdict == Verdict::keep,
                   .commit = text_of(view.getCommit()),
                   .notes = results_notes(*verdict, text_of(view.getHypothesis()),
                                          text_of(view.getNotes()), text_of(view.getReason()))};
    for (const auto metric : view.getMetrics()) {
      row.metrics.push_back({text_of(metric.getName()), metric.getValue()});
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace swarmlab::cli
