// Commit messages of an exported chain: so that `git log` reads like a lab notebook. Pure.
//
// Hypotheses and notes come from agents. They are cleaned of control characters, and the trailers
// stand in a paragraph of their own at the end, so that no text can pass for one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace swarmlab::cli {

struct NotebookEntry {
  std::string lab;
  std::string metric;
  std::uint64_t number = 0;
  std::uint64_t parent = 0;
  double score = 0.0;
  double previous_score = 0.0;  // of the parent
  std::string hypothesis;       // these four may be empty
  std::string mechanism;
  std::string notes;
  std::string worker;
  std::string candidate;  // hexadecimal
};

/// Of one kept experiment.
[[nodiscard]] std::string message_of(const NotebookEntry& entry);

struct NotebookSummary {
  std::string lab;
  std::string metric;
  std::uint64_t experiments = 0;
  std::uint64_t kept = 0;
  std::uint64_t best = 0;  // its number
  double from = 0.0;       // the baseline's score
  double to = 0.0;         // the best one's
};

/// Of the commit that adds the table of results: the last one of an export.
[[nodiscard]] std::string message_of(const NotebookSummary& summary);

/// Whether this is the message of an export's last commit, of that lab.
[[nodiscard]] bool is_summary_of(std::string_view lab, std::string_view message);

}  // namespace swarmlab::cli
