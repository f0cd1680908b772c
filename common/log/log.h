// The log of this process: lines with time, level, text and fields, to stderr or a file.
// Thread-safe.
//
// Fields are arguments of a line: `log::info("lease granted{}", log::field("task", 7))`. As text
// they come last, key=value; as JSON they are keys of the line's object, beside "ts" (RFC 3339,
// UTC), "level", "component" and "msg". A Context adds fields to all that its thread says
// meanwhile. What is said again and again is written a few times, then counted (repeats.h).
// Nothing is logged by rooms of the core.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/result.h"

namespace swarmlab::log {

enum class Level : std::uint8_t { debug, info, warning, error, off };

struct Options {
  Level level = Level::info;
  std::string file = {};  // appended to, created 0600; empty: stderr
  bool json = false;
  std::string component = {};  // in each line of JSON; empty: not there
};

/// Where lines go from now on; before it, warnings and errors go to stderr. May be called again:
/// the file is opened anew, as after a rotation.
/// \return unavailable if the file cannot be opened: the log stays as it was.
Result<void> init(const Options& options);

/// Nothing unless `text` is "debug", "info", "warning", "error" or "off".
[[nodiscard]] std::optional<Level> level_from(std::string_view text);

struct Field {
  std::string key;
  std::string value;
  bool number = false;  // in JSON: without quotes
  bool operator==(const Field&) const = default;
};

[[nodiscard]] inline Field field(std::string_view key, std::string_view value) {
  return {std::string(key), std::string(value), false};
}
template <class T>
[[nodiscard]] Field field(std::string_view key, const T& value) {
  return {std::string(key), fmt::format("{}", value),
          std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, char>};
}

/// " key=value"; a value with spaces, quotes or control characters is quoted.
[[nodiscard]] std::string text_of(const Field& field);

[[nodiscard]] bool enabled(Level level);
/// Hands one line to the kernel. Control characters become visible ("\n", "\x1b"), so that a line
/// of the log is a line, and what peers and agents say moves no cursor. A line that cannot be
/// written is lost. Never throws.
void write(Level level, std::string_view text, std::vector<Field> fields = {}) noexcept;
/// Writes how often lines came again whose time is over. For loops that run all the time: else it
/// is written with the next line.
void tell_repeats() noexcept;

/// Fields of what is being done: `const log::Context context("experiment", 12);`. The fields of
/// contexts within contexts come one after the other. It ends in the thread that made it.
class Context {
 public:
  template <class T>
  Context(std::string_view key, const T& value) : Context(field(key, value)) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  Context(Context&&) = delete;
  Context& operator=(Context&&) = delete;
  ~Context();

 private:
  explicit Context(Field field);
};

/// While it lives, fields that its thread formats are gathered here instead of becoming text.
class Gatherer {
 public:
  Gatherer();
  Gatherer(const Gatherer&) = delete;
  Gatherer& operator=(const Gatherer&) = delete;
  Gatherer(Gatherer&&) = delete;
  Gatherer& operator=(Gatherer&&) = delete;
  ~Gatherer();

  [[nodiscard]] std::vector<Field> take() { return std::move(fields_); }
  /// Whether somebody gathers in this thread, and has taken it.
  static bool gathers(const Field& field);

 private:
  std::vector<Field> fields_;
  Gatherer* outer_;
};

template <class... Args>
void say(Level level, fmt::format_string<Args...> format, Args&&... args) {
  if (!enabled(level)) return;
  Gatherer fields;
  const std::string text = fmt::format(format, std::forward<Args>(args)...);
  write(level, text, fields.take());
}
template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  say(Level::debug, format, std::forward<Args>(args)...);
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  say(Level::info, format, std::forward<Args>(args)...);
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  say(Level::warning, format, std::forward<Args>(args)...);
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  say(Level::error, format, std::forward<Args>(args)...);
}

}  // namespace swarmlab::log

template <>
struct fmt::formatter<swarmlab::log::Field> : fmt::formatter<fmt::string_view> {
  template <class FormatContext>
  auto format(const swarmlab::log::Field& field, FormatContext& context) const {
    const bool gathered = swarmlab::log::Gatherer::gathers(field);
    const std::string text = gathered ? std::string() : swarmlab::log::text_of(field);
    return fmt::formatter<fmt::string_view>::format(fmt::string_view(text), context);
  }
};
