#include "coordinator/judge/sequential.h"

#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

namespace swarmlab::judge {
namespace {

// Errors give NaN or infinity, never an exception; a double is enough.
using Quiet = boost::math::policies::policy<
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::pole_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
    boost::math::policies::promote_double<false>>;
using StudentsT = boost::math::students_t_distribution<double, Quiet>;
using FisherF = boost::math::fisher_f_distribution<double, Quiet>;
using Normal = boost::math::normal_distribution<double, Quiet>;

// From here on Student's t is the normal distribution, to four digits.
constexpr double kManyDegrees = 10'000.0;
// Pairs that scatter more than 19 of 20 of the lab's would are taken at their own scatter too.
constexpr double kOwnScatter = 0.95;
// Another pair must have this chance to be worth it, if the gain is what the plan can show.
constexpr double kLeastPower = 0.1;

double t_of(double level, double degrees) {
  if (degrees >= kManyDegrees) return quantile(complement(Normal(), level));
  return quantile(complement(StudentsT(degrees), level));
}

double probability_above(double t, double degrees) {
  if (std::isinf(t)) return t > 0.0 ? 0.0 : 1.0;
  if (degrees >= kManyDegrees) return cdf(complement(Normal(), t));
  return cdf(complement(StudentsT(degrees), t));
}

// A standard deviation, and how well it is known.
struct Scatter {
  double variance = 0.0;
  double degrees = 0.0;
};

struct Sample {
  double mean = 0.0;
  double squares = 0.0;
};

Sample sample_of(std::span<const double> gains) {
  Sample sample;
  for (const double gain : gains) sample.mean += gain;
  sample.mean /= static_cast<double>(gains.size());
  for (const double gain : gains) sample.squares += (gain - sample.mean) * (gain - sample.mean);
  return sample;
}

Scatter pooled(const Noise& noise, const Sample& sample, std::size_t count) {
  const double degrees = static_cast<double>(noise.degrees) + static_cast<double>(count - 1);
  if (degrees == 0.0) return {};
  return {.variance = (noise.squares + sample.squares) / degrees, .degrees = degrees};
}

// Whether the candidate's own pairs scatter more than the lab's noise explains: then pooling would
// call luck significant.
bool scatters_more(const Noise& noise, const Sample& sample, std::size_t count) {
  if (!noise.is_known() || noise.is_zero() || count < 2) return false;
  const auto own = static_cast<double>(count - 1);
  const double ratio = sample.squares / own / noise.variance();
  const double most = std::min(static_cast<double>(noise.degrees), kManyDegrees);
  return ratio > quantile(FisherF(own, most), kOwnScatter);
}

// The chance that the gain is zero or less and looks like this; 1 where nothing can be said.
double p_value(const Sample& sample, const Scatter& scatter, std::size_t count) {
  if (scatter.degrees == 0.0) return 1.0;
  const double error = std::sqrt(scatter.variance / static_cast<double>(count));
  if (error == 0.0) return sample.mean > 0.0 ? 0.0 : 1.0;
  return probability_above(sample.mean / error, scatter.degrees);
}

std::uint32_t first_look(const Plan& plan) {
  return std::min<std::uint32_t>(2, plan.pairs);
}

// The mean gain that the last look asks for. The scatter will be known better by then.
double needed_at_the_end(const Plan& plan, const Scatter& scatter, double left) {
  const double t = t_of(level_of_look(plan, plan.pairs), scatter.degrees + left);
  return std::max(plan.required, t * std::sqrt(scatter.variance / plan.pairs));
}

// Conditional power, under the smallest gain that the plan can show (Jennison and Turnbull, 2000,
// chapter 10).
bool is_hopeless(const Plan& plan, const Sample& sample, const Scatter& scatter,
                 std::uint32_t count) {
  const double left = plan.pairs - count;
  const double needed = needed_at_the_end(plan, scatter, left);
  const double spread = std::sqrt(scatter.variance * left);
  const double lacking = count * (needed - sample.mean);
  if (spread == 0.0) return lacking > 0.0;
  return cdf(complement(Normal(), lacking / spread)) < kLeastPower;
}

}  // namespace

double level_of_look(const Plan& plan, std::uint32_t pair) {
  if (pair < first_look(plan) || pair > plan.pairs) return 0.0;
  const auto spent_until = [&](std::uint32_t count) {
    const double part = static_cast<double>(count) / plan.pairs;
    return (1.0 - plan.confidence) * part * part;
  };
  const double before = pair == first_look(plan) ? 0.0 : spent_until(pair - 1);
  return spent_until(pair) - before;
}

Finding look(std::span<const double> gains, const Noise& noise, const Plan& plan) {
  gains = gains.first(std::min<std::size_t>(gains.size(), plan.pairs));
  const auto count = static_cast<std::uint32_t>(gains.size());
  const Sample sample = sample_of(gains);
  const Scatter scatter = pooled(noise, sample, count);
  double p = p_value(sample, scatter, count);
  Scatter widest = scatter;
  if (scatters_more(noise, sample, count)) {
    const Scatter own{.variance = sample.squares / (count - 1),
                      .degrees = static_cast<double>(count - 1)};
    p = std::max(p, p_value(sample, own, count));
    widest = own;
  }
  const double level = level_of_look(plan, count);
  Finding finding{
      .gain = sample.mean, .error = std::sqrt(widest.variance / count), .confidence = 1.0 - p};
  const double told = level > 0.0 ? level : 1.0 - plan.confidence;
  const double half = widest.degrees == 0.0
                          ? std::numeric_limits<double>::max()
                          : t_of(told, widest.degrees) * std::sqrt(widest.variance / count);
  finding.low = sample.mean - half;
  finding.high = sample.mean + half;
  if (level > 0.0 && p <= level && sample.mean > 0.0 && sample.mean >= plan.required) {
    finding.look = Look::better;
  } else if (count >= plan.pairs ||
             (scatter.degrees > 0.0 && is_hopeless(plan, sample, scatter, count))) {
    finding.look = Look::given_up;
  }
  return finding;
}

double smallest_shown(const Noise& noise, double confidence, std::uint32_t runs) {
  const double degrees = static_cast<double>(noise.degrees);
  return t_of(1.0 - confidence, degrees) * std::sqrt(noise.variance() / runs);
}

double shrunken(double gain, double error) {
  if (gain == 0.0) return 0.0;
  return gain * std::max(0.0, 1.0 - error * error / (gain * gain));
}

}  // namespace swarmlab::judge
