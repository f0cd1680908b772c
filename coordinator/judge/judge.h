// The judge: what the measurements of a candidate are worth against another candidate.
//
// Pure, and it only sees numbers that a worker's evaluator measured (I7). Where the metric is noisy
// a single run decides nothing but that a candidate is not worth a second one: a keep needs pairs,
// runs of the candidate and of its reference in turns on one worker (sequential.h).
//
// What is smaller is kept if it is no worse: a test of non-inferiority within a margin
// (Blackwelder, "Proving the null hypothesis in clinical trials", Controlled Clinical Trials 1982),
// on the same pairs as the test of being better. That takes no correction: losing the margin
// implies being no better, so the two tests are closed (Dunnett and Gent, "An alternative to the
// use of two-sided tests in clinical trials", Statistics in Medicine 1996).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "coordinator/judge/constraints.h"
#include "coordinator/judge/noise.h"

namespace swarmlab::judge {

// What a candidate has to beat.
struct Reference {
  ExperimentNumber number;
  double score = 0.0;
};

struct JudgeInput {
  const Metric& metric;
  const std::vector<Constraint>& constraints;
  const Measurement& measurement;  // the candidate's first; its score and metrics are finite
  Reference reference;
  const Learned& learned;
  std::span<const Pair> pairs{};            // with this reference, in the order of their coming
  const LearnedByMetric* others = nullptr;  // of the noise of what constraints name; null: nothing
  std::optional<double> allowed_loss{};  // set: it is smaller, and kept if it loses less than this
  bool trusts_first = true;  // false: `measurement` comes from a machine that measures wrong
};

struct Judgement {
  // keep or discard; none: it is to be measured once more, beside the reference
  std::optional<Verdict> verdict{};
  std::string reason{};  // one sentence for people, without a full stop
  double score = 0.0;    // what the candidate is worth from now on, at home
  std::optional<Evidence> evidence{};
  bool simpler = false;  // kept for being smaller and no worse, not for being better
  bool operator==(const Judgement&) const = default;
};

/// Keeps what holds all constraints (by the mean of its runs) and is better than the reference, by
/// at least the lab's min_improvement (up to the rounding of the subtraction), beyond what noise
/// explains: of candidates that are no better, at most 1 - confidence are kept. A deterministic
/// metric and confidence 0 decide on one run. What is smaller is also kept if it is shown to lose
/// less than `allowed_loss`: of those that lose that much or more, at most 1 - confidence are kept.
/// Where scores are what they are, if it is as good or better.
[[nodiscard]] Judgement judge(const JudgeInput& input);

/// What a smaller candidate may lose: as much as would not count as a gain (min_improvement); where
/// every gain counts, what noise does to the difference of two runs, one standard deviation.
[[nodiscard]] double loss_that_is_allowed(const Metric& metric, double reference_score,
                                          const Learned& learned);

/// Whether `score` is strictly better than `other`.
[[nodiscard]] constexpr bool is_better(Direction direction, double score, double other) {
  return direction == Direction::minimize ? score < other : score > other;
}

/// Whether candidates that look better run again: else one run decides.
[[nodiscard]] bool measures_again(const Metric& metric, const Learned& learned);

/// How often the evaluator runs on a baseline: so often that its noise is known, once where nobody
/// asks for it. A worker stops at the second run if it is equal to the first.
[[nodiscard]] std::uint32_t runs_of_baseline(const Metric& metric);

/// The mean of the baseline's runs. \pre  there is one
[[nodiscard]] double score_of_baseline(std::span<const Measurement> runs);

}  // namespace swarmlab::judge
