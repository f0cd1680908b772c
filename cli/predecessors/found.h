// What was recognised of a predecessor's lab: settings for lab.toml, each with where it comes from.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/predecessors/folder.h"

namespace swarmlab::predecessors {

// One key of lab.toml.
struct Setting {
  std::string table;  // "metric"; a table that may come several times: "[[constraint]]"
  std::string key;
  std::string value;  // as TOML: `"lower"`, `["train.py"]`
  std::string from;   // "program.md:12", or in words why; empty: it goes without saying
};

// A lab.toml to be.
struct Draft {
  std::string folder = {};  // from the folder that was looked at; "" is that one
  std::vector<Setting> settings = {};
  /// Adds a setting, or replaces the one of that key.
  void set(std::string table, std::string key, std::string value, std::string from);
  [[nodiscard]] const Setting* find(std::string_view table, std::string_view key) const;
};

// What no file says. \pre  each of `sets` is "TABLE.KEY=EXAMPLE"
struct Missing {
  std::string why;                // "PROGRAM.md has no metric_direction"
  std::vector<std::string> sets;  // what --set must be given, with an example
};

struct Found {
  std::string kind;                     // "karpathy/autoresearch"
  std::vector<std::string> seen;        // files that told it, each with its line if there is one
  std::vector<Draft> drafts;            // one for each lab.toml; none where they are there already
  std::vector<Missing> missing = {};    // what must be said by --set
  std::vector<std::string> notes = {};  // what a person should know or do, as sentences
  std::vector<std::string> run_flags = {};  // of `run`
  std::vector<std::string> expose = {};     // paths that `run` must show to sandboxes
  std::vector<Setting> with_command = {};   // of [agent], where that is a command
  std::string agent = {};  // the agent that the predecessor is made for; empty: any
  std::string log = {};    // its log of experiments, from the folder; empty: none yet
};

/// As a TOML text: 'x' or "x", whichever needs no escapes; '''...''' for several lines.
[[nodiscard]] std::string toml_text(std::string_view text);
[[nodiscard]] std::string toml_list(const std::vector<std::string>& texts);

struct AgentWish {
  std::string command;  // both empty: as the predecessor has it, or as a comment
  std::string kind;     // a preset's name; goes before `command`
};

/// The text of a lab.toml. \pre  `draft` is one of `found`; the first has [agent], for all
[[nodiscard]] std::string lab_toml(const Found& found, const Draft& draft, const AgentWish& agent);

}  // namespace swarmlab::predecessors
