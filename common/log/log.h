// The log of this process: lines with time, level and text, to stderr or a file. Thread-safe.
//
// Fields are a suffix, key=value: `log::info("lease granted{}", log::field("task", 7))`. A Context
// adds fields to all that its thread says meanwhile. With `json` a line is an object {"time",
// "level", "message", "context"}; times are RFC 3339, UTC. Nothing is logged by rooms of the core.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/result.h"

namespace swarmlab::log {

enum class Level : std::uint8_t { debug, info, warning, error, off };

struct Options {
  Level level = Level::info;
  std::string file;  // appended to, created 0600; empty: stderr
  bool json = false;
};

/// Where lines go from now on; before it, warnings and errors go to stderr. May be called again.
/// \return unavailable if the file cannot be opened: the log stays as it was.
Result<void> init(const Options& options);

/// Nothing unless `text` is "debug", "info", "warning", "error" or "off".
[[nodiscard]] std::optional<Level> level_from(std::string_view text);

[[nodiscard]] bool enabled(Level level);
/// Hands one line to the kernel. Control characters become visible ("\n", "\x1b"), so that a line
/// of the log is a line, and what peers and agents say moves no cursor. A line that cannot be
/// written is lost. Never throws.
void write(Level level, std::string_view text) noexcept;

/// " key=value"; a value with spaces, quotes or control characters is quoted.
[[nodiscard]] std::string field(std::string_view key, std::string_view value);
template <class T>
[[nodiscard]] std::string field(std::string_view key, const T& value) {
  return field(key, std::string_view(fmt::format("{}", value)));
}

/// Fields of what is being done: `const log::Context context("experiment", 12);`. The fields of
/// contexts within contexts come one after the other. It ends in the thread that made it.
class Context {
 public:
  Context(std::string_view key, std::string_view value);
  template <class T>
  Context(std::string_view key, const T& value)
      : Context(key, std::string_view(fmt::format("{}", value))) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  Context(Context&&) = delete;
  Context& operator=(Context&&) = delete;
  ~Context();
};

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warning)) {
    write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
  }
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace swarmlab::log
