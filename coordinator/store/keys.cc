#include "coordinator/store/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "common/result.h"

namespace swarmlab::store::keys {

namespace {

constexpr std::uint64_t kSignBit = 1ULL << 63U;

void append_u64(std::string& key, std::uint64_t number) {
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    key.push_back(static_cast<char>((number >> (shift - 8)) & 0xffU));
  }
}

template <class... Numbers>
std::string join(Numbers... numbers) {
  std::string key;
  key.reserve(sizeof...(numbers) * sizeof(std::uint64_t));
  (append_u64(key, numbers), ...);
  return key;
}

}  // namespace

std::uint64_t ordered_bits(double score) {
  SWARMLAB_ASSERT(!std::isnan(score));
  const auto bits = std::bit_cast<std::uint64_t>(score == 0.0 ? 0.0 : score);
  // Positive numbers go above all negative ones; of negative ones the larger magnitude is less.
  return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}

double from_ordered_bits(std::uint64_t bits) {
  return std::bit_cast<double>((bits & kSignBit) != 0 ? bits & ~kSignBit : ~bits);
}

std::string number(std::uint64_t number) {
  return join(number);
}

std::string of(LabId lab) {
  return join(lab.value());
}
std::string of(LabId lab, ExperimentNumber number) {
  return join(lab.value(), number.value());
}
std::string of(TaskId task) {
  return join(task.value());
}
std::string of(Sequence sequence) {
  return join(sequence.value());
}

std::string by_score(LabId lab, SegmentNumber segment) {
  return join(lab.value(), segment.value());
}

std::string by_score(LabId lab, SegmentNumber segment, double score, ExperimentNumber number) {
  return join(lab.value(), segment.value(), ordered_bits(score), number.value());
}

std::string by_parent(LabId lab, ExperimentNumber parent, ExperimentNumber number) {
  return join(lab.value(), parent.value(), number.value());
}

std::string tree(LabId lab, SegmentNumber segment) {
  return join(lab.value(), segment.value());
}

std::string tree(LabId lab, SegmentNumber segment, const ObjectId& tree) {
  std::string key = join(lab.value(), segment.value());
  for (const std::uint8_t byte : tree.bytes) {
    key.push_back(static_cast<char>(byte));
  }
  return key;
}

std::string blob(LabId lab, ExperimentNumber number, BlobKind kind) {
  std::string key = join(lab.value(), number.value());
  key.push_back(static_cast<char>(kind));
  return key;
}

std::optional<std::uint64_t> last_number(std::string_view key) {
  if (key.size() < sizeof(std::uint64_t)) return std::nullopt;
  std::uint64_t number = 0;
  for (const char byte : key.substr(key.size() - sizeof(std::uint64_t))) {
    number = number << 8U | static_cast<std::uint8_t>(byte);
  }
  return number;
}

std::optional<ObjectId> last_object(std::string_view key) {
  ObjectId id;
  if (key.size() < id.bytes.size()) return std::nullopt;
  std::ranges::transform(key.substr(key.size() - id.bytes.size()), id.bytes.begin(),
                         [](char byte) { return static_cast<std::uint8_t>(byte); });
  return id;
}

std::string after_prefix(std::string_view prefix) {
  std::string next(prefix);
  while (!next.empty() && static_cast<std::uint8_t>(next.back()) == 0xffU) {
    next.pop_back();
  }
  if (!next.empty()) next.back() = static_cast<char>(static_cast<std::uint8_t>(next.back()) + 1U);
  return next;
}

std::string printable(std::string_view key) {
  std::string text;
  for (const char byte : key) {
    fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<std::uint8_t>(byte));
  }
  return text;
}

}  // namespace swarmlab::store::keys
