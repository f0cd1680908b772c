#include "cli/run_view.h"

#include <fmt/format.h>

#include <ostream>

#include "cli/text.h"
#include "common/wire/json_codec.h"

namespace swarmlab::cli {

namespace {

constexpr std::size_t kMostLines = 24;  // below the verdicts: more would not fit

std::string took_text(schema::ExperimentView::Reader experiment, Timestamp now) {
  const auto from = time_of(experiment.getStartedAt());
  if (!from) return "";
  const auto to = time_of(experiment.getEndedAt()).value_or(now);
  return duration_text(to - *from);
}

// For keep and discard what was tried, else what went wrong.
std::string what_of(schema::ExperimentView::Reader experiment) {
  const std::string verdict = text_of(experiment.getVerdict());
  const std::string hypothesis = one_line(text_of(experiment.getHypothesis()));
  const bool is_scored = verdict == "keep" || verdict == "discard";
  if (is_scored && !hypothesis.empty()) return hypothesis;
  return one_line(text_of(experiment.getReason()));
}

std::string best_text(schema::LabView::Reader lab) {
  const auto number = count_of(lab.getBestExperiment());
  if (!number) return "nothing measured yet";
  std::string text = fmt::format("best {} (#{})", score_text(number_of(lab.getBest())), *number);
  const auto baseline = number_of(lab.getBaseline());
  const auto best = number_of(lab.getBest());
  if (baseline && best && *baseline != *best)
    text += fmt::format(", {} from the baseline's {}", change_text(*baseline, *best),
                        score_text(baseline));
  return text;
}

std::string progress_text(schema::LabView::Reader lab) {
  const std::string most =
      lab.getMaxIterations() == 0 ? "" : fmt::format("/{}", lab.getMaxIterations());
  return fmt::format("{}{} experiments, {} kept", lab.getIterations(), most, lab.getKept());
}

}  // namespace

void RunView::line(std::string text) {
  if (live()) text = cut(text, context_.width);
  context_.out << text << '\n';
}

void RunView::verdict(schema::ExperimentView::Reader experiment, bool names_lab) {
  if (context_.json) {
    context_.out << wire::to_json(experiment) << std::endl;
    return;
  }
  if (context_.quiet) return;
  erase();
  const std::string verdict = text_of(experiment.getVerdict());
  const std::string score = score_text(number_of(experiment.getScore()));
  const std::string lab = names_lab ? one_line(text_of(experiment.getLab())) + " " : "";
  const std::string head = fmt::format("{}#{:<4} ", lab, experiment.getNumber());
  const std::string tail =
      fmt::format(" {:>10}  {:<4} {:>8}  {}", score, text_of(experiment.getWorker()),
                  took_text(experiment, context_.now()), what_of(experiment));
  const std::string padded = fmt::format("{:<12}", verdict);
  const std::size_t used = 20 + columns_of(lab);
  const std::size_t left = context_.width > used ? context_.width - used : 0;
  context_.out << head << painted(padded, paint_of(verdict), context_.color)
               << (live() ? cut(tail, left) : tail) << '\n';
  context_.out.flush();
}

void RunView::draw(const std::deque<Now>& labs) {
  if (!live()) return;
  erase();
  std::vector<std::string> lines{""};
  for (const Now& now : labs) {
    const auto lab = now.lab;
    lines.push_back(fmt::format(
        "{}: {}; {}; {}", one_line(text_of(lab.getName())), progress_text(lab), best_text(lab),
        duration_text(std::chrono::milliseconds(static_cast<std::int64_t>(lab.getActiveMs())))));
    for (const auto& one : now.running.views) {
      const auto parent = count_of(one.getParent());
      const std::string from = parent ? fmt::format("from #{}", *parent) : "the baseline";
      lines.push_back(fmt::format("  {:<4} #{:<4} {:<12} {:>8}", text_of(one.getWorker()),
                                  one.getNumber(), from, took_text(one, context_.now())));
    }
  }
  if (lines.size() > kMostLines) {
    const std::size_t left = lines.size() - kMostLines + 1;
    lines.resize(kMostLines - 1);
    lines.push_back(fmt::format("  ... and {} more lines; swarmlab labs shows all", left));
  }
  for (const std::string& text : lines) line(text);
  drawn_ = lines.size();
  context_.out.flush();
}

void RunView::erase() {
  for (; drawn_ > 0; --drawn_) context_.out << "\x1b[1A\x1b[2K";
  context_.out.flush();
}

void RunView::outcome(schema::LabView::Reader lab) {
  const std::string reason = one_line(text_of(lab.getStopReason()));
  context_.out << '\n'
               << text_of(lab.getName()) << ": " << progress_text(lab) << "; " << best_text(lab)
               << '\n';
  if (!reason.empty()) context_.out << text_of(lab.getState()) << ": " << reason << '\n';
}

void RunView::summary(const std::vector<schema::LabView::Reader>& labs,
                      const std::string& command_lab) {
  erase();
  if (context_.json || context_.quiet || labs.empty()) return;
  for (const auto lab : labs) outcome(lab);
  const std::string given = command_lab.empty() ? "" : " " + command_lab;
  const std::string name = labs.size() > 1 ? " LAB" : given;
  context_.out << "\nnext:\n";
  if (labs.size() > 1) context_.out << "  swarmlab labs            # the tree, with its bests\n";
  context_.out << "  swarmlab results" << name << "    # every experiment\n"
               << "  swarmlab plot" << name << "       # the picture, as SVG\n"
               << "  swarmlab best" << name << "       # what won, and why it was kept\n"
               << "  swarmlab export" << name << "     # the winning chain as a branch\n";
}

}  // namespace swarmlab::cli
