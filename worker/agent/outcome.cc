#include "worker/agent/outcome.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "common/os/unique_fd.h"
#include "worker/sandbox/untrusted_text.h"

namespace swarmlab::worker {
namespace {

using nlohmann::json;
using sandbox::clean_text;
using sandbox::Lines;

constexpr std::size_t kFileBytes = 256U << 10U;
constexpr std::size_t kHypothesisBytes = 1000;
constexpr std::size_t kTextBytes = 8000;
constexpr std::size_t kIdeaBytes = 500;
constexpr std::size_t kAnnouncedMechanism = 2000;
constexpr std::size_t kMostIdeas = 20;
constexpr std::size_t kMostNoted = 6;

class Reader {
 public:
  explicit Reader(const json& object) : object_(object) {}

  std::string text(const char* key, std::size_t max_bytes, Lines lines) {
    const json* value = find(key);
    if (value == nullptr) return {};
    if (!value->is_string()) {
      note(fmt::format("{} is {}, expected a text", key, kind_of(*value)));
      return {};
    }
    return cut(key, value->get_ref<const std::string&>(), max_bytes, lines);
  }

  std::optional<bool> truth(const char* key, const char* other_key) {
    for (const char* name : {key, other_key}) {
      const json* value = find(name);
      if (value == nullptr) continue;
      if (value->is_boolean()) return value->get<bool>();
      note(fmt::format("{} is {}, expected true or false", name, kind_of(*value)));
    }
    return std::nullopt;
  }

  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> found;
    const json* value = find(key);
    if (value == nullptr) return found;
    if (value->is_string()) {  // one idea
      add_idea(key, *value, found);
      return found;
    }
    if (!value->is_array()) {
      note(fmt::format("{} is {}, expected a list of texts", key, kind_of(*value)));
      return found;
    }
    for (const json& item : *value) {
      if (found.size() == kMostIdeas) {
        note(fmt::format("{} has {} items, only {} are kept", key, value->size(), kMostIdeas));
        break;
      }
      add_idea(key, item, found);
    }
    return found;
  }

  void note(std::string what) {
    if (noted_.size() < kMostNoted) noted_.push_back(std::move(what));
  }
  [[nodiscard]] std::string warning() const {
    return noted_.empty() ? std::string() : fmt::format("{}: {}", kName, fmt::join(noted_, "; "));
  }

  static constexpr const char* kName = "outcome.json";

 private:
  // A key that is null is not there.
  const json* find(const char* key) {
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  static const char* kind_of(const json& value) {
    if (value.is_string()) return "a text";
    if (value.is_boolean()) return "true or false";
    if (value.is_array()) return "a list";
    return value.is_object() ? "an object" : "a number";
  }

  void add_idea(const char* key, const json& item, std::vector<std::string>& found) {
    if (!item.is_string()) {
      note(fmt::format("{} has {}, expected a list of texts", key, kind_of(item)));
      return;
    }
    std::string idea = cut(key, item.get_ref<const std::string&>(), kIdeaBytes, Lines::join);
    if (!idea.empty()) found.push_back(std::move(idea));
  }

  std::string cut(const char* key, const std::string& text, std::size_t max_bytes, Lines lines) {
    std::string clean = clean_text(text, max_bytes + 1, lines);
    if (clean.size() <= max_bytes) return clean;
    note(fmt::format("{} is longer than {} bytes: cut", key, max_bytes));
    return clean_text(clean, max_bytes, lines);
  }

  const json& object_;
  std::vector<std::string> noted_;
};

// Deep nesting is no outcome, and costs far more memory than its length.
bool too_deep(std::string_view text) {
  constexpr std::ptrdiff_t kMostBrackets = 2000;
  return std::ranges::count_if(text, [](char c) { return c == '[' || c == '{'; }) > kMostBrackets;
}

AgentSaid nothing(std::string why) {
  return {.notes = {}, .warning = fmt::format("{} {}", Reader::kName, why)};
}

// At most `max_bytes` and one more.
std::string read_some(int fd, std::size_t max_bytes) {
  std::string text(max_bytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

// A text as JSON can hold it: what is no UTF-8 becomes U+FFFD, byte by byte.
json parse_leniently(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  json parsed = json::parse(text, nullptr, false);
  if (!parsed.is_discarded()) return parsed;
  // Line ends within texts become \n by this too: agents often write them as they are.
  const std::string clean = clean_text(text, 4 * text.size(), Lines::join);
  return json::parse(clean, nullptr, false, true);
}

}  // namespace

AgentSaid parse_outcome(std::string_view text) {
  if (text.size() > kFileBytes) {
    return nothing(fmt::format("is larger than {} KiB: not read", kFileBytes >> 10U));
  }
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return nothing("is empty");
  if (too_deep(text)) return nothing("is no JSON object with texts: not read");
  const json parsed = parse_leniently(text);
  if (!parsed.is_object()) {
    return nothing(parsed.is_discarded() ? "is no JSON: not read" : "is no JSON object: not read");
  }
  Reader reader(parsed);
  AgentSaid said;
  said.notes.hypothesis = reader.text("hypothesis", kHypothesisBytes, Lines::join);
  said.notes.mechanism = reader.text("mechanism", kTextBytes, Lines::keep);
  said.notes.mechanism_confirmed = reader.truth("mechanismConfirmed", "mechanism_confirmed");
  said.notes.notes = reader.text("notes", kTextBytes, Lines::keep);
  said.notes.ideas = reader.texts("ideas");
  said.warning = reader.warning();
  return said;
}

AgentSaid read_outcome(const std::string& path) {
  // O_NONBLOCK: opening a fifo must not wait for a writer.
  const UniqueFd fd(
      ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (fd.get() < 0) {
    if (errno == ENOENT) return {};
    if (errno == ELOOP) return nothing("is a link: not read");
    if (errno == ENXIO) return nothing("is no regular file: not read");
    return nothing(fmt::format("cannot be read: {}", std::strerror(errno)));
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return nothing("is no regular file: not read");
  }
  return parse_outcome(read_some(fd.get(), kFileBytes));
}

std::optional<Announcement> read_announcement(const std::string& path) {
  AgentNotes notes = read_outcome(path).notes;
  if (notes.hypothesis.empty()) return std::nullopt;
  return Announcement{.hypothesis = std::move(notes.hypothesis),
                      .mechanism = clean_text(notes.mechanism, kAnnouncedMechanism, Lines::join)};
}

}  // namespace swarmlab::worker
