// Looking things up in Markdown and logs, with the lines where they stand. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/predecessors/folder.h"

namespace swarmlab::predecessors {

struct Line {
  std::size_t number = 0;  // from 1; 0: of no file
  std::string text;        // without its end
};

/// Lines end at LF or CR LF.
[[nodiscard]] std::vector<Line> lines_of(std::string_view text);

/// Without blanks at both ends.
[[nodiscard]] std::string trimmed(std::string_view text);
[[nodiscard]] std::string lower_case(std::string_view text);

/// Group 1 of the first line that matches, or all of the match of a pattern without groups.
/// \param pattern  ECMAScript, case matters not
[[nodiscard]] std::optional<Line> first_match(const std::vector<Line>& lines,
                                              const std::string& pattern);

/// The lines below the first heading that holds `title` (any case), up to the next heading of that
/// level or a higher one.
[[nodiscard]] std::vector<Line> section(const std::vector<Line>& lines, std::string_view title);

/// The lines of the first fenced block.
[[nodiscard]] std::vector<Line> code_block(const std::vector<Line>& lines);

/// "- `src/a.py` - the model" is src/a.py: what each item of a list begins with, of those that look
/// like a path or a glob, or stand between back ticks.
[[nodiscard]] std::vector<Line> listed_paths(const std::vector<Line>& lines);

/// Those that name something: a file, a folder, or what has a "." , "/" or "*" in it. Words such as
/// `max_steps` are none.
[[nodiscard]] std::vector<Line> that_name_files(const Folder& folder, std::vector<Line> paths);

/// "program.md:12"; "program.md" for line 0.
[[nodiscard]] std::string place(std::string_view file, std::size_t line);
/// The first line of several that follow each other: "program.md:12-15".
[[nodiscard]] std::string place(std::string_view file, const std::vector<Line>& lines);

/// "lower is better", "lower_is_better", "minimize", ...: "minimize" or "maximize".
[[nodiscard]] std::optional<std::string> direction_in(std::string_view text);

[[nodiscard]] std::vector<std::string> split(std::string_view text, char at);

}  // namespace swarmlab::predecessors
