#include "common/lab/gain_limit.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace swarmlab {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// A number at the front, which is taken off.
template <class Number>
std::optional<Number> take_number(std::string_view& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, std::string_view word) {
  text = trimmed(text);
  if (!text.starts_with(word)) return false;
  text = trimmed(text.substr(word.size()));
  return true;
}

// "5% in 20"
bool read_chance(std::string_view text, GainLimit& limit) {
  const auto percent = take_number<double>(text);
  if (!percent || !(*percent > 0.0) || !(*percent < 100.0)) return false;
  if (!take(text, "%") || !take(text, "in")) return false;
  const auto experiments = take_number<std::uint64_t>(text);
  if (!experiments || *experiments == 0 || *experiments > kMostGainExperiments) return false;
  limit.chance = *percent / 100.0;
  limit.experiments = *experiments;
  return text.empty();
}

// "0.01 per dollar"
bool read_per_dollar(std::string_view text, GainLimit& limit) {
  const auto gain = take_number<double>(text);
  if (!gain || !(*gain > 0.0) || !std::isfinite(*gain)) return false;
  if (!take(text, "per") || !take(text, "dollar")) return false;
  limit.per_dollar = *gain;
  return text.empty();
}

}  // namespace

Result<GainLimit> parse_gain_limit(std::string_view text) {
  GainLimit limit;
  if (trimmed(text) == "off") return limit;
  for (std::string_view rest = text;;) {
    const std::size_t end = rest.find(',');
    const std::string_view part = trimmed(rest.substr(0, end));
    const bool is_chance = limit.chance == 0.0 && read_chance(part, limit);
    const bool is_known = is_chance || (limit.per_dollar == 0.0 && read_per_dollar(part, limit));
    if (!is_known) break;
    if (end == std::string_view::npos) return limit;
    rest.remove_prefix(end + 1);
  }
  return fail(ErrorCode::invalid_input,
              R"("{}" is no limit of what is expected, such as "5% in 20" (less than a 5 % chance )"
              R"(of a new best within 20 experiments), "0.01 per dollar", both with a comma )"
              R"(between, or "off")",
              text);
}

std::string to_text(const GainLimit& limit) {
  std::string text;
  if (limit.chance > 0.0) {
    text = fmt::format("{:.6g}% in {}", 100.0 * limit.chance, limit.experiments);
  }
  if (limit.per_dollar > 0.0) {
    text += fmt::format("{}{:.6g} per dollar", text.empty() ? "" : ", ", limit.per_dollar);
  }
  return text.empty() ? "off" : text;
}

}  // namespace swarmlab
