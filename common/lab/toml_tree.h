// A TOML text as plain values that know their line. Keeps toml++ (slow to compile, throws) in one
// file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/lab/problems.h"
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
  Place line{};
};

struct Entry {
  std::string key;
  Place line{};  // of the key
  Node node;
};

/// \param file  that the places name
/// \return invalid_input: "LINE: not valid TOML: why"
[[nodiscard]] Result<Table> parse(std::string_view text, int file = 0);

/// The entry of this key, or null.
[[nodiscard]] const Entry* find(const Table& table, std::string_view key);

/// `nearer` with what only `farther` has: table by table, key by key. Lists are taken as a whole.
[[nodiscard]] Table merged(Table nearer, Table farther);

/// For a message: what a value is, as it could be written, on one line and not too long.
[[nodiscard]] std::string shown(const Node& node);

/// A text in quotes, escaped and cut for a message.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace swarmlab::toml_tree
