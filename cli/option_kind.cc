#include "cli/option_kind.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "common/json_string.h"

namespace swarmlab::cli {

namespace {

std::string type_of(const CLI::Option& option) {
  const std::string name = option.get_type_name();  // "UINT:INT in [1 - 1024]"
  return name.substr(0, name.find(':'));
}

// What the first check says of itself; empty: there is none.
std::string check_of(const CLI::Option& option) {
  const std::string name = option.get_type_name();
  const auto colon = name.find(':');
  return colon == std::string::npos ? std::string() : name.substr(colon + 1);
}

std::string word_for(OptionKind kind) {
  switch (kind) {
    case OptionKind::flag:
      return "true or false";
    case OptionKind::text:
      return "a text";
    case OptionKind::texts:
      return "a list of texts";
    case OptionKind::whole:
      return "a whole number";
    case OptionKind::number:
      return "a number";
    case OptionKind::duration:
      return R"(a duration such as "10m")";
  }
  return "a value";
}

// "{a,b}" as "one of a, b".
std::string as_choice(const std::string& set) {
  std::string list = set.substr(1, set.size() - 2);
  for (std::size_t at = list.find(','); at != std::string::npos; at = list.find(',', at + 2))
    list.replace(at, 1, ", ");
  return "one of " + list;
}

std::optional<std::string> word_of(OptionKind kind, const toml_tree::Node& node) {
  if (const auto* text = std::get_if<std::string>(&node.value)) {
    const bool takes_text =
        kind == OptionKind::text || kind == OptionKind::texts || kind == OptionKind::duration;
    if (takes_text && !text->empty()) return *text;
  } else if (const auto* whole = std::get_if<std::int64_t>(&node.value)) {
    if (kind == OptionKind::whole || kind == OptionKind::number || kind == OptionKind::duration)
      return fmt::format("{}", *whole);
  } else if (const auto* number = std::get_if<double>(&node.value)) {
    if (kind == OptionKind::number) return fmt::format("{}", *number);
  } else if (const auto* flag = std::get_if<bool>(&node.value)) {
    if (kind == OptionKind::flag) return *flag ? "true" : "false";
  }
  return std::nullopt;
}

}  // namespace

OptionKind kind_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return OptionKind::flag;
  if (option.get_items_expected_max() > 1) return OptionKind::texts;
  const std::string type = type_of(option);
  if (type == "UINT" || type == "INT") return OptionKind::whole;
  if (type == "FLOAT") return OptionKind::number;
  if (type == "DURATION") return OptionKind::duration;
  return OptionKind::text;
}

std::vector<std::string> keys_of(const CLI::Option& option) {
  std::vector<std::string> keys = option.get_lnames();
  for (std::string& key : keys) std::ranges::replace(key, '-', '_');
  return keys;
}

std::string expected_by(const CLI::Option& option) {
  const OptionKind kind = kind_of(option);
  const std::string check = check_of(option);
  if (kind == OptionKind::flag || check.empty()) return word_for(kind);
  if (check.starts_with('{')) return as_choice(check);
  if (const auto range = check.find(" in ["); range != std::string::npos)
    return word_for(kind) + check.substr(range);
  if (check == "NONNEGATIVE") return word_for(kind) + ", 0 or more";
  if (check == "POSITIVE") return word_for(kind) + " above 0";
  return word_for(kind);
}

std::optional<std::vector<std::string>> words_of(const CLI::Option& option,
                                                 const toml_tree::Node& node) {
  const OptionKind kind = kind_of(option);
  const auto* list = std::get_if<toml_tree::List>(&node.value);
  std::vector<std::string> words;
  if (list == nullptr) {
    auto word = word_of(kind, node);
    if (!word) return std::nullopt;
    words.push_back(*std::move(word));
    return words;
  }
  if (kind != OptionKind::texts) return std::nullopt;
  for (const toml_tree::Node& element : *list) {
    auto word = word_of(kind, element);
    if (!word) return std::nullopt;
    words.push_back(*std::move(word));
  }
  return words;
}

std::vector<std::string> words_of(const CLI::Option& option, const std::string& variable) {
  if (kind_of(option) != OptionKind::texts) return {variable};
  std::vector<std::string> words;
  for (std::size_t from = 0; from <= variable.size();) {
    const std::size_t comma = std::min(variable.find(',', from), variable.size());
    if (comma > from) words.push_back(variable.substr(from, comma - from));
    from = comma + 1;
  }
  return words;
}

std::string shown_as_toml(const CLI::Option& option, const std::vector<std::string>& words) {
  const OptionKind kind = kind_of(option);
  const auto one = [&](const std::string& word) {
    const bool bare =
        kind == OptionKind::flag || kind == OptionKind::whole || kind == OptionKind::number;
    return bare ? word : json_string(word);
  };
  if (kind != OptionKind::texts) return words.empty() ? "\"\"" : one(words.back());
  std::vector<std::string> shown;
  for (const std::string& word : words) shown.push_back(one(word));
  return fmt::format("[{}]", fmt::join(shown, ", "));
}

}  // namespace swarmlab::cli
