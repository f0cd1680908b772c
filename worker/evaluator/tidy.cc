// Bounds on what goes into a report: all of it travels in one message.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "worker/evaluator/output.h"
#include "worker/sandbox/untrusted_text.h"

namespace swarmlab::worker {
namespace {

constexpr std::size_t kMostMetrics = 200;
constexpr std::size_t kNameBytes = 100;
constexpr std::size_t kMostSamples = 20'000;
constexpr std::size_t kSampleBytes = 1U << 20U;

std::size_t bytes_of(const std::vector<SampleScore>& samples) {
  constexpr std::size_t kOwn = 40;  // what a sample takes beside its texts
  std::size_t bytes = 0;
  for (const SampleScore& sample : samples) {
    bytes += kOwn + sample.id.size() + sample.error.size() + sample.extra.size();
  }
  return bytes;
}

// First the extras go, then the samples at the end.
void fit(std::vector<SampleScore>& samples, std::vector<std::string>& warnings) {
  if (bytes_of(samples) > kSampleBytes) {
    for (SampleScore& sample : samples) sample.extra.clear();
    warnings.emplace_back("the samples' extra fields are too large together: left out");
  }
  const std::size_t given = samples.size();
  if (samples.size() > kMostSamples) samples.resize(kMostSamples);
  while (!samples.empty() && bytes_of(samples) > kSampleBytes) {
    samples.resize(samples.size() * 3 / 4);
  }
  if (samples.size() < given) {
    warnings.push_back(
        fmt::format("{} samples are too many or too large: only the first {} are "
                    "kept",
                    given, samples.size()));
  }
}

}  // namespace

void tidy(const std::string& metric, Scored& scored) {
  std::map<std::string, double> by_name;
  for (const MetricValue& value : scored.metrics) {
    if (value.name == metric) continue;
    if (value.name.empty() || value.name.size() > kNameBytes ||
        value.name != sandbox::clean_text(value.name, kNameBytes, sandbox::Lines::join)) {
      scored.warnings.push_back(
          fmt::format("metric \"{}\" has no usable name: left out",
                      sandbox::clean_text(value.name, kNameBytes, sandbox::Lines::join)));
    } else if (!std::isfinite(value.value)) {
      scored.warnings.push_back(fmt::format("metric {} is {}, expected a finite number: left out",
                                            value.name, value.value));
    } else {
      by_name.insert_or_assign(value.name, value.value);
    }
  }
  scored.metrics.clear();
  for (auto& [name, value] : by_name) {
    if (scored.metrics.size() == kMostMetrics) {
      scored.warnings.push_back(
          fmt::format("{} metrics are too many: only the first {} by name "
                      "are kept",
                      by_name.size(), kMostMetrics));
      break;
    }
    scored.metrics.push_back({name, value});
  }
  fit(scored.samples, scored.warnings);
  constexpr std::size_t kMostWarnings = 20;
  if (scored.warnings.size() > kMostWarnings) scored.warnings.resize(kMostWarnings);
}

}  // namespace swarmlab::worker
