#include "common/lab/section.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/lab/units.h"

namespace swarmlab {
namespace {

using toml_tree::Node;

bool is_fine(const std::string& text) {
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') || c == 0x7F;
  };
  return !text.empty() && std::ranges::none_of(text, is_control);
}

// Integers count as numbers, as people write both.
std::optional<double> number_of(const Node& node) {
  if (const auto* integer = std::get_if<std::int64_t>(&node.value)) {
    return static_cast<double>(*integer);
  }
  if (const auto* number = std::get_if<double>(&node.value)) return *number;
  return std::nullopt;
}

}  // namespace

Place Section::line(std::string_view key) const {
  if (table_ != nullptr) {
    const auto found = std::ranges::find(*table_, key, &toml_tree::Entry::key);
    if (found != table_->end()) return found->line;
  }
  return line_;
}

const Node* Section::find(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.push_back(key);
  if (table_ == nullptr) return nullptr;
  const auto found = std::ranges::find(*table_, key, &toml_tree::Entry::key);
  return found == table_->end() ? nullptr : &found->node;
}

bool Section::text(std::string_view key, std::string& target, const char* expected) {
  const Node* node = find(key);
  if (node == nullptr) return false;
  const auto* text = std::get_if<std::string>(&node->value);
  if (text == nullptr || !is_fine(*text)) {
    wrong(key, *node, expected);
    return false;
  }
  target = *text;
  return true;
}

bool Section::flag(std::string_view key, bool& target) {
  const Node* node = find(key);
  if (node == nullptr) return false;
  if (const auto* value = std::get_if<bool>(&node->value)) {
    target = *value;
    return true;
  }
  wrong(key, *node, "true or false");
  return false;
}

bool Section::texts(std::string_view key, std::vector<std::string>& target, const char* expected) {
  const Node* node = find(key);
  if (node == nullptr) return false;
  const auto* list = std::get_if<toml_tree::List>(&node->value);
  if (list == nullptr) {
    wrong(key, *node, expected);
    return false;
  }
  std::vector<std::string> texts;
  for (const Node& element : *list) {
    const auto* text = std::get_if<std::string>(&element.value);
    if (text == nullptr || !is_fine(*text)) {
      problems_.add(element.line, fmt::format("{} {} has {}, expected {}", title_, key,
                                              toml_tree::shown(element), expected));
      continue;
    }
    texts.push_back(*text);
  }
  if (texts.size() != list->size()) return false;
  target = std::move(texts);
  return true;
}

bool Section::number(std::string_view key, double& target, const Range& range) {
  const Node* node = find(key);
  if (node == nullptr) return false;
  const std::optional<double> value = number_of(*node);
  if (!value || !std::isfinite(*value) || *value < range.min || *value > range.max ||
      (range.below_max && *value == range.max)) {
    wrong(key, *node, range.expected);
    return false;
  }
  target = *value;
  return true;
}

std::optional<std::uint64_t> Section::whole_between(std::string_view key, std::uint64_t min,
                                                    std::uint64_t max, const char* expected) {
  const Node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto* value = std::get_if<std::int64_t>(&node->value);
  if (value == nullptr || *value < 0 || std::cmp_less(*value, min) ||
      std::cmp_greater(*value, max)) {
    wrong(key, *node, expected);
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(*value);
}

bool Section::duration(std::string_view key, Milliseconds& target) {
  const Node* node = find(key);
  if (node == nullptr) return false;
  const auto* text = std::get_if<std::string>(&node->value);
  const Result<Milliseconds> value =
      text == nullptr ? fail(ErrorCode::invalid_input, "no text") : parse_duration(*text);
  if (!value || *value <= Milliseconds(0)) {
    wrong(key, *node, R"(a duration such as "10m")");
    return false;
  }
  target = *value;
  return true;
}

bool Section::size(std::string_view key, std::uint64_t& target, std::uint64_t min) {
  const Node* node = find(key);
  if (node == nullptr) return false;
  const auto* text = std::get_if<std::string>(&node->value);
  const Result<std::uint64_t> value =
      text == nullptr ? fail(ErrorCode::invalid_input, "no text") : parse_size(*text);
  if (!value || *value < min) {
    wrong(key, *node, R"(a size such as "10MB", "512KiB" or "2G")");
    return false;
  }
  target = *value;
  return true;
}

void Section::wrong(std::string_view key, const Node& node, std::string_view expected) {
  problems_.add(node.line, fmt::format("{} {} is {}, expected {}", title_, key,
                                       toml_tree::shown(node), expected));
}

void Section::wrong(std::string_view key, std::string_view expected) {
  if (const Node* node = find(key)) wrong(key, *node, expected);
}

void Section::not_yet(std::string_view key, std::string_view instead) {
  if (find(key) == nullptr) return;
  problems_.add(line(key), fmt::format("{} {} is not in this version: {}", title_, key, instead));
}

void Section::finish() {
  if (table_ == nullptr) return;
  for (const toml_tree::Entry& entry : *table_) {
    if (std::ranges::find(known_, entry.key) != known_.end()) continue;
    const std::string_view near = nearest(entry.key, known_);
    const std::string expected =
        near.empty() ? fmt::format("one of {}", fmt::join(known_, ", ")) : std::string(near);
    problems_.add(entry.line,
                  fmt::format("{} {} is no known key, expected {}", title_, entry.key, expected));
  }
}

}  // namespace swarmlab
