// The judge: what a measurement is worth against the best so far.
//
// Pure, and it only sees numbers that a worker's evaluator measured (I7). It decides on one
// measurement each; a judge that knows the noise will add "measure again" to Judgement.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/lab.h"

namespace swarmlab::judge {

struct Best {
  ExperimentNumber number;
  double score = 0.0;
};

struct JudgeInput {
  const Metric& metric;
  const std::vector<Constraint>& constraints;
  const Measurement& measurement;  // its score and metrics are finite
  Best best;                       // of the segment
};

struct Judgement {
  Verdict verdict = Verdict::discard;  // keep or discard
  std::string reason;                  // one sentence for people, without a full stop
  bool operator==(const Judgement&) const = default;
};

/// Keeps what holds all constraints, is strictly better than the best, and is so by at least the
/// lab's min_improvement (up to the rounding of the subtraction).
[[nodiscard]] Judgement judge(const JudgeInput& input);

/// Whether `score` is strictly better than `other`.
[[nodiscard]] constexpr bool is_better(Direction direction, double score, double other) {
  return direction == Direction::minimize ? score < other : score > other;
}

}  // namespace swarmlab::judge
