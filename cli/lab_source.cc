#include "cli/lab_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "common/git/hash.h"
#include "common/git/repository.h"
#include "common/lab/lab_check.h"
#include "common/lab/scope.h"

namespace swarmlab::cli {

namespace {

constexpr std::uint64_t kMaxLabFile = 1U << 20U;
constexpr std::size_t kMostNamed = 8;

std::string below(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

bool is_in(const std::string& path, const std::string& folder) {
  return folder.empty() || path == folder || path.starts_with(folder + "/");
}

std::string listed(const std::vector<std::string>& paths) {
  std::string text;
  for (std::size_t i = 0; i < std::min(paths.size(), kMostNamed); ++i) text += "\n  " + paths[i];
  if (paths.size() > kMostNamed)
    text += fmt::format("\n  ... and {} more", paths.size() - kMostNamed);
  return text;
}

// What of the repository an experiment of this lab can depend on, besides settings: the lab's
// folder, its data and what may be edited. Texts for people and for agents do not change a score.
class Relevance {
 public:
  static Result<Relevance> of(const LabSettings& settings) {
    SWARMLAB_TRY(scope, Scope::from(settings.artifact));
    return Relevance(settings, std::move(scope));
  }
  [[nodiscard]] bool editable(const std::string& path) const { return scope_.editable(path); }
  [[nodiscard]] bool matters(const std::string& path) const {
    if (editable(path)) return true;
    const auto& data = settings_.evaluator.data;
    if (data.kind == DataSource::Kind::folder && is_in(path, data.path)) return true;
    if (!is_in(path, settings_.folder) || is_in(path, ".swarmlab")) return false;
    const std::string name = std::filesystem::path(path).filename().string();
    return name != ".gitignore" && name != "lab.toml" && !name.starts_with("README") &&
           path != below(settings_.folder, settings_.results_file) &&
           path != below(settings_.folder, settings_.agent.instructions);
  }

 private:
  Relevance(const LabSettings& settings, Scope scope)
      : settings_(settings), scope_(std::move(scope)) {}
  const LabSettings& settings_;
  Scope scope_;
};

Result<void> refuse_uncommitted(const git::Repository& repository, const LabSettings& settings,
                                const Relevance& relevance, std::vector<std::string>& warnings) {
  SWARMLAB_TRY(dirty, repository.dirty_files({}));
  std::vector<std::string> modified;
  std::vector<std::string> untracked;
  const std::string lab_file = below(settings.folder, "lab.toml");
  for (const git::DirtyFile& file : dirty) {
    if (!relevance.matters(file.path) && file.path != lab_file) continue;
    (file.kind == git::DirtyFile::Kind::untracked ? untracked : modified).push_back(file.path);
  }
  if (!modified.empty()) {
    return fail(ErrorCode::invalid_input,
                "{} of the lab differ{} from the last commit, which is what experiments start "
                "from; commit or stash them first:{}",
                modified.size() == 1 ? "1 file" : fmt::format("{} files", modified.size()),
                modified.size() == 1 ? "s" : "", listed(modified));
  }
  if (!untracked.empty()) {
    warnings.push_back(fmt::format(
        "{} not in git, so no experiment sees {}:{}",
        untracked.size() == 1 ? "1 file is" : fmt::format("{} files are", untracked.size()),
        untracked.size() == 1 ? "it" : "them", listed(untracked)));
  }
  return {};
}

// All settings that make a score what it is, as text: a hash of it must not change with the
// version of this program.
std::string measuring_rules(const LabSettings& settings) {
  std::string text = fmt::format("metric {} {}\n", settings.metric.name,
                                 settings.metric.direction == Direction::minimize ? "min" : "max");
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
  text += fmt::format("memory {} cpus {}\n", settings.limits.memory_bytes, settings.limits.cpus);
  return text;
}

Result<ObjectId> evaluator_hash(const git::Repository& repository, const ObjectId& tree,
                                const LabSettings& settings, const Relevance& relevance) {
  std::string text = measuring_rules(settings);
  SWARMLAB_TRY(entries, repository.list_tree(tree));
  for (const git::TreeEntry& entry : entries) {
    if (relevance.editable(entry.path) || !relevance.matters(entry.path)) continue;
    text += fmt::format("{} {} {}\n", static_cast<int>(entry.leaf.mode), entry.leaf.id.hex(),
                        entry.path);
  }
  return git::hash_blob(text);
}

Result<ObjectId> data_hash(const git::Repository& repository, const ObjectId& tree,
                           const DataSource& data) {
  switch (data.kind) {
    case DataSource::Kind::none:
      return ObjectId{};
    case DataSource::Kind::folder:
      return repository.subtree_id(tree, data.path);
    case DataSource::Kind::host_path:
      return git::hash_folder(data.path);
  }
  return ObjectId{};
}

Result<CheckedLab> read_at(const git::Repository& repository, const ObjectId& tree,
                           const LabPlace& place, const LabOverrides& overrides) {
  const std::string path = below(place.folder, "lab.toml");
  const auto text = repository.file_at(tree, path, kMaxLabFile);
  if (!text && text.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::invalid_input,
                "{} is not in the last commit, which is what experiments start from; commit it "
                "with: git add {} && git commit",
                path, place.folder.empty() ? "." : place.folder);
  }
  if (!text) return tl::unexpected(text.error());
  SWARMLAB_TRY(entries, repository.list_tree(tree));
  std::vector<std::string> files;
  files.reserve(entries.size());
  for (const git::TreeEntry& entry : entries) files.push_back(entry.path);
  SWARMLAB_TRY(checked, check_lab(*text, place.folder, files, place.root.filename().string()));
  SWARMLAB_TRY(settings, with_overrides(std::move(checked.settings), overrides));
  SWARMLAB_CHECK(check_has_agent(settings));
  checked.settings = std::move(settings);
  return std::move(checked);
}

// The commit to go on from: the previous one, unless something that matters differs.
Result<ObjectId> commit_to_use(const git::Repository& repository, const ObjectId& head,
                               const std::optional<ObjectId>& previous, const Relevance& relevance,
                               std::vector<std::string>& warnings) {
  if (!previous || *previous == head || !repository.has(*previous)) return head;
  SWARMLAB_TRY(before, repository.tree_of(*previous));
  SWARMLAB_TRY(after, repository.tree_of(head));
  SWARMLAB_TRY(changes, repository.changed_paths(before, after));
  const auto matters = [&](const git::PathChange& change) {
    return relevance.matters(change.path);
  };
  if (std::ranges::any_of(changes, matters)) return head;
  if (!changes.empty()) {
    warnings.push_back(
        fmt::format("going on from commit {}: nothing that {} newer commit changed "
                    "can change a score",
                    previous->brief(), head.brief()));
  }
  return *previous;
}

// All of a LabSource but what is hashed; the commit is HEAD.
Result<LabSource> read_unhashed(const git::Repository& repository, const LabPlace& place,
                                const LabOverrides& overrides) {
  LabSource source;
  SWARMLAB_TRY(head, repository.head_commit());
  SWARMLAB_TRY(head_tree, repository.tree_of(head));
  SWARMLAB_TRY(checked, read_at(repository, head_tree, place, overrides));
  source.lab_commit = head;
  source.settings = std::move(checked.settings);
  source.warnings = std::move(checked.warnings);
  SWARMLAB_TRY(relevance, Relevance::of(source.settings));
  SWARMLAB_CHECK(refuse_uncommitted(repository, source.settings, relevance, source.warnings));
  return source;
}

}  // namespace

Result<LabSource> read_lab_source(const LabPlace& place, const LabOverrides& overrides,
                                  const std::optional<ObjectId>& previous) {
  SWARMLAB_TRY(repository, git::Repository::open(place.root.string()));
  SWARMLAB_TRY(source, read_unhashed(repository, place, overrides));
  SWARMLAB_TRY(relevance, Relevance::of(source.settings));
  SWARMLAB_TRY(commit,
               commit_to_use(repository, source.lab_commit, previous, relevance, source.warnings));
  source.lab_commit = commit;
  SWARMLAB_TRY(tree, repository.tree_of(commit));
  SWARMLAB_TRY(evaluator, evaluator_hash(repository, tree, source.settings, relevance));
  source.evaluator_hash = evaluator;
  auto data = data_hash(repository, tree, source.settings.evaluator.data);
  if (!data) return within("data " + source.settings.evaluator.data.path, data.error());
  source.data_hash = *data;
  return std::move(source);
}

Result<LabSettings> check_lab_source(const LabPlace& place, const LabOverrides& overrides) {
  SWARMLAB_TRY(repository, git::Repository::open(place.root.string()));
  SWARMLAB_TRY(source, read_unhashed(repository, place, overrides));
  const DataSource& data = source.settings.evaluator.data;
  std::error_code error;
  if (data.kind == DataSource::Kind::host_path &&
      !std::filesystem::is_directory(data.path, error)) {
    return fail(ErrorCode::not_found, "data {}: is no folder of this machine, expected one",
                data.path);
  }
  return std::move(source.settings);
}

}  // namespace swarmlab::cli
