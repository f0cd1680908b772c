// How a lab is run: limits, search, stop.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "common/lab/gain_limit.h"
#include "common/lab/tables.h"
#include "common/model/names.h"

namespace swarmlab::tables {

bool is_variable_name(std::string_view name) {
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && (name.front() < '0' || name.front() > '9') &&
         std::ranges::all_of(name, is_fine);
}

namespace {

bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 5> kOurs{"PATH", "HOME", "LANG", "TMPDIR",
                                                  "CUDA_VISIBLE_DEVICES"};
  return name.starts_with("SWARMLAB_") || std::ranges::find(kOurs, name) != kOurs.end();
}

// As a worker's --labels takes it.
bool is_label(const std::string& text) {
  constexpr std::size_t kMostBytes = 100;
  return !text.empty() && text.size() <= kMostBytes &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c != ',' && c != '\x7f'; });
}

}  // namespace

void read_limits(Section limits, LabFile& file) {
  ResourceLimits& settings = file.settings.limits;
  constexpr double kMostCpus = 65536;
  limits.size("memory", settings.memory_bytes, 0);
  limits.whole<std::uint32_t>("processes", settings.processes, 0,
                              "a whole number, 0 (no limit) or more");
  limits.size("file_size", settings.file_bytes, 0);
  limits.size("disk", settings.disk_bytes, 0);
  limits.size("output", settings.output_bytes, 1);
  limits.number("cpus", settings.cpus,
                Range{.min = 0, .max = kMostCpus, .expected = "a number, 0 (no limit) or more"});
  limits.finish();
}

bool is_free_variable(std::string_view name) {
  return is_variable_name(name) && !is_ours(name);
}

void read_amounts(Section& section, Resources& amount) {
  constexpr double kMostCpus = 65536;
  constexpr std::uint32_t kMostGpus = 256;
  constexpr const char* kGpus = "a whole number, 0 to 256";
  double cpus = 0;
  if (section.number("cpus", cpus,
                     {.min = 0, .max = kMostCpus, .expected = "a number, 0 or more"})) {
    amount.cpu_millis = static_cast<std::uint32_t>(std::llround(cpus * 1000));
  }
  section.size("memory", amount.memory_bytes, 0);
  if (section.whole<std::uint32_t>("gpus", amount.gpus, 0, kGpus) && amount.gpus > kMostGpus) {
    section.wrong("gpus", kGpus);
  }
}

void read_labels(Section& section, std::string_view title, std::vector<std::string>& target) {
  constexpr std::size_t kMostLabels = 64;
  constexpr const char* kLabels = "a list of at most 64 labels such as [\"gpu=h100\", \"fast\"]";
  if (!section.texts("labels", target, kLabels)) return;
  if (target.size() > kMostLabels) section.wrong("labels", kLabels);
  for (const std::string& label : target) {
    if (is_label(label)) continue;
    section.problem(section.line("labels"), fmt::format("{} labels has {}, expected {}", title,
                                                        toml_tree::quoted(label), kLabels));
  }
}

// What a worker must have for a task; what a sandbox may use is in [limits].
void read_resources(Section resources, LabFile& file) {
  read_amounts(resources, file.settings.needs.amount);
  read_labels(resources, "[resources]", file.settings.needs.labels);
  resources.finish();
}

