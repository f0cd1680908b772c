// What trees and commits name, read from their bytes.
#include <optional>
#include <set>

#include "common/git/hash.h"
#include "common/git/pack_reader.h"
#include "common/git/verify.h"

namespace swarmlab::git {
namespace {

template <class... Args>
tl::unexpected<Error> bad(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::invalid_input, "pack: {}",
              fmt::format(format, std::forward<Args>(args)...));
}

// git compares a folder's name as if it ended with a slash.
std::string sort_key(std::string_view name, bool folder) {
  return folder ? fmt::format("{}/", name) : std::string(name);
}

// "KEY 40-hex-digits\n", taken off `text`; nothing, and nothing taken, if it is another line.
std::optional<ObjectId> take_line(std::string_view& text, std::string_view key) {
  constexpr std::size_t kDigits = 40;
  const std::size_t length = key.size() + 1 + kDigits;
  if (text.size() <= length || text.substr(0, key.size()) != key || text[key.size()] != ' ' ||
      text[length] != '\n') {
    return std::nullopt;
  }
  const auto id = ObjectId::from_hex(text.substr(key.size() + 1, kDigits));
  if (id) text.remove_prefix(length + 1);
  return id;
}

}  // namespace

Result<std::vector<NamedByTree>> named_by_tree(std::string_view bytes) {
  std::vector<NamedByTree> named;
  std::string previous;
  std::set<std::string_view> names;  // "a" and the folder "a" need not be neighbours
  while (!bytes.empty()) {
    const std::size_t space = bytes.find(' ');
    const std::size_t end = bytes.find('\0');
    if (end == std::string_view::npos || space > end || bytes.size() - end - 1 < 20) {
      return bad("a tree is cut off");
    }
    const std::string_view mode = bytes.substr(0, space);
    const std::string_view name = bytes.substr(space + 1, end - space - 1);
    const bool folder = mode == "40000";
    const bool submodule = mode == "160000";
    // 100664: what early versions of git wrote.
    if (!folder && !submodule && mode != "100644" && mode != "100755" && mode != "120000" &&
        mode != "100664") {
      return bad("a tree has an entry of mode {}", mode.substr(0, 16));
    }
    if (auto why = why_unsound_name(name)) return bad("a tree has an unsound name: {}", *why);
    std::string key = sort_key(name, folder);
    if (!names.insert(name).second || key <= previous) {
      return bad("a tree names \"{}\" twice or out of order", name);
    }
    NamedByTree entry{.id = {}, .folder = folder};
    for (std::size_t i = 0; i < entry.id.bytes.size(); ++i) {
      entry.id.bytes.at(i) = static_cast<std::uint8_t>(bytes[end + 1 + i]);
    }
    if (!submodule) named.push_back(entry);
    previous = std::move(key);
    bytes.remove_prefix(end + 21);
  }
  return named;
}

Result<NamedByCommit> named_by_commit(std::string_view bytes) {
  const auto tree = take_line(bytes, "tree");
  if (!tree) return bad("a commit names no tree");
  NamedByCommit named{.tree = *tree, .parents = {}};
  while (const auto parent = take_line(bytes, "parent")) named.parents.push_back(*parent);
  if (bytes.substr(0, 7) != "author ") return bad("a commit has no author");
  if (bytes.find("\ncommitter ") == std::string_view::npos) return bad("a commit has no committer");
  return named;
}

}  // namespace swarmlab::git
