// Constraints: asked of the mean of a candidate's runs.
#include "coordinator/judge/constraints.h"

#include <gtest/gtest.h>

#include "coordinator/judge/judge.h"

namespace swarmlab::judge {
namespace {

using Of = Holding::Of;

Measurement run(double score, std::vector<MetricValue> metrics) {
  Measurement measurement;
  measurement.score = score;
  measurement.metrics = std::move(metrics);
  return measurement;
}

// Runs of that accuracy; a difference of two of them has that variance.
LearnedByMetric noisy(double variance) {
  Learned learned;
  learned.noise = {.squares = 100 * variance, .degrees = 100};
  return {{"accuracy", learned}};
}

const std::vector<Constraint> kAtLeast = {{.metric = "accuracy", .min = 0.9, .max = std::nullopt}};

TEST(Constraints, HoldOnTheirBoundsAndBetweenThem) {
  const std::vector<Constraint> both = {{.metric = "accuracy", .min = 0.9, .max = 0.95}};
  for (const double fine : {0.9, 0.92, 0.95}) {
    EXPECT_EQ(holds(both, std::vector{run(1, {{"accuracy", fine}})}, {}, 0.95).all, Of::yes);
  }
  const Holding low = holds(both, std::vector{run(1, {{"accuracy", 0.89}})}, {}, 0.95);
  EXPECT_EQ(low.all, Of::no);
  EXPECT_EQ(low.reason, "constraint accuracy is 0.89, at least 0.9");
  EXPECT_EQ(holds(both, std::vector{run(1, {{"accuracy", 0.96}})}, {}, 0.95).reason,
            "constraint accuracy is 0.96, at most 0.95");
}

TEST(Constraints, AreAskedOfTheMeanOfAllRuns) {
  const std::vector<Measurement> runs = {run(1, {{"accuracy", 0.88}}),
                                         run(1, {{"accuracy", 0.94}})};
  EXPECT_EQ(holds(kAtLeast, runs, {}, 0.95).all, Of::yes);
  const std::vector<Measurement> worse = {run(1, {{"accuracy", 0.8}}),
                                          run(1, {{"accuracy", 0.94}})};
  EXPECT_EQ(holds(kAtLeast, worse, {}, 0.95).reason,
            "constraint accuracy is 0.87 over 2 runs, at least 0.9");
}

TEST(Constraints, SayWhatWasMeasuredInsteadOfTheirMetric) {
  const Holding none = holds(kAtLeast, std::vector{run(1, {{"loss", 3}, {"size", 4}})}, {}, 0.95);
  EXPECT_EQ(none.all, Of::unknown);
  EXPECT_EQ(
      none.reason,
      "constraint: metric accuracy was not measured: the evaluator gave loss, size beside the "
      "score");
}

TEST(Constraints, ThatNoiseExplainsAreNearAndThoseBeyondItAreBroken) {
  const std::vector<Measurement> near = {run(1, {{"accuracy", 0.89}})};
  EXPECT_EQ(holds(kAtLeast, near, noisy(0.0004), 0.95).all, Of::near);
  EXPECT_EQ(holds(kAtLeast, near, noisy(0.000004), 0.95).all, Of::no);
  EXPECT_EQ(holds(kAtLeast, near, {}, 0.95).all, Of::no) << "of noise nothing is known";
  EXPECT_EQ(holds(kAtLeast, near, noisy(0.0004), 0.0).all, Of::no) << "one run decides";
}

class JudgedWithAConstraint : public testing::Test {
 protected:
  JudgedWithAConstraint() {
    metric.direction = Direction::maximize;
    learned.noise = {.squares = 100 * 0.02, .degrees = 100};
  }
  Judgement judged(const Measurement& first, const std::vector<Measurement>& candidates) {
    runs = candidates;
    references.assign(runs.size(), run(10, {{"accuracy", 0.95}}));
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < runs.size(); ++i) pairs.push_back({runs[i], references[i]});
    return judge({.metric = metric,
                  .constraints = kAtLeast,
                  .measurement = first,
                  .reference = {.number = ExperimentNumber(1), .score = 10},
                  .learned = learned,
                  .pairs = pairs,
                  .others = &others});
  }
  Metric metric;
  Learned learned;
  LearnedByMetric others = noisy(0.0004);
  std::vector<Measurement> runs;
  std::vector<Measurement> references;
};

TEST_F(JudgedWithAConstraint, AnUnluckyFirstRunOfItIsMeasuredAgain) {
  const Measurement first = run(12, {{"accuracy", 0.89}});
  EXPECT_FALSE(judged(first, {}).verdict);
  const Measurement fine = run(12, {{"accuracy", 0.92}});
  EXPECT_EQ(judged(first, {fine, fine}).verdict, Verdict::keep)
      << "the first run was looked at for its score, the pairs were not";
}

TEST_F(JudgedWithAConstraint, ItsMeanDecidesInTheEnd) {
  const Measurement low = run(12, {{"accuracy", 0.893}});
  const Judgement open = judged(low, {low, low});
  EXPECT_FALSE(open.verdict) << "the score is better, the constraint may hold yet";
  const Judgement last = judged(low, {low, low, low, low});
  EXPECT_EQ(last.verdict, Verdict::discard);
  EXPECT_EQ(last.reason, "constraint accuracy is 0.893 over 4 runs, at least 0.9");
}

TEST_F(JudgedWithAConstraint, AMissingMetricIsInvalid) {
  EXPECT_EQ(judged(run(12, {}), {}).verdict, Verdict::invalid);
}

}  // namespace
}  // namespace swarmlab::judge
