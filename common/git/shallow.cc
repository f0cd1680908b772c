#include "common/git/shallow.h"

#include <set>

#include "common/os/file.h"

namespace swarmlab::git {

Result<void> mark_shallow(const Repository& repository, const std::vector<ObjectId>& commits) {
  constexpr std::uint64_t kMaxBytes = 64ULL << 20U;
  const std::string path = repository.git_folder() + "/shallow";
  auto text = read_file(path, kMaxBytes);
  if (!text && text.error().code != ErrorCode::not_found) return tl::unexpected(text.error());
  const std::string old_text = text.value_or("");
  std::set<std::string> lines;
  for (std::size_t at = 0; at < old_text.size();) {
    const std::size_t end = old_text.find('\n', at);
    lines.insert(old_text.substr(at, end - at));
    if (end == std::string::npos) break;
    at = end + 1;
  }
  const std::size_t before = lines.size();
  for (const ObjectId& commit : commits) lines.insert(commit.hex());
  if (lines.size() == before) return {};
  std::string new_text;
  for (const std::string& line : lines) new_text += line + "\n";
  return write_file_durably(path, new_text);
}

}  // namespace swarmlab::git
