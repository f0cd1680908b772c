#include "common/log/log.h"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "common/json_string.h"
#include "common/log/line_sink.h"
#include "common/log/repeats.h"

namespace swarmlab::log {
namespace {

// What %v stands for is made by text_line() and json_line().
constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr const char* kJsonPattern = R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

std::vector<Field>& fields_of_thread() {
  static thread_local std::vector<Field> fields;
  return fields;
}

Gatherer*& gatherer_of_thread() {
  static thread_local Gatherer* gatherer = nullptr;
  return gatherer;
}

std::shared_ptr<spdlog::logger> make_logger(std::shared_ptr<spdlog::sinks::sink> sink, bool json) {
  auto logger = std::make_shared<spdlog::logger>("swarmlab", std::move(sink));
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      json ? kJsonPattern : kTextPattern, spdlog::pattern_time_type::utc, "\n"));
  logger->set_level(spdlog::level::trace);  // enabled() has decided
  logger->set_error_handler([](const std::string&) {});
  return logger;
}

// Where lines go now. Lines that are being written while it changes go to the old place.
class Log {
 public:
  struct Target {
    std::shared_ptr<spdlog::logger> logger;
    bool json = false;
    std::string component = {};
  };

  void set(Target target, Level level) {
    const std::lock_guard lock(mutex_);
    target_ = std::move(target);
    level_ = level;
  }
  [[nodiscard]] Target target() {
    const std::lock_guard lock(mutex_);
    return target_;
  }
  [[nodiscard]] Level level() const { return level_; }

  // What is to be written when this line is said: it, unless it came too often, and how often
  // others did.
  [[nodiscard]] std::vector<Line> admit(Line line) {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    std::vector<Line> lines = repeats_.over(now);
    if (repeats_.passes(line, now)) lines.push_back(std::move(line));
    return lines;
  }
  [[nodiscard]] std::vector<Line> over() {
    const std::lock_guard lock(mutex_);
    return repeats_.over(std::chrono::steady_clock::now());
  }

 private:
  std::mutex mutex_;
  Repeats repeats_;
  Target target_{make_logger(std::make_shared<LineSink>(STDERR_FILENO), false), false, {}};
  std::atomic<Level> level_ = Level::warning;
};

Log& the_log() {
  static Log log;
  return log;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      break;
  }
  return spdlog::level::off;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

void append_visible(std::string& to, char c) {
  if (c == '\n') {
    to += "\\n";
  } else if (c == '\t') {
    to += "\\t";
  } else if (is_control(c)) {
    to += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
  } else {
    to += c;
  }
}

std::string text_line(const Line& said) {
  std::string line;
  line.reserve(said.text.size());
  for (const char c : said.text) append_visible(line, c);
  for (const Field& one : said.fields) line += text_of(one);
  return line;
}

std::string json_line(const Line& said, const std::string& component) {
  std::string line;
  if (!component.empty()) line = "\"component\":" + json_string(component) + ",";
  line += "\"msg\":" + json_string(said.text);
  for (const Field& one : said.fields) {
    line += "," + json_string(one.key) + ":" + (one.number ? one.value : json_string(one.value));
  }
  return line;
}

// The line's own fields go before those of the thread: a key stands there once.
void add_context(std::vector<Field>& fields) {
  for (const Field& one : fields_of_thread()) {
    if (std::ranges::find(fields, one.key, &Field::key) == fields.end()) fields.push_back(one);
  }
}

void hand_over(const std::vector<Line>& lines) {
  const Log::Target target = the_log().target();
  for (const Line& one : lines) {
    const std::string line = target.json ? json_line(one, target.component) : text_line(one);
    target.logger->log(to_spdlog(one.level), spdlog::string_view_t(line.data(), line.size()));
  }
}

}  // namespace

Result<void> init(const Options& options) {
  std::shared_ptr<LineSink> sink;
  if (options.file.empty()) {
    sink = std::make_shared<LineSink>(STDERR_FILENO);
  } else {
    UniqueFd file(
        ::open(options.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600));
    if (!file) {
      return fail(ErrorCode::unavailable, "{}: cannot open the log: {}", options.file,
                  std::strerror(errno));
    }
    sink = std::make_shared<LineSink>(std::move(file));
  }
  the_log().set({make_logger(std::move(sink), options.json), options.json, options.component},
                options.level);
  return {};
}

std::optional<Level> level_from(std::string_view text) {
  if (text == "debug") return Level::debug;
  if (text == "info") return Level::info;
  if (text == "warning") return Level::warning;
  if (text == "error") return Level::error;
  if (text == "off") return Level::off;
  return std::nullopt;
}

bool enabled(Level level) {
  return level != Level::off && level >= the_log().level();
}

void write(Level level, std::string_view text, std::vector<Field> fields) noexcept {
  try {
    if (!enabled(level)) return;
    add_context(fields);
    hand_over(the_log().admit({level, std::string(text), std::move(fields)}));
  } catch (...) {  // out of memory: there is nobody to tell
  }
}

void tell_repeats() noexcept {
  try {
    hand_over(the_log().over());
  } catch (...) {
  }
}

std::string text_of(const Field& field) {
  const std::string& value = field.value;
  std::string text = fmt::format(" {}=", field.key);
  const bool plain = !value.empty() && value.find_first_of(" \"\\=") == std::string::npos &&
                     std::none_of(value.begin(), value.end(), is_control);
  if (plain) return text.append(value);
  text += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    append_visible(text, c);
  }
  return text += '"';
}

Context::Context(Field field) {
  fields_of_thread().push_back(std::move(field));
}

Context::~Context() {
  fields_of_thread().pop_back();
}

Gatherer::Gatherer() : outer_(std::exchange(gatherer_of_thread(), this)) {}

Gatherer::~Gatherer() {
  gatherer_of_thread() = outer_;
}

bool Gatherer::gathers(const Field& field) {
  if (gatherer_of_thread() == nullptr) return false;
  gatherer_of_thread()->fields_.push_back(field);
  return true;
}

}  // namespace swarmlab::log
