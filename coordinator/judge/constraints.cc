#include "coordinator/judge/constraints.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/result.h"
#include "coordinator/judge/metrics.h"
#include "coordinator/judge/sequential.h"

namespace swarmlab::judge {
namespace {

// Of a constraint that is broken: by how much, and how the bound reads.
struct Excess {
  double amount = 0.0;  // above zero: broken
  std::string bound;
};

Excess excess_of(const Constraint& constraint, double value) {
  if (constraint.min && value < *constraint.min) {
    return {.amount = *constraint.min - value,
            .bound = fmt::format("at least {:.6g}", *constraint.min)};
  }
  if (constraint.max && value > *constraint.max) {
    return {.amount = value - *constraint.max,
            .bound = fmt::format("at most {:.6g}", *constraint.max)};
  }
  return {};
}

bool is_near(double amount, std::size_t runs, const Learned* learned, double confidence) {
  if (confidence == 0.0 || learned == nullptr) return false;
  if (!learned->noise.is_known() || learned->noise.is_zero()) return false;
  return amount <= smallest_shown(learned->noise, confidence, static_cast<std::uint32_t>(runs));
}

Holding holds(const Constraint& constraint, std::span<const Measurement> runs,
              const LearnedByMetric& learned, double confidence) {
  double sum = 0.0;
  for (const Measurement& run : runs) {
    const auto value = value_of(run, constraint.metric);
    if (!value) {
      return {.all = Holding::Of::unknown,
              .reason = "constraint: " + missing_in(run, {constraint.metric})};
    }
    sum += *value;
  }
  const double mean = runs.size() == 1 ? sum : sum / static_cast<double>(runs.size());
  const Excess excess = excess_of(constraint, mean);
  if (excess.amount <= 0.0) return {};
  const auto known = learned.find(constraint.metric);
  const bool near = is_near(excess.amount, runs.size(),
                            known == learned.end() ? nullptr : &known->second, confidence);
  return {.all = near ? Holding::Of::near : Holding::Of::no,
          .reason = fmt::format("constraint {} is {:.6g}{}, {}", constraint.metric, mean,
                                runs.size() > 1 ? fmt::format(" over {} runs", runs.size()) : "",
                                excess.bound)};
}

}  // namespace

Holding holds(const std::vector<Constraint>& constraints, std::span<const Measurement> runs,
              const LearnedByMetric& learned, double confidence) {
  SWARMLAB_ASSERT(!runs.empty());
  Holding worst;
  for (const Constraint& constraint : constraints) {
    Holding one = holds(constraint, runs, learned, confidence);
    if (one.all > worst.all) worst = std::move(one);
  }
  return worst;
}

}  // namespace swarmlab::judge
