#include "common/lab/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

namespace swarmlab {
namespace {

using Unit = std::pair<std::string_view, double>;

constexpr double kTenYearsMs = 10.0 * 365 * 24 * 3600 * 1000;
constexpr double kTwoTo63 = 9223372036854775808.0;

constexpr std::array<Unit, 5> kDurations{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

constexpr double kKibi = 1024.0;
constexpr std::array<Unit, 14> kSizes{{{"B", 1},
                                       {"KB", 1e3},
                                       {"kB", 1e3},
                                       {"MB", 1e6},
                                       {"GB", 1e9},
                                       {"TB", 1e12},
                                       {"KiB", kKibi},
                                       {"MiB", kKibi* kKibi},
                                       {"GiB", kKibi* kKibi* kKibi},
                                       {"TiB", kKibi* kKibi* kKibi* kKibi},
                                       {"K", kKibi},
                                       {"M", kKibi* kKibi},
                                       {"G", kKibi* kKibi* kKibi},
                                       {"T", kKibi* kKibi* kKibi* kKibi}}};

// Number times unit, rounded; nothing if `text` is no such thing or not below `limit`.
template <std::size_t N>
std::optional<double> parse(std::string_view text, const std::array<Unit, N>& units, double limit) {
  double number = 0.0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number) || std::signbit(number)) return std::nullopt;
  std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  for (const auto& [unit, factor] : units) {
    if (rest != unit) continue;
    const double value = std::round(number * factor);
    if (value < limit) return value;
  }
  return std::nullopt;
}

}  // namespace

Result<Milliseconds> parse_duration(std::string_view text) {
  const auto value = parse(text, kDurations, kTenYearsMs);
  if (!value) {
    return fail(ErrorCode::invalid_input,
                R"({} is no duration, expected one such as "90s", "10m" or "2h")", text);
  }
  return Milliseconds(static_cast<std::int64_t>(*value));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto value = parse(text, kSizes, kTwoTo63);
  if (!value) {
    return fail(ErrorCode::invalid_input,
                R"({} is no size, expected one such as "10MB", "512KiB" or "2G")", text);
  }
  return static_cast<std::uint64_t>(*value);
}

}  // namespace swarmlab
