// What an option of the command line takes, told from the option itself: so that a file, a variable
// and a flag are read by the same rules. For .cc files only: it includes CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/lab/toml_tree.h"

namespace swarmlab::cli {

enum class OptionKind : std::uint8_t { flag, text, texts, whole, number, duration };

[[nodiscard]] OptionKind kind_of(const CLI::Option& option);

/// The keys that mean it: its long names, with "_" for "-". The first is what it is shown by.
[[nodiscard]] std::vector<std::string> keys_of(const CLI::Option& option);

/// For a message: `a whole number in [1 - 1024]`, `one of bubblewrap, none`.
[[nodiscard]] std::string expected_by(const CLI::Option& option);

/// The words that a flag would be given for a value of the file; nothing if its type is wrong.
[[nodiscard]] std::optional<std::vector<std::string>> words_of(const CLI::Option& option,
                                                               const toml_tree::Node& node);
/// The same for a variable: several are separated by commas.
[[nodiscard]] std::vector<std::string> words_of(const CLI::Option& option,
                                                const std::string& variable);

/// The words as TOML.
[[nodiscard]] std::string shown_as_toml(const CLI::Option& option,
                                        const std::vector<std::string>& words);

}  // namespace swarmlab::cli
