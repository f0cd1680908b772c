// Text that others wrote, as data in a text of ours: it cannot end its quotes, begin a line, or
// hide what follows it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace swarmlab::server {

/// At most `limit` bytes, with dots where it is cut, between characters.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t limit);

/// One line in double quotes. What could pass for the end of them, for structure of Markdown or for
/// a line break becomes a space or a single quote; so do control characters, characters that turn
/// the direction of text around or have no width, and bytes that are no UTF-8.
[[nodiscard]] std::string quoted(std::string_view text, std::size_t limit);

/// Lines as a block of code in Markdown: each indented, so that nothing in them can end it. At most
/// `limit` bytes of the text; the cut is told. Ends with a line break.
[[nodiscard]] std::string code_block(std::string_view text, std::size_t limit);

}  // namespace swarmlab::server