namespace {

void read_policy(Section& search, PolicyKind& target) {
  std::string expected = "one of ";
  for (const PolicyKind policy : kPolicies) {
    if (policy != kPolicies.front()) expected += ", ";
    expected += toml_tree::quoted(name_of(policy));
  }
  std::string policy;
  if (!search.text("policy", policy, expected.c_str())) return;
  if (const auto known = policy_from(policy)) {
    target = *known;
  } else {
    search.wrong("policy", expected);
  }
}

void read_policy_numbers(Section& search, Search& settings) {
  constexpr const char* kWidth = "a whole number, 1 to 256";
  constexpr const char* kIslands = "a whole number, 1 to 64";
  constexpr const char* kEvery = "experiments, 0 (never) or more";
  constexpr double kMostExploration = 1000;
  if (search.whole<std::uint32_t>("width", settings.width, 1, kWidth) &&
      settings.width > kWidestBeam) {
    search.wrong("width", kWidth);
  }
  search.number("exploration", settings.exploration,
                {.min = 0, .max = kMostExploration, .expected = "a number, 0 to 1000"});
  if (search.whole<std::uint32_t>("islands", settings.islands, 1, kIslands) &&
      settings.islands > kMostIslands) {
    search.wrong("islands", kIslands);
  }
  search.whole<std::uint64_t>("migration_every", settings.migration_every, 0, kEvery);
  search.whole<std::uint64_t>("reset_every", settings.reset_every, 0, kEvery);
  search.whole<std::uint64_t>("max_parent_age", settings.max_parent_age, 0,
                              "experiments, 0 (no limit) or more");
  search.flag("merge", settings.merge);
  search.whole<std::uint64_t>("seed", settings.seed, 0, "a whole number, 0 or more");
}

void read_near_duplicates(Section& search, Search& settings) {
  constexpr const char* kWishes = "\"flag\" or \"skip\"";
  constexpr double kLeast = 0.01;
  std::string wish(name_of(settings.near_duplicates));
  if (search.text("near_duplicates", wish, kWishes)) {
    settings.near_duplicates =
        wish == name_of(NearDuplicates::skip) ? NearDuplicates::skip : NearDuplicates::flag;
    if (wish != name_of(settings.near_duplicates)) search.wrong("near_duplicates", kWishes);
  }
  search.number("similarity", settings.similarity,
                {.min = kLeast, .max = 1, .expected = "a number, 0.01 to 1"});
}

// true or "lines": by lines; "metric:NAME": by what the evaluator says.
void read_simplicity(Section& search, const LabSettings& settings, Simplicity& target) {
  constexpr std::string_view kMetric = "metric:";
  constexpr const char* kWishes =
      "true, false, \"lines\", or \"metric:NAME\" with a metric that says how large it is";
  const toml_tree::Node* node = search.find("simplicity");
  if (node == nullptr) return;
  const auto* counts = std::get_if<bool>(&node->value);
  const auto* how = std::get_if<std::string>(&node->value);
  if (how != nullptr && how->starts_with(kMetric)) target.metric = how->substr(kMetric.size());
  if (counts == nullptr && (how == nullptr || (*how != "lines" && target.metric.empty()))) {
    return search.wrong("simplicity", kWishes);
  }
  target.counts = counts == nullptr || *counts;
  if (target.counts && !settings.more_metrics.empty()) {
    search.problem(search.line("simplicity"),
                   "[search] simplicity is set beside several [[metric]], expected one [metric]: "
                   "what is small can be one of several metrics instead");
  }
}

}  // namespace

void read_search(Section search, LabFile& file) {
  read_policy(search, file.settings.policy);
  read_policy_numbers(search, file.settings.search);
  read_near_duplicates(search, file.settings.search);
  read_simplicity(search, file.settings, file.settings.search.simplicity);
  search.whole<std::uint64_t>("simplify_after", file.settings.search.simplicity.after, 0,
                              "experiments, 0 (never) or more");
  constexpr const char* kWeight = "a whole number, 1 to 1000";
  constexpr std::uint32_t kMostWeight = 1000;
  search.whole<std::uint32_t>("max_parallel", file.settings.max_parallel, 0,
                              "a whole number, 0 (no limit) or more");
  if (search.whole<std::uint32_t>("weight", file.settings.weight, 1, kWeight) &&
      file.settings.weight > kMostWeight) {
    search.wrong("weight", kWeight);
  }
  search.finish();
}

namespace {

void read_expected_gain(Section& stop, GainLimit& target) {
  constexpr const char* kExpected =
      "a text such as \"5% in 20\", \"0.01 per dollar\", both with a comma between, or \"off\"";
  std::string text;
  if (!stop.text("expected_gain", text, kExpected)) return;
  if (const auto limit = parse_gain_limit(text)) {
    target = *limit;
  } else {
    stop.wrong("expected_gain", kExpected);
  }
}

}  // namespace

void read_stop(Section stop, LabFile& file) {
  StopLimits& settings = file.settings.stop;
  constexpr const char* kWhole = "a whole number, 0 (no limit) or more";
  constexpr double kMostHours = 24.0 * 365 * 10;
  constexpr double kMostDollars = 1e9;
  stop.whole<std::uint64_t>("max_iterations", settings.max_iterations, 0, kWhole);
  double hours = 0;
  if (stop.number("max_hours", hours,
                  {.min = 0, .max = kMostHours, .expected = "hours, 0 (no limit) or more"})) {
    settings.max_time = Milliseconds(std::llround(std::ceil(hours * 3'600'000)));
  }
  double dollars = 0;
  if (stop.number(
          "max_cost", dollars,
          {.min = 0, .max = kMostDollars, .expected = "US dollars, 0 (no limit) or more"})) {
    settings.max_cost = MicroUsd(std::llround(std::ceil(dollars * 1e6)));
  }
  double target = 0;
  if (stop.number("target_score", target, {.expected = "a finite number"})) {
    settings.target_score = target;
  }
  stop.whole<std::uint64_t>("plateau_threshold", settings.plateau_threshold, 0, kWhole);
  read_expected_gain(stop, settings.expected_gain);
  stop.whole<std::uint32_t>("max_restarts", settings.max_restarts, 0, "a whole number, 0 or more");
  stop.finish();
}

}  // namespace swarmlab::tables
