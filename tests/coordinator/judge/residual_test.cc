#include "coordinator/judge/residual.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace swarmlab::judge {
namespace {

const Learned kKnown{.noise = {.squares = 200.0, .degrees = 100}, .home = {}, .hosts = {}};

Measurement run(double score, const std::string& worker) {
  Measurement measurement;
  measurement.score = score;
  measurement.worker = WorkerName(worker);
  return measurement;
}

// An experiment's pairs, each measured by one worker, with a gain of its own.
class Pairs {
 public:
  void add(const std::string& worker, double gain) {
    runs_.push_back(run(10.0 + gain, worker));
    runs_.push_back(run(10.0, worker));
  }
  [[nodiscard]] std::vector<Deviation> deviations(const Learned& learned = kKnown) const {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < runs_.size(); i += 2) pairs.push_back({runs_[i], runs_[i + 1]});
    return deviations_of(pairs, Direction::maximize, 10.0, learned);
  }

 private:
  std::vector<Measurement> runs_;
};

TEST(ResidualsOfWorkers, CompareWhatOneMeasuredWithWhatOthersDid) {
  Pairs pairs;
  pairs.add("a", 3.0);
  pairs.add("b", 0.0);
  pairs.add("c", 0.0);
  const auto off = pairs.deviations();
  ASSERT_EQ(off.size(), 3U);
  EXPECT_EQ(off[0].worker, WorkerName("a"));
  EXPECT_NEAR(off[0].by, 3.0 / std::sqrt(2.0 * (1.0 + 0.5)), 1e-12);
  EXPECT_NEAR(off[1].by, -1.5 / std::sqrt(2.0 * (1.0 + 0.5)), 1e-12);
}

TEST(ResidualsOfWorkers, SayNothingWhereOneWorkerMeasuredAll) {
  Pairs pairs;
  pairs.add("a", 3.0);
  pairs.add("a", -3.0);
  EXPECT_TRUE(pairs.deviations().empty());
}

TEST(ResidualsOfWorkers, SayNothingBeforeTheNoiseIsKnownWell) {
  Pairs pairs;
  pairs.add("a", 3.0);
  pairs.add("b", 0.0);
  EXPECT_TRUE(
      pairs.deviations({.noise = {.squares = 2.0, .degrees = 2}, .home = {}, .hosts = {}}).empty());
}

TEST(ResidualsOfWorkers, AreNotTakenForMuchAfterOneOutlier) {
  Residual residual;
  for (int i = 0; i < 20; ++i) note_deviation(residual, i == 3 ? 1e6 : 0.5);
  EXPECT_FALSE(deviates(residual));
}

// Four workers that share experiments of four pairs; one of them scatters more. The first that is
// taken for it, or nothing; after how many experiments.
struct Found {
  std::string worker;
  int after = 0;
};

template <class Noise>
Found watch(std::uint64_t seed, int experiments, double scatter_of_d, Noise noise) {
  std::mt19937_64 random(seed);
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  std::map<WorkerName, Residual> residuals;
  Learned learned{.noise = {.squares = 40.0, .degrees = 20}, .home = {}, .hosts = {}};
  for (int i = 0; i < experiments; ++i) {
    std::vector<Measurement> runs;
    for (int pair = 0; pair < 4; ++pair) {
      const std::string& worker = names[random() % names.size()];
      const double scatter = worker == "d" ? scatter_of_d : 1.0;
      runs.push_back(run(10.0 + scatter * noise(random), worker));
      runs.push_back(run(10.0 + scatter * noise(random), worker));
    }
    std::vector<Pair> pairs;
    for (std::size_t at = 0; at < runs.size(); at += 2) pairs.push_back({runs[at], runs[at + 1]});
    for (const Deviation& off : deviations_of(pairs, Direction::maximize, 10.0, learned)) {
      note_deviation(residuals[off.worker], off.by);
      if (deviates(residuals[off.worker])) return {.worker = off.worker.value(), .after = i};
    }
    learn_from_pairs(learned, pairs, Direction::maximize, 10.0);
  }
  return {};
}

TEST(ResidualsOfWorkers, AccuseNoneOfThoseThatMeasureAlike) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    EXPECT_EQ(watch(seed, 200, 1.0, std::normal_distribution<double>()).worker, "") << seed;
    EXPECT_EQ(watch(seed, 200, 1.0, std::student_t_distribution<double>(3.0)).worker, "") << seed;
  }
}

TEST(ResidualsOfWorkers, FindTheOneThatScattersFourTimesAsMuch) {
  int found = 0;
  int after = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Found one = watch(seed, 300, 4.0, std::normal_distribution<double>());
    found += one.worker == "d" ? 1 : 0;
    after += one.after;
  }
  EXPECT_GE(found, 49);
  EXPECT_LT(after / 50, 120);
}

}  // namespace
}  // namespace swarmlab::judge
