#include "common/lab/relevance.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "common/lab/lab.h"
#include "common/lab/paths.h"

namespace swarmlab {
namespace {

constexpr std::string_view kLabFile = "lab.toml";

bool is_in(std::string_view path, std::string_view folder) {
  return folder.empty() || path == folder ||
         (path.starts_with(folder) && path.substr(folder.size()).starts_with('/'));
}

std::string_view name_in(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string_view folder_in(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// A path of the settings, relative to the lab's folder, in the repository.
bool is_path_of(const std::string& path, const LabSettings& settings, const std::string& named) {
  const auto at_root = to_repository(named, settings.folder);
  return at_root && *at_root == path;
}

std::string measuring_rules(const LabSettings& settings) {
  std::string text = fmt::format("metric {} {}\n", settings.metric.name,
                                 settings.metric.direction == Direction::minimize ? "min" : "max");
  const auto worst = [&](const Metric& metric) {
    if (metric.worst) text += fmt::format("worst {}\n", *metric.worst);
  };
  worst(settings.metric);
  for (const Metric& metric : settings.more_metrics) {
    text += fmt::format("metric {} {}\n", metric.name,
                        metric.direction == Direction::minimize ? "min" : "max");
    worst(metric);
  }
  if (const auto* python = std::get_if<PythonBackend>(&settings.evaluator.how)) {
    text += fmt::format("python {} {}\n", python->module, python->class_name);
  } else {
    const auto& command = std::get<CommandEvaluator>(settings.evaluator.how);
    text += fmt::format("command {} parse {} {}\n", command.command,
                        static_cast<int>(command.parse), command.pattern);
  }
  if (settings.guard) text += fmt::format("guard {}\n", settings.guard->command);
  for (const Constraint& constraint : settings.constraints) {
    text += fmt::format("constraint {} {} {}\n", constraint.metric,
                        constraint.min ? fmt::format("{}", *constraint.min) : "-",
                        constraint.max ? fmt::format("{}", *constraint.max) : "-");
  }
  for (const Destination& to : settings.evaluator.network) {
    text += fmt::format("network {}:{}\n", to.host, to.port);
  }
  if (!settings.sandbox.image.empty()) text += fmt::format("image {}\n", settings.sandbox.image);
  if (!settings.sandbox.dockerfile.empty()) {
    text += fmt::format("dockerfile {} context {}\n", settings.sandbox.dockerfile,
                        settings.sandbox.build_context);
  }
  if (settings.evaluator.service) {
    text += fmt::format("service {} {}\n", settings.evaluator.service->port,
                        settings.evaluator.service->command);
  }
  text += fmt::format("memory {} cpus {}\n", settings.limits.memory_bytes, settings.limits.cpus);
  for (const Scale& scale : settings.scales) {
    text += fmt::format("scale {} overlay {}\n", scale.name, scale.overlay);
    for (const Variable& one : scale.env) text += fmt::format("env {}={}\n", one.name, one.value);
  }
  return text;
}

}  // namespace

Result<Relevance> Relevance::of(const CheckedLab& lab, const std::vector<std::string>& files) {
  SWARMLAB_TRY(scope, Scope::from(lab.settings.artifact));
  std::vector<std::string> others;
  for (const std::string& file : files) {
    const std::string_view folder = folder_in(file);
    if (name_in(file) == kLabFile && !is_in(lab.settings.folder, folder)) {
      others.emplace_back(folder);
    }
  }
  return Relevance(lab, std::move(scope), std::move(others));
}

bool Relevance::is_of_the_lab(const std::string& path) const {
  const auto has = [&path](const std::string& folder) { return is_in(path, folder); };
  return (has(lab_.settings.folder) || std::ranges::any_of(lab_.scored_from, has)) &&
         std::ranges::none_of(others_, has);
}

bool Relevance::matters(const std::string& path) const {
  if (editable(path)) return true;
  const LabSettings& settings = lab_.settings;
  const DataSource& data = settings.evaluator.data;
  if (data.kind == DataSource::Kind::folder && is_in(path, data.path)) return true;
  if (is_in(path, ".swarmlab")) return false;
  const auto is_laid_over = [&path](const Scale& scale) {
    return !scale.overlay.empty() && is_in(path, scale.overlay);
  };
  if (std::ranges::any_of(settings.scales, is_laid_over)) return true;
  const SandboxSettings& sandbox = settings.sandbox;
  if (!sandbox.dockerfile.empty() && path == sandbox.dockerfile) return true;
  const bool is_in_image = !sandbox.dockerfile.empty() && is_in(path, sandbox.build_context);
  if (!is_in_image && !is_of_the_lab(path)) return false;
  const std::string_view name = name_in(path);
  return name != ".gitignore" && name != kLabFile && !name.starts_with("README") &&
         !is_path_of(path, settings, settings.results_file) &&
         !is_path_of(path, settings, settings.agent.instructions);
}

bool Relevance::is_settings(const std::string& path) const {
  return name_in(path) == kLabFile && is_in(lab_.settings.folder, folder_in(path));
}

std::string evaluator_text(const LabSettings& settings, const Relevance& relevance,
                           const std::vector<HashedFile>& files) {
  std::string text = measuring_rules(settings);
  for (const HashedFile& file : files) {
    if (relevance.editable(file.path) || !relevance.matters(file.path)) continue;
    text += fmt::format("{} {} {}\n", file.mode, file.id, file.path);
  }
  return text;
}

}  // namespace swarmlab
