#include "common/lab/lab.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <system_error>

#include "common/lab/freeze.h"
#include "common/lab/lab_file.h"
#include "common/lab/levels.h"
#include "common/lab/paths.h"
#include "common/lab/toml_tree.h"

namespace swarmlab {
namespace {

Result<void> check_flag(const char* flag, const std::optional<double>& value, double min,
                        double max, const char* expected) {
  if (!value || (std::isfinite(*value) && *value >= min && *value <= max)) return {};
  return fail(ErrorCode::invalid_input, "{} is {}, expected {}", flag, *value, expected);
}

}  // namespace

std::vector<std::string> folders_down_to(const std::string& folder) {
  std::vector<std::string> folders{""};
  for (std::size_t at = 0; at < folder.size();) {
    at = std::min(folder.find('/', at + 1), folder.size());
    folders.push_back(folder.substr(0, at));
  }
  return folders;
}

Result<LabSettings> read_lab(const LabTexts& texts) {
  LabFile file = read_lab_file(texts);
  if (!file.problems.empty()) return tl::unexpected(file.problems.error());
  return std::move(file.settings);
}

Result<LabSettings> read_lab(std::string_view text, const std::string& folder,
                             const std::string& default_name) {
  return read_lab(
      {.files = {{.folder = folder, .text = std::string(text)}}, .root_name = default_name});
}

Result<LabNode> read_lab_node(const LabTexts& texts) {
  Problems problems = problems_of(texts);
  Levels levels = read_levels(texts, problems);
  if (!problems.empty()) return tl::unexpected(problems.error());
  return LabNode{.name = std::move(levels.name), .abstract = levels.abstract.has_value()};
}

Result<LabSettings> with_overrides(LabSettings settings, const LabOverrides& overrides) {
  constexpr double kMostHours = 24.0 * 365 * 10;
  constexpr double kMostDollars = 1e9;
  SWARMLAB_CHECK(
      check_flag("--max-hours", overrides.max_hours, 0, kMostHours, "hours, 0 (no limit) or more"));
  SWARMLAB_CHECK(check_flag("--max-cost", overrides.max_cost, 0, kMostDollars,
                            "US dollars, 0 (no limit) or more"));
  SWARMLAB_CHECK(
      check_flag("--target-score", overrides.target_score, -HUGE_VAL, HUGE_VAL, "a finite number"));
  StopLimits& stop = settings.stop;
  if (overrides.max_hours) {
    stop.max_time = Milliseconds(std::llround(std::ceil(*overrides.max_hours * 3'600'000)));
  }
  if (overrides.max_cost) {
    stop.max_cost = MicroUsd(std::llround(std::ceil(*overrides.max_cost * 1e6)));
  }
  if (overrides.target_score) stop.target_score = overrides.target_score;
  if (overrides.max_iterations) stop.max_iterations = *overrides.max_iterations;
  if (overrides.plateau_threshold) stop.plateau_threshold = *overrides.plateau_threshold;
  if (overrides.max_restarts) stop.max_restarts = *overrides.max_restarts;
  if (overrides.expected_gain) stop.expected_gain = *overrides.expected_gain;
  if (overrides.policy) settings.policy = *overrides.policy;
  std::vector<std::string>& args = settings.agent.args;
  args.insert(args.end(), overrides.agent_args.begin(), overrides.agent_args.end());
  if (overrides.data) {
    settings.evaluator.data = *overrides.data;
    if (overrides.data->kind == DataSource::Kind::folder) {
      freeze_folder(settings.artifact, overrides.data->path);
    }
    if (!leaves_anything(settings.artifact)) {
      return fail(ErrorCode::invalid_input,
                  "--data is {}, which has all that is editable, expected a folder beside it",
                  overrides.data->path);
    }
  }
  return settings;
}

LabSettings with_flags_in_effect(LabSettings next, const LabSettings& written,
                                 const LabSettings& in_effect,
                                 const std::vector<std::string>& set) {
  const auto is_set = [&set](std::string_view key) {
    return std::ranges::any_of(set, [key](const std::string& one) {
      return safe_name(one.substr(0, one.find('='))) == key;
    });
  };
  const auto take = [&](std::string_view key, auto field) {
    if (field(written) != field(in_effect) && !is_set(key)) field(next) = field(in_effect);
  };
  take(
      "search.policy", [](auto& lab) -> auto& { return lab.policy; });
  take(
      "agent.args", [](auto& lab) -> auto& { return lab.agent.args; });
  take(
      "stop.max_iterations", [](auto& lab) -> auto& { return lab.stop.max_iterations; });
  take(
      "stop.max_hours", [](auto& lab) -> auto& { return lab.stop.max_time; });
  take(
      "stop.max_cost", [](auto& lab) -> auto& { return lab.stop.max_cost; });
  take(
      "stop.target_score", [](auto& lab) -> auto& { return lab.stop.target_score; });
  take(
      "stop.plateau_threshold", [](auto& lab) -> auto& { return lab.stop.plateau_threshold; });
  take(
      "stop.max_restarts", [](auto& lab) -> auto& { return lab.stop.max_restarts; });
  take(
      "stop.expected_gain", [](auto& lab) -> auto& { return lab.stop.expected_gain; });
  if (written.evaluator.data == in_effect.evaluator.data) return next;
  next.evaluator.data = in_effect.evaluator.data;
  if (next.evaluator.data.kind == DataSource::Kind::folder) {
    freeze_folder(next.artifact, next.evaluator.data.path);
  }
  return next;
}

Result<DataSource> parse_data(std::string_view text, const std::string& folder) {
  constexpr std::string_view kPath = "path:";
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorCode::invalid_input,
                "is {}, which {}, expected a folder of the repository, or \"path:/srv/data\"",
                toml_tree::quoted(text), why);
  };
  if (text.starts_with(kPath)) {
    const std::filesystem::path path(text.substr(kPath.size()));
    if (!path.is_absolute()) return wrong("is not absolute after \"path:\"");
    return DataSource{DataSource::Kind::host_path, path.lexically_normal().string()};
  }
  const Result<std::string> path = to_repository(text, folder);
  if (!path) return wrong(path.error().message);
  if (*path == folder || path->empty()) return wrong("has the lab itself");
  return DataSource{DataSource::Kind::folder, *path};
}

std::string data_folder(const LabSettings& settings, const std::string& checkout) {
  const DataSource& data = settings.evaluator.data;
  switch (data.kind) {
    case DataSource::Kind::none:
      return {};
    case DataSource::Kind::folder:
      return join(checkout, data.path);
    case DataSource::Kind::host_path:
    case DataSource::Kind::shipped:
      return data.path;
  }
  return {};
}

Result<std::filesystem::path> find_lab(const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::path start = std::filesystem::weakly_canonical(folder, error);
  if (error) {
    return fail(ErrorCode::not_found, "{}: {}", folder.string(), error.message());
  }
  for (std::filesystem::path at = start;; at = at.parent_path()) {
    if (std::filesystem::is_regular_file(at / "lab.toml", error)) return at;
    if (at == at.parent_path()) break;
  }
  return fail(ErrorCode::not_found,
              "no lab.toml in {} or above it, expected one; `swarmlab init` makes a lab",
              start.string());
}

std::string safe_name(std::string_view name) {
  std::string result;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool keeps =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (keeps) {
      result += c;
    } else if (!result.ends_with('-')) {
      result += '-';
    }
  }
  const std::size_t first = result.find_first_not_of('-');
  if (first == std::string::npos) return {};
  return result.substr(first, result.find_last_not_of('-') - first + 1);
}

}  // namespace swarmlab
