#include "cli/duration_option.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "common/lab/units.h"

namespace swarmlab::cli {

namespace {

constexpr const char* kUnlimited = "unlimited";
constexpr Milliseconds kUsual = std::chrono::minutes(10);

std::string expected(const DurationLimits& limits) {
  return fmt::format(R"(a duration such as "{}", {} to {}{})",
                     duration_value(std::clamp(kUsual, limits.least, limits.most)),
                     duration_value(limits.least), duration_value(limits.most),
                     limits.unlimited ? R"(, or "unlimited")" : "");
}

bool is_bare(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string duration_value(std::optional<Milliseconds> duration) {
  if (!duration) return kUnlimited;
  const auto ms = duration->count();
  if (ms % 86'400'000 == 0 && ms > 0) return fmt::format("{}d", ms / 86'400'000);
  if (ms % 3'600'000 == 0 && ms > 0) return fmt::format("{}h", ms / 3'600'000);
  if (ms % 60'000 == 0 && ms > 0) return fmt::format("{}m", ms / 60'000);
  return ms % 1000 == 0 ? fmt::format("{}s", ms / 1000) : fmt::format("{}ms", ms);
}

CLI::Option* add_duration(CLI::App& command, const std::string& names,
                          std::optional<Milliseconds>& target, const std::string& description,
                          const DurationLimits& limits) {
  const std::string first = names.substr(0, names.find(','));
  const auto take = [&target, limits, first](const std::string& text) {
    if (limits.unlimited && text == kUnlimited) {
      target.reset();
      return;
    }
    const auto read = parse_duration(limits.seconds && is_bare(text) ? text + "s" : text);
    if (!read || *read < limits.least || *read > limits.most)
      throw CLI::ValidationError(
          fmt::format("{} is {}, expected {}", first, text, expected(limits)));
    target = *read;
  };
  CLI::Option* option = command.add_option_function<std::string>(names, take, description);
  option->type_name("DURATION");
  const std::string usual = duration_value(target);
  option->default_function([usual] { return usual; });
  return option;
}

}  // namespace swarmlab::cli
