#include "cli/notebook.h"

#include <fmt/core.h>

#include "cli/text.h"

namespace swarmlab::cli {

namespace {

constexpr std::size_t kWidth = 72;
constexpr std::string_view kLab = "Swarmlab-Lab: ";
constexpr std::string_view kExport = "Swarmlab-Export: ";

std::string wrapped(const std::string& text) {
  std::string lines;
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    const std::size_t width = columns_of(word);
    if (column > 0 && column + 1 + width > kWidth) {
      lines += '\n';
      column = 0;
    } else if (column > 0) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += width;
    at = end + 1;
  }
  return lines;
}

void add_paragraph(std::string& message, std::string_view label, const std::string& text) {
  const std::string line = one_line(text);
  if (!line.empty()) message += "\n\n" + wrapped(std::string(label) + line);
}

std::string progress(const std::string& metric, double from, double to) {
  const std::string change = change_text(from, to);
  return fmt::format("{} {} -> {}{}", metric, score_text(from), score_text(to),
                     change.empty() ? "" : " (" + change + ")");
}

std::string_view last_paragraph(std::string_view message) {
  while (message.ends_with('\n')) message.remove_suffix(1);
  const std::size_t gap = message.rfind("\n\n");
  return gap == std::string_view::npos ? std::string_view() : message.substr(gap + 1);
}

}  // namespace

std::string message_of(const NotebookEntry& entry) {
  const std::string hypothesis = one_line(entry.hypothesis);
  const std::string subject = cut(hypothesis, kWidth);
  std::string message =
      subject.empty() ? fmt::format("Experiment {}: {}", entry.number, score_text(entry.score))
                      : subject;
  if (subject != hypothesis) add_paragraph(message, "", hypothesis);
  add_paragraph(message, "Mechanism: ", entry.mechanism);
  add_paragraph(message, "Notes: ", entry.notes);
  add_paragraph(message, "", progress(entry.metric, entry.previous_score, entry.score));
  message += fmt::format("\n\n{}{}\nSwarmlab-Experiment: {}\nSwarmlab-Parent: {}\n", kLab,
                         one_line(entry.lab), entry.number, entry.parent);
  message += fmt::format("Swarmlab-Score: {}\nSwarmlab-Previous-Score: {}\n", entry.score,
                         entry.previous_score);
  if (!entry.worker.empty()) {
    message += fmt::format("Swarmlab-Worker: {}\n", one_line(entry.worker));
  }
  return message + fmt::format("Swarmlab-Candidate: {}\n", entry.candidate);
}

std::string message_of(const NotebookSummary& summary) {
  std::string message =
      fmt::format("Record the results of {}", counted(summary.experiments, "experiment"));
  add_paragraph(message, "",
                fmt::format("{} kept. {}, by experiment {}.", summary.kept,
                            progress(summary.metric, summary.from, summary.to), summary.best));
  return message + fmt::format("\n\n{}{}\n{}{}\nSwarmlab-Score: {}\n", kLab, one_line(summary.lab),
                               kExport, summary.best, summary.to);
}

bool is_summary_of(std::string_view lab, std::string_view message) {
  const std::string trailers = fmt::format("{}\n", last_paragraph(message));
  const auto has = [&](const std::string& line) {
    return trailers.find(line) != std::string::npos;
  };
  return has(fmt::format("\n{}", kExport)) && has(fmt::format("\n{}{}\n", kLab, one_line(lab)));
}

}  // namespace swarmlab::cli
