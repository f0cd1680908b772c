#include "common/lab/scope.h"

#include <algorithm>
#include <optional>

namespace swarmlab {
namespace {

constexpr std::string_view kAnyFolders = "**";

std::vector<std::string_view> components_of(std::string_view path) {
  std::vector<std::string_view> components;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") components.push_back(part);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return components;
}

bool is_dot_git(std::string_view name) {
  constexpr std::string_view kDotGit = ".git";
  return std::equal(name.begin(), name.end(), kDotGit.begin(), kDotGit.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

bool has_dot_git(const std::vector<std::string_view>& components) {
  return std::any_of(components.begin(), components.end(), is_dot_git);
}

// One character of UTF-8, or one byte where it is none; taken off `text`.
std::string_view take_character(std::string_view& text) {
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  std::size_t length = 1;
  if (static_cast<unsigned char>(text.front()) >= 0xC0U) {
    while (length < text.size() && length < 4 && continues(text[length])) ++length;
  }
  const std::string_view character = text.substr(0, length);
  text.remove_prefix(length);
  return character;
}

struct Set {
  std::string_view inside;  // between the brackets, without "!" or "^"
  bool negated = false;
  std::size_t length = 0;  // of all of it, brackets included
};

// The set that `pattern` begins with ("[..."); nothing if it is not closed. A "]" first is a
// member.
std::optional<Set> set_at(std::string_view pattern) {
  Set set;
  std::size_t begin = 1;
  if (begin < pattern.size() && (pattern[begin] == '!' || pattern[begin] == '^')) {
    set.negated = true;
    ++begin;
  }
  const std::size_t end = pattern.find(']', begin + 1);
  if (end == std::string_view::npos) return std::nullopt;
  set.inside = pattern.substr(begin, end - begin);
  set.length = end + 1;
  return set;
}

// UTF-8 keeps the order of code points, so ranges compare as text does.
bool holds(const Set& set, std::string_view character) {
  bool found = false;
  for (std::string_view rest = set.inside; !rest.empty();) {
    const std::string_view low = take_character(rest);
    if (rest.size() >= 2 && rest.front() == '-') {
      rest.remove_prefix(1);
      const std::string_view high = take_character(rest);
      found = found || (low <= character && character <= high);
    } else {
      found = found || low == character;
    }
  }
  return found != set.negated;
}

// Whether the first element of `pattern` (no "*") is `character`; takes the element off.
bool takes(std::string_view& pattern, std::string_view character) {
  if (pattern.front() == '?') {
    pattern.remove_prefix(1);
    return true;
  }
  if (pattern.front() == '[') {
    if (const auto set = set_at(pattern)) {
      pattern.remove_prefix(set->length);
      return holds(*set, character);
    }
  }
  if (pattern.front() == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
  return take_character(pattern) == character;
}

// One component against one pattern: on a mismatch the last "*" takes a character more.
bool matches_component(std::string_view pattern, std::string_view name) {
  std::optional<std::string_view> after_star;
  std::string_view retry;
  while (!name.empty() || !pattern.empty()) {
    if (!pattern.empty() && pattern.front() == '*') {
      pattern.remove_prefix(1);
      after_star = pattern;
      retry = name;
      continue;
    }
    if (!pattern.empty() && !name.empty() && takes(pattern, take_character(name))) continue;
    if (!after_star || retry.empty()) return false;
    take_character(retry);
    name = retry;
    pattern = *after_star;
  }
  return true;
}

// Where in a glob one may stand after some components: position i is before its component i.
using Positions = std::vector<bool>;

// "**" may be passed over, but for the last: that takes one component at least.
void pass_over(const std::vector<std::string>& glob, Positions& at) {
  for (std::size_t i = 0; i + 1 < glob.size(); ++i) {
    if (at[i] && glob[i] == kAnyFolders) at[i + 1] = true;
  }
}

Positions positions_after(const std::vector<std::string>& glob,
                          const std::vector<std::string_view>& path) {
  Positions at(glob.size() + 1, false);
  at[0] = true;
  pass_over(glob, at);
  for (const std::string_view component : path) {
    Positions then(glob.size() + 1, false);
    for (std::size_t i = 0; i < glob.size(); ++i) {
      if (!at[i]) continue;
      if (glob[i] == kAnyFolders) {
        then[i] = true;
        if (i + 1 == glob.size()) then[i + 1] = true;
      } else if (matches_component(glob[i], component)) {
        then[i + 1] = true;
      }
    }
    pass_over(glob, then);
    at = std::move(then);
  }
  return at;
}

bool can_match_below(const std::vector<std::string>& glob,
                     const std::vector<std::string_view>& folder) {
  const Positions at = positions_after(glob, folder);
  return std::find(at.begin(), at.end() - 1, true) != at.end() - 1;
}

bool matches_all_below(const std::vector<std::string>& glob,
                       const std::vector<std::string_view>& folder) {
  return glob.back() == kAnyFolders && positions_after(glob, folder)[glob.size() - 1];
}

bool has_wildcard(std::string_view glob) {
  return glob.find_first_of("*?[\\") != std::string_view::npos;
}

bool is_closed(std::string_view component) {
  while (!component.empty()) {
    if (component.front() == '[') {
      const auto set = set_at(component);
      if (!set) return false;
      component.remove_prefix(set->length);
      continue;
    }
    if (component.front() == '\\' && component.size() > 1) component.remove_prefix(1);
    component.remove_prefix(1);
  }
  return true;
}

}  // namespace

Result<void> Scope::compile(const std::string& text, std::vector<Glob>& globs) {
  if (!text.empty() && text.front() == '/') {
    return fail(ErrorCode::invalid_input,
                "glob \"{}\" is absolute, expected a path relative to the repository's root", text);
  }
  Glob glob;
  for (const std::string_view component : components_of(text)) {
    if (component == "..") {
      return fail(ErrorCode::invalid_input,
                  "glob \"{}\" has \"..\", expected a path below the root", text);
    }
    if (!is_closed(component)) {
      return fail(ErrorCode::invalid_input, "glob \"{}\" has a \"[\" without its \"]\"", text);
    }
    glob.components.emplace_back(component);
  }
  const bool names_folder = !has_wildcard(text) || (!text.empty() && text.back() == '/');
  // "x/**/*" is all below x, as "x/**" is; in this one form all can be seen to match.
  if (glob.components.size() >= 2 && glob.components.back() == "*" &&
      glob.components[glob.components.size() - 2] == kAnyFolders) {
    glob.components.pop_back();
  }
  if (names_folder) {
    if (!glob.components.empty() && text.back() != '/') globs.push_back(glob);
    if (glob.components.empty() || glob.components.back() != kAnyFolders) {
      glob.components.emplace_back(kAnyFolders);
    }
  }
  globs.push_back(std::move(glob));
  return {};
}

Result<Scope> Scope::from(const Artifact& artifact) {
  Scope scope;
  for (const std::string& glob : artifact.editable) {
    SWARMLAB_CHECK(compile(glob, scope.editable_));
  }
  for (const std::string& glob : artifact.frozen) SWARMLAB_CHECK(compile(glob, scope.frozen_));
  return scope;
}

bool Scope::editable(std::string_view path) const {
  const auto components = components_of(path);
  if (components.empty() || has_dot_git(components)) return false;
  // "-> bool": back() is a proxy into a vector that ends with this line.
  const auto matches = [&components](const Glob& glob) -> bool {
    return positions_after(glob.components, components).back();
  };
  return std::any_of(editable_.begin(), editable_.end(), matches) &&
         std::none_of(frozen_.begin(), frozen_.end(), matches);
}

bool Scope::may_contain_editable(std::string_view folder) const {
  const auto components = components_of(folder);
  if (has_dot_git(components)) return false;
  return std::any_of(editable_.begin(), editable_.end(),
                     [&](const Glob& g) { return can_match_below(g.components, components); }) &&
         std::none_of(frozen_.begin(), frozen_.end(),
                      [&](const Glob& g) { return matches_all_below(g.components, components); });
}

bool Scope::wholly_editable(std::string_view folder) const {
  const auto components = components_of(folder);
  if (has_dot_git(components)) return false;
  return std::any_of(editable_.begin(), editable_.end(),
                     [&](const Glob& g) { return matches_all_below(g.components, components); }) &&
         std::none_of(frozen_.begin(), frozen_.end(),
                      [&](const Glob& g) { return can_match_below(g.components, components); });
}

}  // namespace swarmlab
