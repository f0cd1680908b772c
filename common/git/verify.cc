#include "common/git/verify.h"

#include <algorithm>
#include <array>

namespace swarmlab::git {
namespace {

constexpr std::uint64_t kMaxLinkBytes = 4095;  // PATH_MAX of Linux, less its NUL

// The next code point of UTF-8 text; nothing if the text is none there. Takes it off `text`.
std::optional<char32_t> take_code_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  std::size_t length = 0;
  if (first < 0x80) length = 1;
  if (first >= 0xC2 && first < 0xE0) length = 2;
  if (first >= 0xE0 && first < 0xF0) length = 3;
  if (first >= 0xF0 && first < 0xF5) length = 4;
  if (length == 0 || text.size() < length) return std::nullopt;
  constexpr std::array<unsigned int, 5> kFirstBits{0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t point = first & kFirstBits.at(length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80U) return std::nullopt;
    point = (point << 6U) | (next & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point < 0xE000;
  if (point < kSmallest.at(length) || surrogate || point > 0x10FFFF) return std::nullopt;
  text.remove_prefix(length);
  return point;
}

// What HFS+ takes out of a name before it compares.
bool ignored_by_hfs(char32_t c) {
  return (c >= 0x200C && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x206A && c <= 0x206F) || c == 0xFEFF;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_dot_git_on_hfs(std::string_view name) {
  std::string folded;
  while (!name.empty()) {
    const auto point = take_code_point(name);
    if (!point) return false;
    if (ignored_by_hfs(*point)) continue;
    if (*point >= 0x80 || folded.size() == 4) return false;
    folded.push_back(lower(static_cast<char>(*point)));
  }
  return folded == ".git";
}

bool is_dot_git_on_ntfs(std::string_view name) {
  std::string folded;
  for (const char c : name.substr(0, name.find_first_of("\\:"))) folded.push_back(lower(c));
  while (!folded.empty() && (folded.back() == ' ' || folded.back() == '.')) folded.pop_back();
  return folded == ".git" || folded == "git~1";
}

// git refuses to read these through a link, so a commit with one cannot be used.
bool is_read_by_git(std::string_view name) {
  constexpr std::array<std::string_view, 4> kRead{".gitmodules", ".gitattributes", ".gitignore",
                                                  ".mailmap"};
  std::string folded;
  for (const char c : name) folded.push_back(lower(c));
  return std::find(kRead.begin(), kRead.end(), folded) != kRead.end();
}

std::optional<std::string> why_unfit_path(std::string_view path) {
  for (;;) {
    const std::size_t slash = path.find('/');
    if (auto why = why_unfit_for_candidate(path.substr(0, slash))) return why;
    if (slash == std::string_view::npos) return std::nullopt;
    path.remove_prefix(slash + 1);
  }
}

Result<bool> is_within(const Repository& repository, const PathChange& change,
                       const PathPredicate& editable) {
  if (!editable(change.path)) return false;
  if (!change.after) return true;
  if (why_unfit_path(change.path) || change.after->mode == FileMode::submodule) return false;
  if (change.after->mode != FileMode::symlink) return true;
  auto target = repository.read_blob(change.after->id, kMaxLinkBytes);
  if (!target && target.error().code == ErrorCode::invalid_input) return false;
  if (!target) return tl::unexpected(target.error());
  return !why_unfit_link(change.path, *target, editable).has_value();
}

}  // namespace

std::optional<std::string> why_unsound_name(std::string_view name) {
  if (name.empty()) return "a component of the path is empty";
  if (name == "." || name == "..") return fmt::format("a component of the path is \"{}\"", name);
  if (name.find('/') != std::string_view::npos) return "a name holds a slash";
  if (name.find('\0') != std::string_view::npos) return "a name holds a NUL";
  if (is_dot_git_on_hfs(name) || is_dot_git_on_ntfs(name)) {
    return "a name is .git, or what other systems take for it";
  }
  return std::nullopt;
}

std::optional<std::string> why_unfit_for_candidate(std::string_view name) {
  if (auto why = why_unsound_name(name)) return why;
  while (!name.empty()) {
    const auto point = take_code_point(name);
    if (!point) return "a name is not UTF-8";
    if (*point < 0x20 || (*point >= 0x7F && *point < 0xA0)) return "a name has control characters";
  }
  return std::nullopt;
}

std::string printable_path(std::string_view path) {
  bool utf8 = true;
  for (std::string_view rest = path; !rest.empty() && utf8;) {
    utf8 = take_code_point(rest).has_value();
  }
  std::string text;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto byte = static_cast<unsigned char>(path[i]);
    // U+0080 to U+009F are control characters too: as UTF-8 0xC2 and a byte below 0xA0.
    const bool high_control =
        byte == 0xC2 && i + 1 < path.size() && static_cast<unsigned char>(path[i + 1]) < 0xA0;
    const bool low_of_high_control =
        i > 0 && static_cast<unsigned char>(path[i - 1]) == 0xC2 && byte >= 0x80 && byte < 0xA0;
    const bool plain = byte >= 0x20 && byte < 0x7F;
    if (plain || (utf8 && byte >= 0x80 && !high_control && !low_of_high_control)) {
      text.push_back(path[i]);
    } else {
      text += fmt::format("\\x{:02x}", byte);
    }
  }
  return text;
}

std::optional<std::string> why_unfit_link(std::string_view path, std::string_view target,
                                          const PathPredicate& editable) {
  if (target.empty() || target.find('\0') != std::string_view::npos) {
    return "a link whose target is no path";
  }
  if (is_read_by_git(path.substr(path.find_last_of('/') + 1))) {
    return "a link in the place of a file that git itself reads";
  }
  if (target.front() == '/') {
    return fmt::format("a link to an absolute path ({})", printable_path(target));
  }
  std::string resolved(path.substr(
      0, path.find_last_of('/') == std::string_view::npos ? 0 : path.find_last_of('/')));
  bool descended = false;
  for (std::string_view rest = target; !rest.empty();) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      descended = true;
      resolved += resolved.empty() ? std::string(part) : fmt::format("/{}", part);
      continue;
    }
    // "x/.." is not "." where x is a link itself: as text we could not tell where it leads.
    if (descended) {
      return fmt::format("a link with \"..\" after a name ({})", printable_path(target));
    }
    if (resolved.empty()) {
      return fmt::format("a link out of the repository ({})", printable_path(target));
    }
    const std::size_t last = resolved.find_last_of('/');
    resolved.resize(last == std::string::npos ? 0 : last);
  }
  // A folder may be linked to if new files in it would be editable.
  const std::string new_file = resolved.empty() ? "new" : resolved + "/new";
  if (editable(resolved) || editable(new_file)) return std::nullopt;
  return fmt::format("a link out of the editable paths ({})", printable_path(target));
}

Result<std::vector<std::string>> verify_candidate(const Repository& repository,
                                                  const ObjectId& parent_tree,
                                                  const ObjectId& candidate_tree,
                                                  const PathPredicate& editable) {
  SWARMLAB_TRY(changes, repository.changed_paths(parent_tree, candidate_tree));
  std::vector<std::string> outside;
  for (const PathChange& change : changes) {
    SWARMLAB_TRY(within_scope, is_within(repository, change, editable));
    if (!within_scope) outside.push_back(printable_path(change.path));
  }
  return outside;
}

}  // namespace swarmlab::git
