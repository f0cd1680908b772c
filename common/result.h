// Errors as values: what went wrong, where, and what was expected instead.
//
// A Result is for what may fail in a sound program: bad input, a full disk, a lost peer. A broken
// invariant is a bug: SWARMLAB_ASSERT stops the process. An answer that a caller must expect ("no
// task is ready") is neither: it is an ordinary value.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace swarmlab {

// A new code is added only where some caller acts on it; what a person needs goes in the message.
enum class ErrorCode : std::uint8_t {
  invalid_input,  // the caller's data is wrong: do not retry
  not_found,
  conflict,     // the state moved on: reload, then decide again
  unavailable,  // a peer or a resource is missing for now: retry with backoff
  corrupt,      // what is stored breaks its own rules: stop, tell a person
  internal,     // a library failed in a way that we do not understand
};

struct Error {
  ErrorCode code;
  std::string message;  // lower case, no full stop: it is read after a "where: "
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using Base = tl::expected<T, Error>;
  using Base::Base;
  Result(Base base) : Base(std::move(base)) {}  // NOLINT(google-explicit-constructor)
};

template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format,
                                         Args&&... args) {
  return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

/// Says where: puts `place` before the message ("lab.toml:12: ..."), as the error goes up.
[[nodiscard]] inline tl::unexpected<Error> within(std::string place, const Error& error) {
  return tl::unexpected<Error>(Error{error.code, std::move(place) + ": " + error.message});
}

}  // namespace swarmlab

// Leaves the function with the error, or declares `variable` with the value.
#define SWARMLAB_TRY(variable, expression)                         \
  auto&& variable##_result = (expression);                         \
  if (!variable##_result) {                                        \
    return ::tl::unexpected(std::move(variable##_result).error()); \
  }                                                                \
  auto&& variable = *std::move(variable##_result)

// Leaves the function with the error of an expression that has no value.
#define SWARMLAB_CHECK(expression)                                \
  do {                                                            \
    if (auto swarmlab_check = (expression); !swarmlab_check) {    \
      return ::tl::unexpected(std::move(swarmlab_check).error()); \
    }                                                             \
  } while (false)

// Checked in release builds too: a wrong decision that is stored costs more than a restart.
#define SWARMLAB_ASSERT(condition)                                                           \
  do {                                                                                       \
    if (!(condition)) [[unlikely]] {                                                         \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)
