#include "cli/locate.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <system_error>
#include <vector>

#include "cli/lab_texts.h"
#include "cli/predecessors/recognise.h"
#include "common/git/repository.h"
#include "common/lab/lab.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;

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

Result<LabPlace> place_at(const fs::path& root, const fs::path& folder) {
  fs::path relative = folder.lexically_relative(root);
  if (relative == ".") relative.clear();
  LabPlace place{.root = root, .folder = relative.generic_string(), .name = {}};
  SWARMLAB_TRY(texts, lab_texts_in(root, place.folder, root.filename().string()));
  SWARMLAB_TRY(node, read_lab_node(texts));
  place.name = std::move(node.name);
  place.abstract = node.abstract;
  return place;
}

Result<LabPlace> place_at(const fs::path& folder) {
  SWARMLAB_TRY(repository, git::Repository::discover(folder.string()));
  return place_at(resolved(repository.folder()), folder);
}

bool is_in(const fs::path& path, const fs::path& folder) {
  const std::string text = path.string();
  const std::string prefix = folder.string();
  return text == prefix || text.starts_with(prefix == "/" ? prefix : prefix + "/");
}

// The folders of all lab.toml that HEAD holds at or below `top`, sorted.
Result<std::vector<fs::path>> lab_folders(const fs::path& root, const fs::path& top) {
  SWARMLAB_TRY(repository, git::Repository::open(root.string()));
  SWARMLAB_TRY(head, repository.head_commit());
  SWARMLAB_TRY(tree, repository.tree_of(head));
  SWARMLAB_TRY(entries, repository.list_tree(tree));
  std::vector<fs::path> folders;
  for (const git::TreeEntry& entry : entries) {
    const fs::path path(entry.path);
    if (path.filename() != kLabFile || !is_file(root / path)) continue;
    fs::path folder = path.has_parent_path() ? root / path.parent_path() : root;
    if (is_in(folder, top)) folders.push_back(std::move(folder));
  }
  std::ranges::sort(folders);
  return folders;
}

// Labs of the whole repository; a broken one elsewhere is none of a command's business.
Result<std::vector<LabPlace>> readable_labs(const fs::path& root) {
  SWARMLAB_TRY(folders, lab_folders(root, root));
  std::vector<LabPlace> labs;
  for (const fs::path& folder : folders) {
    if (auto place = place_at(root, folder); place && !place->abstract) labs.push_back(*place);
  }
  return labs;
}

std::string names_of(const std::vector<LabPlace>& labs) {
  std::string text;
  for (const LabPlace& lab : labs) text += (text.empty() ? "" : ", ") + lab.name;
  return text;
}

bool is_below(const std::string& name, const std::string& place) {
  return place.empty() || name.starts_with(place + "/");
}

// The labs at and below a folder. What is wrong with one is told.
Result<std::vector<LabPlace>> labs_at(const fs::path& folder) {
  SWARMLAB_TRY(repository, git::Repository::discover(folder.string()));
  const fs::path root = resolved(repository.folder());
  SWARMLAB_TRY(folders, lab_folders(root, folder));
  // One that was not committed yet is there too: who runs it hears why that does not do.
  const bool is_new =
      is_file(folder / kLabFile) && std::ranges::find(folders, folder) == folders.end();
  if (is_new) folders.insert(folders.begin(), folder);
  std::vector<LabPlace> labs;
  for (const fs::path& one : folders) {
    SWARMLAB_TRY(place, place_at(root, one));
    if (!place.abstract) labs.push_back(std::move(place));
  }
  return labs;
}

Error is_abstract(const LabPlace& place, const std::vector<LabPlace>& below) {
  const std::string name = place.name.empty() ? "this folder" : place.name;
  return {ErrorCode::invalid_input,
          fmt::format("{} is no lab itself ([lab] abstract = true), expected one of those below "
                      "it: {}",
                      name, below.empty() ? "there is none" : names_of(below))};
}

Result<LabPlace> lab_at(const fs::path& folder) {
  SWARMLAB_TRY(place, place_at(folder));
  if (!place.abstract) return place;
  SWARMLAB_TRY(below, labs_at(folder));
  return tl::unexpected(is_abstract(place, below));
}

// Of a folder without a lab.toml that was made for another program: what to do.
std::optional<Error> made_for_another(const Context& context) {
  const fs::path folder = resolved(context.cwd / context.lab);
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored) || is_file(folder / kLabFile)) return std::nullopt;
  const auto found =
      predecessors::recognise(*predecessors::folder_on_disk(folder, folder, fs::path()));
  if (!found) return std::nullopt;
  const std::string where = context.lab.empty() ? "" : " " + context.lab;
  return Error{
      ErrorCode::not_found,
      fmt::format("{} has no lab.toml yet; it is a lab of {}: swarmlab import{} writes one",
                  folder.string(), found->kind, where)};
}

