#include "common/lab/problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

namespace swarmlab {
namespace {

// Levenshtein's, ignoring case and the difference of "-" and "_".
std::size_t distance(std::string_view a, std::string_view b) {
  const auto folded = [](char c) {
    return c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  };
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (folded(a[i]) == folded(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j + 1] + 1, row[j] + 1});
    }
  }
  return row.back();
}

}  // namespace

void Problems::add(Place place, std::string message) {
  const auto later = std::ranges::upper_bound(found_, place, {}, &Problem::place);
  found_.insert(later, Problem{place, std::move(message)});
}

std::string Problems::shown(Place place) const {
  const Source& source = sources_.at(static_cast<std::size_t>(place.file));
  if (!place.known() || !source.has_lines) return source.name;
  return fmt::format("{}:{}", source.name, place.line);
}

std::vector<std::string> Problems::lines() const {
  std::vector<std::string> lines;
  for (const Problem& problem : found_) {
    lines.push_back(shown(problem.place) + ": " + problem.message);
  }
  return lines;
}

Error Problems::error() const {
  return Error{ErrorCode::invalid_input, fmt::format("{}", fmt::join(lines(), "\n"))};
}

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& known) {
  constexpr std::size_t kLongestName = 64;  // longer ones are no typing errors
  if (name.size() > kLongestName) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t there = distance(name, candidate);
    // A name that goes on ("timeout_s") is near too.
    const bool extends = candidate.size() >= 4 && name.starts_with(candidate);
    const std::size_t rated = extends ? std::min<std::size_t>(there, 2) : there;
    if (rated < best_distance && rated < candidate.size()) {
      best = candidate;
      best_distance = rated;
    }
  }
  return best;
}

}  // namespace swarmlab
