// [[scale]] and [holdout]: the ladder, and what only people see.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "common/lab/freeze.h"
#include "common/lab/lab.h"
#include "common/lab/paths.h"
#include "common/lab/tables.h"
#include "common/model/scale.h"

namespace swarmlab::tables {
namespace {

constexpr const char* kPromote =
    "\"top 25%\" (of those measured at the scale below), \"1%\" or a number (ahead of the champion "
    "by so much)";

bool is_scale_name(std::string_view name) {
  constexpr std::size_t kLongest = 60;
  return !name.empty() && name.size() <= kLongest && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

// "25%" as 0.25.
std::optional<double> percent_of(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  const std::string number(text.substr(0, text.size() - 1));
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end);
  if (number.empty() || *end != '\0' || !std::isfinite(value) || value < 0) return std::nullopt;
  return value / 100.0;
}

void read_promote(Section& section, Promotion& promotion) {
  const toml_tree::Node* node = section.find("promote");
  if (node == nullptr) return;
  double margin = 0;
  if (!std::holds_alternative<std::string>(node->value)) {
    if (section.number("promote", margin, {.min = 0, .expected = kPromote})) {
      promotion.fraction = 0.0;
      promotion.margin = {.amount = margin, .relative = false};
    }
    return;
  }
  std::string text;
  if (!section.text("promote", text, kPromote)) return;
  constexpr std::string_view kTop = "top ";
  if (text.starts_with(kTop)) {
    const auto fraction = percent_of(std::string_view(text).substr(kTop.size()));
    if (!fraction || *fraction <= 0.0 || *fraction > 1.0) return section.wrong("promote", kPromote);
    promotion.fraction = *fraction;
    return;
  }
  const auto relative = percent_of(text);
  if (!relative) return section.wrong("promote", kPromote);
  promotion.fraction = 0.0;
  promotion.margin = {.amount = *relative, .relative = true};
}

void read_env(Section& section, Scale& scale) {
  constexpr const char* kEnv = "a table of variables such as { DEPTH = \"24\" }";
  const toml_tree::Node* node = section.find("env");
  if (node == nullptr) return;
  const auto* table = std::get_if<toml_tree::Table>(&node->value);
  if (table == nullptr) return section.wrong("env", kEnv);
  for (const toml_tree::Entry& entry : *table) {
    const auto* text = std::get_if<std::string>(&entry.node.value);
    if (text == nullptr || !is_free_variable(entry.key)) {
      return section.problem(
          entry.line, fmt::format("[[scale]] env has {}, expected {}; names of the sandbox's own "
                                  "(SWARMLAB_..., PATH, HOME) are taken",
                                  toml_tree::quoted(entry.key), kEnv));
    }
    scale.env.push_back({.name = entry.key, .value = *text});
  }
}

void read_overlay(Section& section, LabFile& file, Scale& scale) {
  std::string text;
  constexpr const char* kOverlay = "a folder of the repository such as \"scales/large\"";
  if (!section.text("overlay", text, kOverlay)) return;
  const auto path = to_repository(text, file.folder_of(section.line("overlay")));
  if (!path || path->empty()) return section.wrong("overlay", kOverlay);
  scale.overlay = *path;
  freeze_folder(file.settings.artifact, *path);
}

void read_needs(Section& section, LabFile& file, Scale& scale) {
  Needs needs = file.settings.needs;
  const bool has_labels = section.find("labels") != nullptr;
  const toml_tree::Node* node = section.find("resources");
  if (node != nullptr) {
    const auto* table = std::get_if<toml_tree::Table>(&node->value);
    if (table == nullptr) {
      return section.wrong("resources", "a table such as { gpus = 8, memory = \"64GB\" }");
    }
    Section resources(file.problems, "[[scale]] resources", table, section.line("resources"));
    read_amounts(resources, needs.amount);
    resources.finish();
  }
  if (has_labels) read_labels(section, "[[scale]]", needs.labels);
  if (node != nullptr || has_labels) scale.needs = std::move(needs);
}

void read_budget(Section& section, Scale& scale) {
  constexpr double kMostHours = 24.0 * 365 * 10;
  section.whole<std::uint64_t>("max_experiments", scale.max_experiments, 0,
                               "a whole number, 0 (no limit) or more");
  double hours = 0;
  if (section.number("max_hours", hours,
                     {.min = 0, .max = kMostHours, .expected = "hours, 0 (no limit) or more"})) {
    scale.max_time = Milliseconds(std::llround(std::ceil(hours * 3'600'000)));
  }
  constexpr std::uint64_t kMostEntrants = 1'000'000;
  constexpr const char* kFloor = "a whole number, 0 (as promote needs for one) to 1000000";
  if (section.whole<std::uint64_t>("floor", scale.promotion.floor, 0, kFloor) &&
      scale.promotion.floor > kMostEntrants) {
    section.wrong("floor", kFloor);
  }
  section.flag("approve", scale.promotion.approve);
}

// What only says how candidates climb to a scale means nothing at the first.
void refuse_on_first(Section& section) {
  if (section.find("overlay") != nullptr) {
    section.problem(section.line("overlay"),
                    "[[scale]] overlay is set for the first scale, whose files are the lab's own: "
                    "take it out");
  }
  for (const std::string_view key :
       {"promote", "floor", "approve", "max_experiments", "max_hours"}) {
    if (section.find(key) == nullptr) continue;
    section.problem(section.line(key),
                    fmt::format("[[scale]] {} is set for the first scale, where experiments start "
                                "and nothing climbs to: take it out",
                                key));
  }
}

}  // namespace

void read_scale(Section section, LabFile& file) {
  std::vector<Scale>& scales = file.settings.scales;
  Scale scale;
  constexpr const char* kName = "a name of letters, digits, \"-\", \"_\" and \".\"";
  if (!section.text("name", scale.name, kName)) {
    if (section.find("name") == nullptr) {
      section.problem(section.line(), "[[scale]] has no name, expected one such as \"large\"");
    }
  } else if (!is_scale_name(scale.name)) {
    section.wrong("name", kName);
  } else if (std::ranges::find(scales, scale.name, &Scale::name) != scales.end()) {
    section.wrong("name", "a name that no other scale has");
  }
  read_promote(section, scale.promotion);
  read_env(section, scale);
  read_overlay(section, file, scale);
  if (section.find("timeout") != nullptr) section.duration("timeout", scale.timeout);
  read_needs(section, file, scale);
  read_budget(section, scale);
  if (scales.empty()) refuse_on_first(section);
  section.finish();
  scales.push_back(std::move(scale));
}

// Experiments start at the first scale: for them the lab is as it is there.
void settle_scales(LabFile& file) {
  constexpr std::size_t kMostScales = 16;
  LabSettings& settings = file.settings;
  if (settings.scales.empty()) return;
  if (settings.scales.size() > kMostScales) {
    file.problems.add(Place{}, fmt::format("there are {} [[scale]] tables, expected {} at most",
                                           settings.scales.size(), kMostScales));
  }
  settings = at_scale(std::move(settings), 0);
}

void read_holdout(Section holdout, LabFile& file) {
  if (!holdout.present()) return;
  constexpr const char* kData =
      "\"path:/srv/holdout\", a folder that every worker has: agents would see one of the "
      "repository";
  std::string text;
  if (!holdout.text("data", text, kData)) {
    if (holdout.find("data") == nullptr) {
      holdout.problem(holdout.line(), fmt::format("[holdout] has no data, expected {}", kData));
    }
    return holdout.finish();
  }
  auto data = parse_data(text, file.folder_of(holdout.line("data")));
  if (!data) {
    holdout.problem(holdout.line("data"), "[holdout] data " + data.error().message);
  } else if (data->kind != DataSource::Kind::host_path) {
    holdout.wrong("data", kData);
  } else if (*data == file.settings.evaluator.data) {
    holdout.wrong("data", "other data than [evaluator] data");
  } else {
    file.settings.holdout = *std::move(data);
  }
  holdout.finish();
}

}  // namespace swarmlab::tables