Error unknown_lab(const Context& context, const fs::path& root, const std::vector<LabPlace>& all) {
  if (context.lab.empty()) {
    return {ErrorCode::not_found,
            fmt::format("no lab.toml in {} or above; make a lab with: swarmlab init my-lab",
                        context.cwd.string())};
  }
  return {ErrorCode::not_found,
          fmt::format("no lab '{}': no such folder with a lab.toml, and {}", context.lab,
                      all.empty() ? root.string() + " holds none"
                                  : "the repository holds " + names_of(all))};
}

Result<void> check_names_differ(const std::vector<LabPlace>& labs) {
  for (std::size_t i = 0; i < labs.size(); ++i) {
    for (std::size_t j = i + 1; j < labs.size(); ++j) {
      if (labs[i].name != labs[j].name) continue;
      return fail(ErrorCode::invalid_input,
                  "two labs are named {}: {} and {}; give one of them another [lab] name",
                  labs[i].name, labs[i].path().string(), labs[j].path().string());
    }
  }
  return {};
}

// What LAB names, if it is given; else by the current folder.
Result<std::vector<LabPlace>> labs_meant(const Context& context) {
  const fs::path folder = resolved(context.lab.empty() ? context.cwd : context.cwd / context.lab);
  std::error_code ignored;
  const bool is_place = is_file(folder / kLabFile) || folder.filename() == kLabFile ||
                        (!context.lab.empty() && fs::is_directory(folder, ignored));
  if (is_place) {
    SWARMLAB_TRY(labs, labs_at(folder.filename() == kLabFile ? folder.parent_path() : folder));
    if (!labs.empty()) return labs;
  }
  if (!context.lab.empty()) {
    SWARMLAB_TRY(root, locate_root(context));
    SWARMLAB_TRY(all, readable_labs(root));
    std::vector<LabPlace> named;
    std::ranges::copy_if(all, std::back_inserter(named), [&](const LabPlace& lab) {
      return lab.name == context.lab || is_below(lab.name, context.lab);
    });
    if (named.empty() && !is_place) return tl::unexpected(unknown_lab(context, root, all));
    if (!named.empty()) return named;
  }
  const auto nearest = is_place ? std::optional(folder) : nearest_lab(context);
  if (nearest) {
    SWARMLAB_TRY(place, place_at(*nearest));
    if (place.abstract && *nearest != folder) {
      SWARMLAB_TRY(below, labs_at(folder));
      if (!below.empty()) return below;
    }
  }
  SWARMLAB_TRY(lab, locate_lab(context));
  return std::vector<LabPlace>{std::move(lab)};
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

namespace {

Result<LabPlace> find_the_lab(const Context& context) {
  if (const auto folder = lab_folder(context)) return lab_at(*folder);
  if (context.lab.empty()) {
    if (const auto folder = nearest_lab(context)) return lab_at(*folder);
  }
  SWARMLAB_TRY(root, locate_root(context));
  SWARMLAB_TRY(all, readable_labs(root));
  std::vector<LabPlace> found;
  std::ranges::copy_if(all, std::back_inserter(found), [&](const LabPlace& lab) {
    return context.lab.empty() || lab.name == context.lab;
  });
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    return fail(ErrorCode::invalid_input, "which lab? {} holds {}: name one, or go into its folder",
                root.string(), names_of(all));
  }
  return tl::unexpected(unknown_lab(context, root, all));
}

}  // namespace

Result<LabPlace> locate_lab(const Context& context) {
  auto lab = find_the_lab(context);
  if (lab) return lab;
  if (auto error = made_for_another(context)) return tl::unexpected(*std::move(error));
  return lab;
}

Result<std::vector<LabPlace>> locate_labs(const Context& context) {
  auto labs = labs_meant(context);
  if (!labs) {
    if (auto error = made_for_another(context)) return tl::unexpected(*std::move(error));
    return labs;
  }
  SWARMLAB_CHECK(check_names_differ(*labs));
  return labs;
}

Result<std::optional<std::string>> named_lab(const Context& context) {
  std::optional<fs::path> folder = lab_folder(context);
  const bool is_given = folder.has_value();
  if (!folder && !context.lab.empty()) return std::optional<std::string>(context.lab);
  if (!folder) folder = nearest_lab(context);
  if (!folder) return std::optional<std::string>();
  SWARMLAB_TRY(place, is_given ? lab_at(*folder) : place_at(*folder));
  if (place.abstract) return std::optional<std::string>();
  return std::optional<std::string>(place.name);
}

Result<std::optional<std::string>> named_place(const Context& context) {
  std::optional<fs::path> folder = lab_folder(context);
  if (!folder && !context.lab.empty()) return std::optional<std::string>(context.lab);
  if (!folder) folder = nearest_lab(context);
  if (!folder) return std::optional<std::string>();
  SWARMLAB_TRY(place, place_at(*folder));
  return std::optional<std::string>(place.name);
}

}  // namespace swarmlab::cli
