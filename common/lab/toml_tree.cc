#include "common/lab/toml_tree.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace swarmlab::toml_tree {
namespace {

constexpr std::size_t kShownBytes = 80;

int line_of(const toml::source_region& region) {
  return static_cast<int>(region.begin.line);
}

Table table_from(const toml::table& table, int file);

// No recursion deeper than toml++'s own limit of nested values (256).
Node node_from(const toml::node& node, int file) {
  Node result{DateOrTime{}, {.file = file, .line = line_of(node.source())}};
  if (const auto* flag = node.as_boolean()) {
    result.value = flag->get();
  } else if (const auto* integer = node.as_integer()) {
    result.value = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    result.value = number->get();
  } else if (const auto* text = node.as_string()) {
    result.value = text->get();
  } else if (const auto* array = node.as_array()) {
    List list;
    for (const toml::node& element : *array) list.push_back(node_from(element, file));
    result.value = std::move(list);
  } else if (const auto* table = node.as_table()) {
    result.value = table_from(*table, file);
  }
  return result;
}

Table table_from(const toml::table& table, int file) {
  Table result;
  for (const auto& [key, node] : table) {
    const Place line{.file = file, .line = line_of(key.source())};
    result.push_back(Entry{std::string(key.str()), line, node_from(node, file)});
  }
  // toml++ sorts by key; messages and globs should come in the order of the file.
  std::ranges::stable_sort(result, {}, &Entry::line);
  return result;
}

}  // namespace

Result<Table> parse(std::string_view text, int file) {
  try {
    return table_from(toml::parse(text), file);
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid_input, "{}: not valid TOML: {}", line_of(error.source()),
                error.description());
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, "1: cannot be read: {}", error.what());
  }
}

const Entry* find(const Table& table, std::string_view key) {
  const auto found = std::ranges::find(table, key, &Entry::key);
  return found == table.end() ? nullptr : &*found;
}

Table merged(Table nearer, Table farther) {
  for (Entry& entry : farther) {
    const auto known = std::ranges::find(nearer, entry.key, &Entry::key);
    if (known == nearer.end()) {
      nearer.push_back(std::move(entry));
      continue;
    }
    auto* ours = std::get_if<Table>(&known->node.value);
    auto* theirs = std::get_if<Table>(&entry.node.value);
    if (ours != nullptr && theirs != nullptr) *ours = merged(std::move(*ours), std::move(*theirs));
  }
  return nearer;
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text.substr(0, kShownBytes)) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + (text.size() > kShownBytes ? "\"..." : "\"");
}

std::string shown(const Node& node) {
  struct Show {
    std::string operator()(const DateOrTime&) const { return "a date or time"; }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t integer) const { return fmt::format("{}", integer); }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(const std::string& text) const { return quoted(text); }
    std::string operator()(const List& list) const {
      return list.empty() ? "an empty list" : "a list";
    }
    std::string operator()(const Table&) const { return "a table"; }
  };
  return std::visit(Show{}, node.value);
}

}  // namespace swarmlab::toml_tree
