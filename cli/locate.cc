#include "cli/locate.h"

#include <system_error>
#include <vector>

#include "common/git/repository.h"
#include "common/lab/lab.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxLabFile = 1U << 20U;
constexpr const char* kLabFile = "lab.toml";

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

fs::path resolved(const fs::path& path) {
  std::error_code error;
  fs::path real = fs::weakly_canonical(path, error);
  return error ? path : real;
}

// The folder that LAB names; nothing if it is no folder with a lab.
std::optional<fs::path> lab_folder(const Context& context) {
  if (context.lab.empty()) return std::nullopt;
  fs::path folder = context.cwd / context.lab;
  if (folder.filename() == kLabFile) folder = folder.parent_path();
  if (!is_file(folder / kLabFile)) return std::nullopt;
  return resolved(folder);
}

std::optional<fs::path> nearest_lab(const Context& context) {
  for (fs::path at = resolved(context.cwd);; at = at.parent_path()) {
    if (is_file(at / kLabFile)) return at;
    if (at == at.parent_path()) return std::nullopt;
  }
}

Result<LabPlace> place_at(const fs::path& folder) {
  SWARMLAB_TRY(repository, git::Repository::discover(folder.string()));
  const fs::path root = resolved(repository.folder());
  fs::path relative = folder.lexically_relative(root);
  if (relative == ".") relative.clear();
  LabPlace place{.root = root, .folder = relative.generic_string(), .name = {}};
  SWARMLAB_TRY(text, read_file((folder / kLabFile).string(), kMaxLabFile));
  SWARMLAB_TRY(settings, read_lab(text, place.folder, root.filename().string()));
  place.name = settings.name;
  return place;
}

// The folders of all labs that HEAD holds.
Result<std::vector<fs::path>> labs_of(const fs::path& root) {
  SWARMLAB_TRY(repository, git::Repository::open(root.string()));
  SWARMLAB_TRY(head, repository.head_commit());
  SWARMLAB_TRY(tree, repository.tree_of(head));
  SWARMLAB_TRY(entries, repository.list_tree(tree));
  std::vector<fs::path> folders;
  for (const git::TreeEntry& entry : entries) {
    const fs::path path(entry.path);
    if (path.filename() == kLabFile && is_file(root / path)) {
      folders.push_back(path.has_parent_path() ? root / path.parent_path() : root);
    }
  }
  return folders;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

fs::path state_folder(const fs::path& root) {
  return root / ".swarmlab";
}

Result<fs::path> locate_root(const Context& context) {
  const fs::path from = lab_folder(context).value_or(context.cwd);
  SWARMLAB_TRY(repository, git::Repository::discover(from.string()));
  return resolved(repository.folder());
}

Result<LabPlace> locate_lab(const Context& context) {
  if (const auto folder = lab_folder(context)) return place_at(*folder);
  if (context.lab.empty()) {
    if (const auto folder = nearest_lab(context)) return place_at(*folder);
  }
  SWARMLAB_TRY(root, locate_root(context));
  SWARMLAB_TRY(folders, labs_of(root));
  std::vector<std::string> names;
  std::vector<LabPlace> found;
  for (const fs::path& folder : folders) {
    const Result<LabPlace> place = place_at(folder);
    if (!place) continue;  // a broken lab elsewhere is none of this command's business
    names.push_back(place->name);
    if (context.lab.empty() || place->name == context.lab) found.push_back(*place);
  }
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    return fail(ErrorCode::invalid_input, "which lab? {} holds {}: name one, or go into its folder",
                root.string(), joined(names));
  }
  if (!context.lab.empty()) {
    return fail(
        ErrorCode::not_found, "no lab '{}': no such folder with a lab.toml, and {}", context.lab,
        names.empty() ? root.string() + " holds none" : "the repository holds " + joined(names));
  }
  return fail(ErrorCode::not_found,
              "no lab.toml in {} or above; make a lab with: swarmlab init my-lab",
              context.cwd.string());
}

Result<std::optional<std::string>> named_lab(const Context& context) {
  std::optional<fs::path> folder = lab_folder(context);
  if (!folder && !context.lab.empty()) return std::optional<std::string>(context.lab);
  if (!folder) folder = nearest_lab(context);
  if (!folder) return std::optional<std::string>();
  SWARMLAB_TRY(place, place_at(*folder));
  return std::optional<std::string>(place.name);
}

}  // namespace swarmlab::cli
