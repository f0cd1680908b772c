// What a sandboxed command wrote, made fit for records, messages and terminals.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "worker/sandbox/sandbox.h"

namespace swarmlab::sandbox {

enum class Lines : std::uint8_t {
  keep,
  join,  // line ends become spaces
};

/// Valid UTF-8 of at most `max_bytes` (cut between code points): terminal escapes, control
/// characters and those that turn the direction of writing are gone, what is no UTF-8 is U+FFFD. No
/// white space at the ends.
[[nodiscard]] std::string clean_text(std::string_view text, std::size_t max_bytes, Lines lines);

/// The last lines that are not blank, clean. Lines end at LF and at CR, so of a progress bar the
/// last state counts.
[[nodiscard]] std::string last_lines(std::string_view text);

/// "guard: exit code 1", then the last lines of what it wrote on stderr, or if that is blank on
/// stdout.
[[nodiscard]] std::string describe_failure(std::string_view who, const SandboxResult& result);

}  // namespace swarmlab::sandbox
