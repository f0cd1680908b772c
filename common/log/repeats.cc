#include "common/log/repeats.h"

#include <functional>

namespace swarmlab::log {
namespace {

std::size_t hash_of(const Line& line) {
  std::size_t hash = std::hash<std::string>()(line.text);
  for (const Field& field : line.fields) {
    hash = hash * 31 + std::hash<std::string>()(field.value);
  }
  return hash;
}

}  // namespace

bool Repeats::passes(const Line& line, Time now) {
  Slot& slot = slots_[hash_of(line) % kSlots];
  if (slot.count > 0 && slot.line == line && now - slot.since < kWindow) {
    if (slot.count == kWritten) ++silenced_;
    return ++slot.count <= kWritten;
  }
  // Another one has the place: it keeps it until it was told how often it came.
  if (slot.count <= kWritten) slot = {line, now, 1};
  return true;
}

std::vector<Line> Repeats::over(Time now) {
  std::vector<Line> lines;
  if (silenced_ == 0) return lines;
  for (Slot& slot : slots_) {
    if (slot.count <= kWritten || now - slot.since < kWindow) continue;
    const std::uint32_t more = slot.count - kWritten;
    const auto took = std::chrono::duration_cast<std::chrono::seconds>(now - slot.since);
    slot.line.text += fmt::format(" ... repeated {} times in {} s", more, took.count());
    slot.line.fields.push_back(field("repeated", more));
    lines.push_back(std::move(slot.line));
    slot = {};
    --silenced_;
  }
  return lines;
}

}  // namespace swarmlab::log
