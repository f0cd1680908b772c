#include "worker/agent/handshake.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "common/os/file.h"
#include "common/os/unique_fd.h"
#include "worker/sandbox/untrusted_text.h"

namespace swarmlab::worker {
namespace {

constexpr std::size_t kMostSignal = 256U << 10U;
constexpr std::size_t kMostSaid = 1000;

// None: it is no regular file, or too large.
std::optional<std::string> signal_text(const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
  const UniqueFd file(::open(path.c_str(), kFlags));
  struct stat about {};
  if (!file || ::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
  std::string text(kMostSignal + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMostSignal) return std::nullopt;
  text.resize(size);
  return text;
}

// Deep nesting costs far more memory than its length.
bool is_flat(const std::string& text) {
  constexpr std::ptrdiff_t kMostOpened = 2000;
  return std::ranges::count_if(text, [](char c) { return c == '[' || c == '{'; }) <= kMostOpened;
}

std::string word_at(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  return sandbox::clean_text(found->get_ref<const std::string&>(), kMostSaid, sandbox::Lines::join);
}

}  // namespace

std::optional<Signal> read_signal(const std::string& folder) {
  const auto text = signal_text(folder + "/" + kSignalFile);
  if (!text || !is_flat(*text)) return std::nullopt;
  const nlohmann::json said = nlohmann::json::parse(*text, nullptr, false);
  if (!said.is_object()) return std::nullopt;
  Signal signal{.action = word_at(said, "action"), .notes = word_at(said, "notes")};
  if (signal.action != "keep" && signal.action != "discard") signal.action.clear();
  return signal;
}

std::string told_text(const Told& told, const std::optional<NextOne>& next) {
  using nlohmann::ordered_json;
  ordered_json body;
  if (told.is_decided) body["action"] = told.is_kept ? "keep" : "discard";
  body["verdict"] = told.is_decided ? told.verdict : "undecided";
  body["score"] = told.score ? ordered_json(*told.score) : ordered_json(nullptr);
  body["metrics"] = ordered_json::object();
  for (const MetricValue& metric : told.metrics) body["metrics"][metric.name] = metric.value;
  body["notes"] = told.reason;
  body["experiment_id"] = fmt::format("exp_{:03}", told.experiment.value());
  body["experiment"] = told.experiment.value();
  body["next"] = nullptr;
  if (next) {
    body["next"] = {{"experiment", next->experiment.value()},
                    {"parent", next->parent},
                    {"of_session", next->of_session}};
  }
  return body.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

Result<void> answer_signal(const std::string& folder, const std::string& text) {
  SWARMLAB_CHECK(write_file(folder + "/" + kToldFile, text));
  const std::string signal = folder + "/" + kSignalFile;
  if (::unlink(signal.c_str()) != 0 && errno != ENOENT) {
    return fail(ErrorCode::invalid_input, "{} is in the way", kSignalFile);
  }
  return {};
}

}  // namespace swarmlab::worker
