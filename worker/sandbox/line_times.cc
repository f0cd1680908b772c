#include "worker/sandbox/line_times.h"

#include <algorithm>

namespace swarmlab::sandbox {

void LineTimes::note(std::string_view bytes, Milliseconds at) {
  constexpr std::size_t kMostMarks = 4096;
  const auto ends = static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
  if (ends == 0) return;
  lines_ += ends;
  if (in_last_ < each_) {
    if (marks_.empty()) marks_.emplace_back();
    marks_.back() = {.lines = lines_, .at = at};
    ++in_last_;
    return;
  }
  marks_.push_back({.lines = lines_, .at = at});
  in_last_ = 1;
  if (marks_.size() < kMostMarks) return;
  for (std::size_t i = 0; 2 * i + 1 < marks_.size(); ++i) marks_[i] = marks_[2 * i + 1];
  marks_.resize(marks_.size() / 2);
  in_last_ = each_ *= 2;
}

std::optional<Milliseconds> LineTimes::of(std::uint64_t line) const {
  const auto mark = std::upper_bound(
      marks_.begin(), marks_.end(), line,
      [](std::uint64_t wanted, const Mark& known) { return wanted < known.lines; });
  return mark == marks_.end() ? std::nullopt : std::optional(mark->at);
}

}  // namespace swarmlab::sandbox
