#include "coordinator/judge/judge.h"

#include <algorithm>
#include <cmath>

#include "common/result.h"
#include "coordinator/judge/sequential.h"

namespace swarmlab::judge {
namespace {

// A difference of two scores is off by a few units in the last place of the larger one. So 0.3 and
// 0.2 differ by a required 0.1, although the subtraction gives a little less.
constexpr double kRounding = 1e-12;
constexpr std::uint32_t kRunsOfBaseline = 3;

// The mean of these is what constraints are asked of. A first run was looked at for its score:
// beside pairs it does not count.
Holding holding_of(const JudgeInput& input) {
  static const LearnedByMetric kNothing;
  const LearnedByMetric& others = input.others == nullptr ? kNothing : *input.others;
  if (input.pairs.empty()) {
    return holds(input.constraints, {&input.measurement, 1}, others, input.metric.confidence);
  }
  std::vector<Measurement> runs;
  runs.reserve(input.pairs.size());
  for (const Pair& pair : input.pairs) runs.push_back(pair.candidate);
  return holds(input.constraints, runs, others, input.metric.confidence);
}

double required(const Metric& metric, double reference_score) {
  const Improvement& improvement = metric.min_improvement;
  return improvement.relative ? improvement.amount * std::abs(reference_score) : improvement.amount;
}

double required(const JudgeInput& input) {
  return required(input.metric, input.reference.score);
}

double gain_over(const JudgeInput& input, double score) {
  const double gain = score - input.reference.score;
  return input.metric.direction == Direction::maximize ? gain : -gain;
}

Judgement discard(double score, std::string reason) {
  return {.verdict = Verdict::discard, .reason = std::move(reason), .score = score};
}

// Scores are what they are: the first run decides.
Judgement judge_exactly(const JudgeInput& input) {
  const double score = input.measurement.score;
  const double reference = input.reference.score;
  const auto number = input.reference.number.value();
  if (!is_better(input.metric.direction, score, reference)) {
    return discard(score,
                   fmt::format("{:.6g} does not beat {:.6g} of #{}", score, reference, number));
  }
  const double gain = std::abs(score - reference);
  const double least = required(input);
  const double tolerance = kRounding * std::max(std::abs(score), std::abs(reference));
  if (gain + tolerance < least) {
    return discard(score,
                   fmt::format("{:.6g} beats {:.6g} of #{} by {:.3g} only, at least {:.3g} counts",
                               score, reference, number, gain, least));
  }
  return {
      .verdict = Verdict::keep,
      .reason = fmt::format("{:.6g} beats {:.6g} of #{} by {:.3g}", score, reference, number, gain),
      .score = score};
}

Judgement keep_simpler(const JudgeInput& input) {
  return {.verdict = Verdict::keep,
          .reason = fmt::format("{:.6g} is no worse than {:.6g} of #{}", input.measurement.score,
                                input.reference.score, input.reference.number.value()),
          .score = input.measurement.score,
          .simpler = true};
}

// By its score, or else for being smaller and as good.
Judgement judge_exactly_or_simpler(const JudgeInput& input) {
  Judgement exactly = judge_exactly(input);
  if (exactly.verdict == Verdict::keep || !input.allowed_loss) return exactly;
  const double score = input.measurement.score;
  const double tolerance = kRounding * std::max(std::abs(score), std::abs(input.reference.score));
  return gain_over(input, score) + tolerance >= 0.0 ? keep_simpler(input) : exactly;
}

// One run, and there will be no other.
Judgement judge_once(const JudgeInput& input) {
  if (!input.learned.noise.is_known()) return judge_exactly_or_simpler(input);
  Judgement exactly = judge_exactly(input);
  const double gain = gain_over(input, input.measurement.score);
  const double least = smallest_shown(input.learned.noise, input.metric.confidence, 1);
  if (exactly.verdict == Verdict::keep && gain > least) return exactly;
  if (input.allowed_loss && gain + *input.allowed_loss > least) return keep_simpler(input);
  if (exactly.verdict != Verdict::keep) return exactly;
  return discard(exactly.score,
                 fmt::format("{}, within the noise: {:.3g} would show (max_repeats is 1)",
                             exactly.reason, least));
}

// A first run that looks no better than the reference, or of a smaller one worse by what it may
// lose, is not worth a second: most candidates end here.
Judgement screen(const JudgeInput& input) {
  const Measurement& first = input.measurement;
  const std::string& host_class = first.identity.host_class;
  const double score = at_home(first.score, host_class, input.learned);
  const double reference = input.reference.score;
  const auto number = input.reference.number.value();
  if (!input.trusts_first) {
    return {.reason = fmt::format("{:.6g}, by a worker whose measurements do not count: measured "
                                  "again beside #{}",
                                  first.score, number),
            .score = score};
  }
  if (!is_comparable(host_class, input.learned)) {
    return {.reason =
                fmt::format("{:.6g} on {}, where #{} was never measured: measured again beside it",
                            first.score, host_class, number),
            .score = score};
  }
  if (!is_better(input.metric.direction, score, reference)) {
    if (input.allowed_loss && gain_over(input, score) > -*input.allowed_loss) {
      return {.reason = fmt::format("{:.6g} looks hardly worse than {:.6g} of #{}: measured again "
                                    "beside it",
                                    score, reference, number),
              .score = score};
    }
    return discard(score,
                   fmt::format("{:.6g} does not beat {:.6g} of #{}", score, reference, number));
  }
  return {.reason = fmt::format("{:.6g} looks better than {:.6g} of #{}: measured again beside it",
                                score, reference, number),
          .score = score};
}

double with_gain(const JudgeInput& input, double gain) {
  return input.metric.direction == Direction::maximize ? input.reference.score + gain
                                                       : input.reference.score - gain;
}

// What a kept candidate scores by its own runs: the reference's score plus the gain would add the
// errors of all ancestors up, until no first run looked good beside it. Chance is taken to have
// raised the candidate's runs by half of what it added to the gain, and lowered the reference's by
// the other half.
double worth(const JudgeInput& input, const Finding& found) {
  const double luck = std::max(0.0, found.gain - shrunken(found.gain, found.error));
  double sum = 0.0;
  for (const Pair& pair : input.pairs) {
    const std::string& host_class = pair.candidate.identity.host_class;
    if (!is_comparable(host_class, input.learned)) return with_gain(input, found.gain - luck);
    sum += at_home(pair.candidate.score, host_class, input.learned);
  }
  const double mean = sum / static_cast<double>(input.pairs.size());
  return input.metric.direction == Direction::maximize ? mean - luck / 2.0 : mean + luck / 2.0;
}

std::string found_text(const JudgeInput& input, const Finding& found) {
  return fmt::format("{:+.3g} over #{} in {} pair{}, {:.4g} % sure", found.gain,
                     input.reference.number.value(), input.pairs.size(),
                     input.pairs.size() == 1 ? "" : "s", 100.0 * found.confidence);
}

// Non-inferiority: the same test, of what it gains over the score that it must not fall to.
Look look_for_no_loss(const JudgeInput& input, std::vector<double> gains, Plan plan) {
  for (double& gain : gains) gain += *input.allowed_loss;
  plan.required = 0.0;
  return look(gains, input.learned.noise, plan).look;
}

std::string why_given_up(const Finding& found, double least) {
  if (found.gain <= 0.0) return {};
  return found.gain < least ? fmt::format(", at least {:.3g} counts", least)
                            : std::string(", which noise explains");
}

Judgement judge_pairs(const JudgeInput& input) {
  std::vector<double> gains;
  gains.reserve(input.pairs.size());
  for (const Pair& pair : input.pairs) {
    gains.push_back(
        gain_of(pair, input.metric.direction, input.reference.score, input.learned.home));
  }
  const Plan plan{.confidence = input.metric.confidence,
                  .pairs = input.metric.max_repeats - 1,
                  .required = required(input)};
  const Finding found = look(gains, input.learned.noise, plan);
  Judgement judgement{.reason = found_text(input, found),
                      .score = with_gain(input, found.gain),
                      .evidence = Evidence{.reference = input.reference.number,
                                           .reference_score = input.reference.score,
                                           .pairs = static_cast<std::uint32_t>(gains.size()),
                                           .gain = found.gain,
                                           .low = found.low,
                                           .high = found.high,
                                           .confidence = found.confidence}};
  Look decision = found.look;
  if (decision != Look::better && input.allowed_loss) {
    // Being better stays open if being no worse is not: the former implies the latter.
    const Look no_loss = look_for_no_loss(input, gains, plan);
    if (no_loss != Look::given_up) decision = no_loss;
    judgement.simpler = no_loss == Look::better;
  }
  switch (decision) {
    case Look::open:
      judgement.reason += ": measured again";
      return judgement;
    case Look::given_up:
      judgement.verdict = Verdict::discard;
      judgement.reason += why_given_up(found, plan.required);
      return judgement;
    case Look::better:
      break;
  }
  if (judgement.simpler) {
    judgement.reason += fmt::format(", shown to lose less than {:.3g}", *input.allowed_loss);
  }
  judgement.verdict = Verdict::keep;
  judgement.score = worth(input, found);
  return judgement;
}

// By its score alone.
Judgement judge_score(const JudgeInput& input) {
  const Metric& metric = input.metric;
  if (metric.confidence == 0.0 || input.learned.noise.is_zero()) {
    return judge_exactly_or_simpler(input);
  }
  if (!measures_again(metric, input.learned)) return judge_once(input);
  return input.pairs.empty() ? screen(input) : judge_pairs(input);
}

bool may_run_again(const JudgeInput& input) {
  return input.metric.confidence != 0.0 && input.pairs.size() + 1 < input.metric.max_repeats;
}

}  // namespace

Judgement judge(const JudgeInput& input) {
  Holding holding = holding_of(input);
  if (holding.all == Holding::Of::unknown) {
    return {.verdict = Verdict::invalid,
            .reason = std::move(holding.reason),
            .score = input.measurement.score};
  }
  if (holding.all == Holding::Of::no) {
    return discard(input.measurement.score, std::move(holding.reason));
  }
  Judgement judgement = judge_score(input);
  if (holding.all == Holding::Of::yes || judgement.verdict != Verdict::keep) return judgement;
  if (!may_run_again(input)) return discard(judgement.score, std::move(holding.reason));
  judgement.verdict.reset();
  judgement.simpler = false;
  judgement.reason += fmt::format("; {}, which noise explains: measured again", holding.reason);
  return judgement;
}

double loss_that_is_allowed(const Metric& metric, double reference_score, const Learned& learned) {
  const double counts = required(metric, reference_score);
  if (counts > 0.0 || !learned.noise.is_known()) return counts;
  return std::sqrt(learned.noise.variance());
}

bool measures_again(const Metric& metric, const Learned& learned) {
  return metric.confidence > 0.0 && metric.max_repeats >= 2 && !learned.noise.is_zero();
}

std::uint32_t runs_of_baseline(const Metric& metric) {
  return metric.confidence == 0.0
             ? 1
             : std::clamp<std::uint32_t>(metric.max_repeats, 2, kRunsOfBaseline);
}

double score_of_baseline(std::span<const Measurement> runs) {
  SWARMLAB_ASSERT(!runs.empty());
  const auto differs = [&](const Measurement& run) { return run.score != runs.front().score; };
  if (std::ranges::none_of(runs, differs)) return runs.front().score;
  double sum = 0.0;
  for (const Measurement& run : runs) sum += run.score;
  return sum / static_cast<double>(runs.size());
}

}  // namespace swarmlab::judge
