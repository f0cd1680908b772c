// How values are written for people: times, durations, scores, money, cut lines. Pure.
//
// Hypotheses, notes and logs come from agents: what is printed of them goes through one_line() or
// plain_text(), so that none can move the cursor or paint the terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/strong_id.h"

namespace swarmlab::cli {

/// The number of columns that valid UTF-8 takes (a code point is taken as one).
[[nodiscard]] std::size_t columns_of(std::string_view text);

/// At most `columns` wide; what is cut off ends in an ellipsis. 0 columns: not cut.
[[nodiscard]] std::string cut(std::string_view text, std::size_t columns);

/// Control characters, line ends and bytes that are no UTF-8 become spaces; runs of spaces one.
[[nodiscard]] std::string one_line(std::string_view text);

/// As one_line, but line ends and tabs stay, and so do runs of spaces.
[[nodiscard]] std::string plain_text(std::string_view text);

/// "just now", "12 s ago", "3 min ago", "5 h ago", "2 d ago".
[[nodiscard]] std::string ago(Timestamp then, Timestamp now);

/// "0.8 ms", "850 ms", "12.3 s", "4 min 05 s", "2 h 03 min", "3 d 04 h".
[[nodiscard]] std::string duration_text(std::chrono::microseconds took);

/// Two digits or more, and no exponent for what is large: 0.034, 1.2, 100, 1234.
[[nodiscard]] std::string rounded_text(double value);

/// Up to 6 significant digits; "-" for none.
[[nodiscard]] std::string score_text(std::optional<double> score);

/// "$0.12"; "-" for nothing spent.
[[nodiscard]] std::string usd_text(MicroUsd cost);

/// By how much `after` is better or worse than `before`: "-3.4 %", "+0.12 %"; empty when `before`
/// is 0.
[[nodiscard]] std::string change_text(double before, double after);

/// "1 experiment", "12 experiments".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace swarmlab::cli
