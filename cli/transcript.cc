#include "cli/transcript.h"

#include <fmt/core.h>

#include <algorithm>
#include <ostream>

#include "cli/table.h"
#include "cli/text.h"
#include "cli/views.h"

namespace swarmlab::cli {

namespace {

constexpr std::uint32_t kSteps = 12;
constexpr std::size_t kNameWidth = 10;
constexpr std::size_t kIndent = 22;  // of texts, below time and name

std::string name_of(schema::StepView::Reader step) {
  const std::string kind = text_of(step.getKind());
  if (kind == "tool") return one_line(text_of(step.getTool()));
  if (kind == "prompt") return "is asked";
  if (kind == "words") return "says";
  return kind == "thinking" ? "thinks" : kind;
}

// "1:05.3": minutes since it was started.
std::string time_text(schema::StepView::Reader step) {
  const auto at = number_of(step.getAtMs());
  if (!at) return "";
  const auto tenths = static_cast<std::uint64_t>(std::max(0.0, *at) / 100);
  return fmt::format("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10);
}

// What it cost and how long it took: "[0.3 s, 1200 tokens in, 50 out, $0.01]".
std::string figures_text(schema::StepView::Reader step) {
  std::string text;
  const auto add = [&text](const std::string& one) { text += (text.empty() ? "" : ", ") + one; };
  if (step.getFailed()) add("failed");
  if (const auto took = number_of(step.getTookMs())) {
    add(duration_text(std::chrono::microseconds(static_cast<std::int64_t>(*took * 1000))));
  }
  if (step.getInputTokens() + step.getOutputTokens() > 0) {
    add(fmt::format("{:.0f} tokens in, {:.0f} out", step.getInputTokens(), step.getOutputTokens()));
  }
  const MicroUsd cost(static_cast<std::int64_t>(step.getCostUsd() * 1e6));
  if (cost.value() > 0) add(usd_text(cost));
  return text.empty() ? "" : "[" + text + "]";
}

std::string head_of(schema::StepView::Reader step) {
  return fmt::format("{:>8}  {:<{}}", time_text(step), cut(name_of(step), kNameWidth), kNameWidth);
}

void print_indented(const Context& context, const std::string& text, Paint paint) {
  const std::string plain = plain_text(text);
  for (std::size_t at = 0; at < plain.size();) {
    const std::size_t end = std::min(plain.find('\n', at), plain.size());
    context.out << std::string(kIndent, ' ')
                << painted(plain.substr(at, end - at), paint, context.color) << '\n';
    at = end + 1;
  }
}

void print_whole(const Context& context, schema::StepView::Reader step) {
  context.out << painted(head_of(step) + "  " + figures_text(step), Paint::bold, context.color)
              << '\n';
  print_indented(context, text_of(step.getText()), Paint::none);
  if (step.getResult().size() == 0) return;
  context.out << std::string(kIndent - 3, ' ') << "->\n";
  print_indented(context, text_of(step.getResult()), step.getFailed() ? Paint::bad : Paint::dim);
}

void print_line(const Context& context, schema::StepView::Reader step) {
  std::string line = head_of(step) + "  " + one_line(text_of(step.getText()));
  const std::string result = one_line(text_of(step.getResult()));
  if (!result.empty()) line += " -> " + result;
  constexpr std::size_t kWidest = 160;  // where no terminal says how wide it is
  const std::string figures = figures_text(step);
  const std::size_t width = context.width == 0 ? kWidest : context.width;
  const std::size_t left = width - std::min(width / 2, figures.size() + 1);
  context.out << painted(cut(line, left), step.getFailed() ? Paint::bad : Paint::none,
                         context.color);
  if (!figures.empty()) context.out << ' ' << painted(figures, Paint::dim, context.color);
  context.out << '\n';
}

}  // namespace

bool has_steps(schema::ExperimentDetail::Reader detail) {
  const auto steps = detail.getTranscript();
  return steps.size() > 1 || (steps.size() == 1 && text_of(steps[0].getKind()) != "words");
}

void print_transcript(const Context& context, schema::ExperimentDetail::Reader detail, bool all) {
  const auto steps = detail.getTranscript();
  if (steps.size() == 0) return;
  const std::uint32_t shown = all ? steps.size() : std::min(kSteps, steps.size());
  std::string heading = fmt::format("Transcript ({} of {})", shown, counted(steps.size(), "step"));
  if (!all) heading += "; --transcript shows all that was kept";
  context.out << '\n' << painted(heading, Paint::bold, context.color) << '\n';
  for (std::uint32_t i = steps.size() - shown; i < steps.size(); ++i) {
    if (steps[i].getLeftOutBefore() > 0) {
      context.out << fmt::format("          ... {:.0f} steps were not kept\n",
                                 steps[i].getLeftOutBefore());
    }
    all ? print_whole(context, steps[i]) : print_line(context, steps[i]);
  }
}

}  // namespace swarmlab::cli
