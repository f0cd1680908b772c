#include "worker/server/texts.h"

#include <fmt/format.h>

#include <algorithm>

namespace swarmlab::worker {
namespace {

constexpr std::size_t kLogBytes = 32U << 10U;
constexpr std::size_t kSamplesBytes = 1U << 20U;
constexpr std::size_t kSubjectBytes = 72;
constexpr std::size_t kViolationsTold = 5;

bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

// Where the last kLogBytes begin: with a whole line, or of an endless one with a whole character.
std::size_t begin_of_tail(const std::string& text) {
  if (text.size() <= kLogBytes) return 0;
  std::size_t begin = text.size() - kLogBytes;
  const std::size_t line = text.find('\n', begin - 1);
  if (line != std::string::npos && line + 1 < text.size()) return line + 1;
  while (begin < text.size() && continues_character(text[begin])) ++begin;
  return begin;
}

void append_tail(std::string& log, const std::string& title, const std::string& text) {
  if (text.empty()) return;
  log += "--- " + title + "\n";
  const std::size_t begin = begin_of_tail(text);
  if (begin > 0) log += fmt::format("[{} bytes before this are not kept]\n", begin);
  log.append(text, begin);
  if (!log.ends_with('\n')) log += '\n';
}

std::string first_line(const std::string& text, std::size_t most) {
  std::string line = text.substr(0, text.find('\n'));
  if (line.size() <= most) return line;
  std::size_t end = most - 3;
  while (end > 0 && continues_character(line[end])) --end;
  return line.substr(0, end) + "...";
}

}  // namespace

std::string log_of(const sandbox::SandboxResult& result) {
  std::string log;
  append_tail(log, "stdout", result.out);
  append_tail(log, "stderr", result.err);
  log += fmt::format("--- {} after {:.3f} s\n", sandbox::describe(result),
                     static_cast<double>(result.took.count()) / 1e6);
  return log;
}

std::string candidate_message(const Assignment& assignment, const AgentNotes& notes) {
  const std::string subject = first_line(notes.hypothesis, kSubjectBytes);
  std::string message =
      subject.empty() ? fmt::format("Experiment {}", assignment.experiment.value()) : subject;
  message += "\n\n";
  if (notes.hypothesis.size() > subject.size() && !subject.empty()) {
    message += notes.hypothesis + "\n\n";
  }
  if (!notes.mechanism.empty()) message += "Mechanism: " + notes.mechanism + "\n\n";
  message += fmt::format("Swarmlab-Lab: {}\nSwarmlab-Experiment: {}\n", assignment.settings.name,
                         assignment.experiment.value());
  if (assignment.parent) {
    message += fmt::format("Swarmlab-Parent: {}\n", assignment.parent->value());
  }
  return message;
}

std::string why_not_measured(const KnownTree& known) {
  if (known.experiment) {
    return fmt::format("same tree as #{}: not measured again", known.experiment->value());
  }
  if (!known.near_duplicate) return {};
  return fmt::format("nearly the same change as #{}: not measured",
                     known.near_duplicate->of.value());
}

std::string rework_brief(const Rework& rework, const std::string& brief) {
  std::string quoted;
  for (std::size_t at = 0; at < rework.reason.size();) {
    const std::size_t end = std::min(rework.reason.find('\n', at), rework.reason.size());
    quoted += "> " + rework.reason.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return fmt::format(
      "# Repair your change ({} of {})\n\n"
      "Your change is still in the workspace, but the lab's guard failed on it, so it was not "
      "measured. Repair it, or take back what broke the guard, within the same files as before. "
      "The guard cannot be changed. How it failed (its whole output: `$SWARMLAB_GUARD_LOG`):\n\n"
      "{}\n{}",
      rework.round, rework.most, quoted, brief);
}

std::string violations_text(const std::vector<Violation>& violations) {
  std::string text = fmt::format("{} path{} left the scope: ", violations.size(),
                                 violations.size() == 1 ? "" : "s");
  const std::size_t told = std::min(violations.size(), kViolationsTold);
  for (std::size_t i = 0; i < told; ++i) {
    if (i > 0) text += ", ";
    text += fmt::format("{} ({})", violations[i].path, violations[i].why);
  }
  if (told < violations.size()) text += ", ...";
  return text;
}

std::vector<SampleScore> within_limit(std::vector<SampleScore> samples) {
  std::size_t bytes = 0;
  const auto over = std::ranges::find_if(samples, [&bytes](const SampleScore& sample) {
    bytes += 64 + sample.id.size() + sample.error.size() + sample.extra.size();
    return bytes > kSamplesBytes;
  });
  samples.erase(over, samples.end());
  return samples;
}

}  // namespace swarmlab::worker
