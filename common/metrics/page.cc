#include "common/metrics/page.h"

#include <prometheus/text_serializer.h>

#include <limits>

namespace swarmlab::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric::Histogram shown(const Histogram& from) {
  ClientMetric::Histogram to;
  to.sample_count = from.count();
  to.sample_sum = from.sum();
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < from.counts().size(); ++i) {
    sum += from.counts()[i];
    const double bound =
        i < from.bounds().size() ? from.bounds()[i] : std::numeric_limits<double>::infinity();
    to.bucket.push_back({.cumulative_count = sum, .upper_bound = bound});
  }
  return to;
}

}  // namespace

Page::Family& Page::family(std::string_view name, std::string_view help, Family::Kind kind) {
  const auto found = families_.find(name);
  if (found != families_.end()) return found->second;
  return families_
      .emplace(std::string(name), Family{.kind = kind, .help = std::string(help), .samples = {}})
      .first->second;
}

void Page::add(Family& to, std::variant<double, Histogram> value, const Labels& labels) {
  Sample sample{.labels = {}, .value = std::move(value)};
  for (const auto& [key, text] : labels) sample.labels.emplace_back(key, text);
  to.samples.push_back(std::move(sample));
}

void Page::gauge(std::string_view name, std::string_view help, double value, const Labels& labels) {
  add(family(name, help, Family::Kind::gauge), value, labels);
}

void Page::counter(std::string_view name, std::string_view help, double value,
                   const Labels& labels) {
  add(family(name, help, Family::Kind::counter), value, labels);
}

void Page::histogram(std::string_view name, std::string_view help, const Histogram& value,
                     const Labels& labels) {
  add(family(name, help, Family::Kind::histogram), value, labels);
}

void Page::append(const Page& other) {
  for (const auto& [name, from] : other.families_) {
    Family& to = family(name, from.help, from.kind);
    to.samples.insert(to.samples.end(), from.samples.begin(), from.samples.end());
  }
}

std::string Page::text() const {
  std::vector<MetricFamily> all;
  for (const auto& [name, family] : families_) {
    MetricFamily to{.name = name, .help = family.help, .type = MetricType::Gauge, .metric = {}};
    if (family.kind == Family::Kind::counter) to.type = MetricType::Counter;
    if (family.kind == Family::Kind::histogram) to.type = MetricType::Histogram;
    for (const Sample& sample : family.samples) {
      ClientMetric metric;
      for (const auto& [key, value] : sample.labels) {
        metric.label.push_back({.name = key, .value = value});
      }
      if (const auto* histogram = std::get_if<Histogram>(&sample.value)) {
        metric.histogram = shown(*histogram);
      } else {
        metric.gauge.value = metric.counter.value = std::get<double>(sample.value);
      }
      to.metric.push_back(std::move(metric));
    }
    all.push_back(std::move(to));
  }
  return prometheus::TextSerializer().Serialize(all);
}

std::vector<std::string> Page::names() const {
  std::vector<std::string> names;
  for (const auto& [name, family] : families_) {
    std::string shown = name;
    if (!family.samples.empty() && !family.samples.front().labels.empty()) {
      std::string labels;
      for (const auto& [key, value] : family.samples.front().labels) {
        labels += (labels.empty() ? "" : ",") + key;
      }
      shown += "{" + labels + "}";
    }
    names.push_back(std::move(shown));
  }
  return names;
}

}  // namespace swarmlab::metrics
