// How often judges keep what is no better, how often they miss what is, and what that costs.
//
// A lab's candidates come one after the other, each with a true effect, against one reference:
// swarmlab's judge beside those of other tools, on the same seeds. Prints Markdown.
//   judges [CANDIDATES] [SEED]
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "coordinator/judge/judge.h"

namespace {

using namespace swarmlab;

constexpr double kLeast = 1.0;  // min_improvement
constexpr double kReference = 100.0;

enum class Tails { normal, heavy };

// One seeded stream of runs: true value plus noise of standard deviation `sigma`.
class Machine {
 public:
  Machine(std::uint64_t seed, double sigma, Tails tails)
      : random_(seed), sigma_(sigma), tails_(tails) {}

  double run(double truth, double scatter = 1.0) {
    // Student's t of 3 degrees has a variance of 3.
    const double noise =
        tails_ == Tails::normal ? normal_(random_) : student_(random_) / std::sqrt(3.0);
    ++runs_;
    return truth + scatter * sigma_ * noise;
  }
  [[nodiscard]] std::uint64_t runs() const { return runs_; }

 private:
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  std::student_t_distribution<double> student_{3.0};
  double sigma_;
  Tails tails_;
  std::uint64_t runs_ = 0;
};

// A candidate: its true score, and how much noisier than the reference it is.
struct Truth {
  double score = kReference;
  double scatter = 1.0;
};

// Whether it keeps it.
using Judge = std::function<bool(Machine&, const Truth& truth)>;

// Karpathy's loop and Autoresearch Lab: one run, better than the number on record is kept.
Judge better_once(Machine& machine) {
  const double record = machine.run(kReference);
  return [record](Machine& with, const Truth& truth) {
    return with.run(truth.score, truth.scatter) >= record + kLeast;
  };
}

// Five runs of each candidate, their mean against the mean of five runs of the reference.
Judge fixed_repeats(Machine& machine) {
  const auto mean = [](Machine& with, const Truth& truth) {
    double sum = 0.0;
    for (int i = 0; i < 5; ++i) sum += with.run(truth.score, truth.scatter);
    return sum / 5.0;
  };
  const double record = mean(machine, {});
  return [record, mean](Machine& with, const Truth& truth) {
    return mean(with, truth) >= record + kLeast;
  };
}

// pi-autoresearch: the gain over the baseline, in median absolute deviations of all scores so far.
Judge mad_confidence(Machine& machine) {
  auto scores = std::make_shared<std::vector<double>>();
  scores->push_back(machine.run(kReference));
  return [scores](Machine& with, const Truth& truth) {
    const auto median = [](std::vector<double> of) {
      const auto middle = of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2);
      std::nth_element(of.begin(), middle, of.end());
      return *middle;
    };
    scores->push_back(with.run(truth.score, truth.scatter));
    if (scores->size() < 3) return scores->back() >= scores->front() + kLeast;
    const double center = median(*scores);
    std::vector<double> deviations;
    for (const double score : *scores) deviations.push_back(std::abs(score - center));
    const double gain = scores->back() - scores->front();
    return gain >= kLeast && gain / median(deviations) >= 2.0;
  };
}

Judge swarmlab_judge(Machine& machine) {
  struct Lab {
    Metric metric;
    judge::Learned learned;
    double score = 0.0;
  };
  auto lab = std::make_shared<Lab>();
  lab->metric.direction = Direction::maximize;
  lab->metric.min_improvement.amount = kLeast;
  const auto run = [](Machine& with, const Truth& truth) {
    Measurement measurement;
    measurement.score = with.run(truth.score, truth.scatter);
    return measurement;
  };
  std::vector<Measurement> baseline;
  for (std::uint32_t i = 0; i < judge::runs_of_baseline(lab->metric); ++i) {
    baseline.push_back(run(machine, {}));
  }
  judge::learn_from_baseline(lab->learned, baseline);
  lab->score = judge::score_of_baseline(baseline);
  return [lab, run](Machine& with, const Truth& truth) {
    const Measurement first = run(with, truth);
    std::vector<std::pair<Measurement, Measurement>> runs;
    while (true) {
      std::vector<judge::Pair> pairs;
      for (const auto& [candidate, reference] : runs) pairs.push_back({candidate, reference});
      const judge::Judgement judged =
          judge::judge({.metric = lab->metric,
                        .constraints = {},
                        .measurement = first,
                        .reference = {.number = ExperimentNumber(1), .score = lab->score},
                        .learned = lab->learned,
                        .pairs = pairs});
      if (judged.verdict) {
        judge::learn_from_pairs(lab->learned, pairs, Direction::maximize, lab->score);
        return judged.verdict == Verdict::keep;
      }
      runs.emplace_back(run(with, truth), run(with, {}));
    }
  };
}

struct Row {
  double kept = 0.0;  // part of the candidates
  double runs = 0.0;  // for each
};

// Many labs of 200 candidates: what a judge learned early must not decide a whole table.
Row measure(const std::function<Judge(Machine&)>& make, double sigma, Tails tails,
            const Truth& truth, std::uint64_t candidates, std::uint64_t seed) {
  constexpr std::uint64_t kPerLab = 200;
  std::uint64_t kept = 0;
  std::uint64_t runs = 0;
  for (std::uint64_t lab = 0; lab * kPerLab < candidates; ++lab) {
    Machine machine(seed + lab, sigma, tails);
    const Judge keeps = make(machine);
    for (std::uint64_t i = 0; i < kPerLab; ++i) kept += keeps(machine, truth) ? 1 : 0;
    runs += machine.runs();
  }
  const auto count = static_cast<double>((candidates + kPerLab - 1) / kPerLab * kPerLab);
  return {.kept = static_cast<double>(kept) / count, .runs = static_cast<double>(runs) / count};
}

struct Named {
  const char* name;
  std::function<Judge(Machine&)> make;
};

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t candidates = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 4000;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  const std::vector<Named> judges = {{"swarmlab", swarmlab_judge},
                                     {"better once", better_once},
                                     {"5 repeats", fixed_repeats},
                                     {"MAD over 2.0", mad_confidence}};
  fmt::print(
      "| noise | tails | judge | false keeps | of 3 x noisier | power at 1 sd | 2 sd | 3 sd | runs "
      "a null | runs at 3 sd |\n");
  fmt::print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (const double sigma : {0.1, 1.0, 3.0}) {
    for (const Tails tails : {Tails::normal, Tails::heavy}) {
      for (const Named& judge : judges) {
        const auto row = [&](double effect, double scatter = 1.0) {
          const Truth truth{.score = kReference + effect, .scatter = scatter};
          return measure(judge.make, sigma * kLeast, tails, truth, candidates, seed);
        };
        const Row null = row(0.0);
        const Row noisier = row(0.0, 3.0);
        // An effect below min_improvement is not to be kept: at small noise it starts there.
        const double base = sigma < 1.0 ? kLeast : 0.0;
        const Row one = row(base + sigma);
        const Row two = row(base + 2 * sigma);
        const Row three = row(base + 3 * sigma);
        fmt::print(
            "| {:.1f}x | {} | {} | {:.2f} % | {:.2f} % | {:.1f} % | {:.1f} % | {:.1f} % | {:.2f} | "
            "{:.2f} |\n",
            sigma, tails == Tails::normal ? "normal" : "heavy", judge.name, 100 * null.kept,
            100 * noisier.kept, 100 * one.kept, 100 * two.kept, 100 * three.kept, null.runs,
            three.runs);
      }
    }
  }
  return 0;
}
