// A TOML text as plain values that know their line. Keeps toml++ (slow to compile, throws) in one
// file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/result.h"

namespace swarmlab::toml_tree {

struct Entry;
struct Node;
using List = std::vector<Node>;
using Table = std::vector<Entry>;  // in the order of the file

struct DateOrTime {
  bool operator==(const DateOrTime&) const = default;
};

struct Node {
  std::variant<DateOrTime, bool, std::int64_t, double, std::string, List, Table> value;
  int line = 0;
};

struct Entry {
  std::string key;
  int line = 0;  // of the key
  Node node;
};

/// \return invalid_input: "LINE: not valid TOML: why"
[[nodiscard]] Result<Table> parse(std::string_view text);

/// For a message: what a value is, as it could be written, on one line and not too long.
[[nodiscard]] std::string shown(const Node& node);

/// A text in quotes, escaped and cut for a message.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace swarmlab::toml_tree
