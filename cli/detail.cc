#include "cli/detail.h"

#include <fmt/core.h>

#include <algorithm>
#include <ostream>

#include "cli/table.h"
#include "cli/text.h"
#include "cli/transcript.h"
#include "cli/views.h"

namespace swarmlab::cli {

namespace {

constexpr std::size_t kLogLines = 12;
constexpr std::size_t kDiffLines = 60;
constexpr std::uint32_t kSamples = 10;
constexpr std::size_t kLabelWidth = 11;

class Printer {
 public:
  explicit Printer(const Context& context) : context_(context) {}

  void heading(const std::string& text) const {
    context_.out << '\n' << painted(text, Paint::bold, context_.color) << '\n';
  }

  // A labelled value, wrapped below itself; nothing at all if it is empty.
  void field(const std::string& label, const std::string& value) const {
    if (value.empty()) return;
    std::string name = fmt::format("{:<{}}  ", label, kLabelWidth);
    const std::size_t width = context_.width == 0 ? 0 : context_.width - kLabelWidth - 2;
    for (const std::string& line : wrapped(value, width)) {
      context_.out << painted(name, Paint::dim, context_.color) << line << '\n';
      name.assign(kLabelWidth + 2, ' ');
    }
  }

  // The first or the last lines of a text, indented.
  void lines(const std::string& text, std::size_t most, bool last, bool diff) const {
    const std::vector<std::string> all = split(plain_text(text));
    const std::size_t cut_off = all.size() > most ? all.size() - most : 0;
    const std::string told =
        fmt::format("  ... {} more; --all shows them", counted(cut_off, "line"));
    if (cut_off > 0 && last) context_.out << told << '\n';
    for (std::size_t i = last ? cut_off : 0; i < (last ? all.size() : all.size() - cut_off); ++i) {
      context_.out << "  "
                   << painted(all[i], diff ? paint_of_diff(all[i]) : Paint::none, context_.color)
                   << '\n';
    }
    if (cut_off > 0 && !last) context_.out << told << '\n';
  }

 private:
  static Paint paint_of_diff(const std::string& line) {
    if (line.starts_with("+++") || line.starts_with("---")) return Paint::bold;
    if (line.starts_with("+")) return Paint::good;
    if (line.starts_with("-")) return Paint::bad;
    return line.starts_with("@@") ? Paint::dim : Paint::none;
  }

  static std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      all.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return all;
  }

  static std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
    std::vector<std::string> lines;
    for (std::string rest : split(plain_text(text))) {
      while (width > 0 && columns_of(rest) > width) {
        std::size_t space = rest.rfind(' ', width);
        if (space == std::string::npos || space == 0) space = rest.find(' ', width);
        if (space == std::string::npos) break;
        lines.push_back(rest.substr(0, space));
        rest.erase(0, space + 1);
      }
      lines.push_back(rest);
    }
    return lines;
  }

  const Context& context_;
};

std::string metrics_text(capnp::List<schema::NamedNumber>::Reader metrics) {
  std::string text;
  for (const auto metric : metrics) {
    text += fmt::format("{}{} {:.6g}", text.empty() ? "" : "   ",
                        one_line(text_of(metric.getName())), metric.getValue());
  }
  return text;
}

std::string stages_text(capnp::List<schema::NamedNumber>::Reader stages) {
  std::string text;
  for (const auto stage : stages) {
    const std::chrono::microseconds took(static_cast<std::int64_t>(stage.getValue() * 1000.0));
    text += fmt::format("{}{} {}", text.empty() ? "" : "   ", text_of(stage.getName()),
                        duration_text(took));
  }
  return text;
}

std::string listed(capnp::List<capnp::Text>::Reader texts) {
  std::string text;
  for (const auto entry : texts) text += (text.empty() ? "- " : "\n- ") + one_line(text_of(entry));
  return text;
}

std::string origin_of(schema::ExperimentView::Reader experiment) {
  const auto parent = count_of(experiment.getParent());
  const std::string because = one_line(text_of(experiment.getPickedBecause()));
  if (!parent) {
    const std::string commit = text_of(experiment.getParentCommit()).substr(0, 8);
    const bool is_branch = because.starts_with("branched");
    return "the lab's commit " + commit + (is_branch ? ", " + because : "");
  }
  const auto merged = count_of(experiment.getMergedWith());
  return fmt::format("#{}{}{}{}", *parent, merged ? fmt::format(" and #{}", *merged) : "",
                     because.empty() ? "" : ": ", because);
}

// What it did at larger scales, a line each.
std::string climbs_text(capnp::List<schema::ClimbView>::Reader climbs) {
  std::string text;
  for (const auto climb : climbs) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "\n", one_line(text_of(climb.getScale())),
                        text_of(climb.getStanding()));
    if (const auto score = number_of(climb.getScore())) text += fmt::format(", {:.6g}", *score);
    if (climb.getIsChampion()) text += ", champion";
    if (climb.getReason().size() > 0) text += " (" + one_line(text_of(climb.getReason())) + ")";
  }
  return text;
}

// The gain with its interval: what a verdict on a noisy metric stands on.
std::string evidence_text(schema::ExperimentView::Reader experiment) {
  const auto gain = number_of(experiment.getGain());
  if (!gain) return "";
  const double low = number_of(experiment.getGainLow()).value_or(0.0);
  const double high = number_of(experiment.getGainHigh()).value_or(0.0);
  constexpr double kNoBound = 1e300;  // too few pairs to say
  const std::string interval =
      high - low > kNoBound ? "" : fmt::format(" [{:+.3g}, {:+.3g}]", low, high);
  return fmt::format("{:+.4g}{} over #{}, {} pair{}, {:.4g} % sure that it is better", *gain,
                     interval, count_of(experiment.getComparedWith()).value_or(0),
                     experiment.getPairs(), experiment.getPairs() == 1 ? "" : "s",
                     100.0 * number_of(experiment.getConfidence()).value_or(0.0));
}

// Of a lab with several metrics: one line each.
std::string evidence_by_metric(schema::ExperimentView::Reader experiment) {
  std::string text;
  for (const auto one : experiment.getEvidence()) {
    text +=
        fmt::format("{}{} {:+.4g} [{:+.3g}, {:+.3g}], {:.4g} % sure", text.empty() ? "" : "\n",
                    one_line(text_of(one.getMetric())), number_of(one.getGain()).value_or(0.0),
                    number_of(one.getLow()).value_or(0.0), number_of(one.getHigh()).value_or(0.0),
                    100.0 * number_of(one.getConfidence()).value_or(0.0));
  }
  return text;
}

std::string spent_text(schema::ExperimentView::Reader experiment) {
  const MicroUsd cost(static_cast<std::int64_t>(experiment.getCostUsd() * 1e6));
  if (cost.value() == 0 && experiment.getInputTokens() == 0.0) return "";
  return fmt::format("{}   {:.0f} tokens in, {:.0f} out", usd_text(cost),
                     experiment.getInputTokens(), experiment.getOutputTokens());
}

std::string worker_text(schema::ExperimentView::Reader experiment) {
  std::string text = one_line(text_of(experiment.getWorker()));
  if (text.empty()) return text;
  if (experiment.getHostClass().size() > 0) {
    text += " (" + one_line(text_of(experiment.getHostClass())) + ")";
  }
  // Each pair of runs was a lease too.
  if (experiment.getAttempts() > 1 && experiment.getPairs() == 0)
    text += fmt::format(", attempt {}", experiment.getAttempts());
  return text;
}

// That its agent repaired it, or tried to, after the guard had failed.
std::string reworks_text(schema::ExperimentView::Reader experiment) {
  const std::uint32_t reworks = experiment.getReworks();
  if (reworks == 0) return "";
  const bool in_vain = text_of(experiment.getVerdict()) == "guard_failed";
  return fmt::format("{}, {}", reworks,
                     in_vain ? "the guard failed after each" : "after which the guard passed");
}

std::string times_text(const Context& context, schema::ExperimentView::Reader experiment) {
  const auto started = time_of(experiment.getStartedAt());
  const auto ended = time_of(experiment.getEndedAt());
  if (!ended) return started ? "started " + ago(*started, context.now()) : "";
  std::string text = ago(*ended, context.now());
  if (started) text += ", took " + duration_text(*ended - *started);
  return text;
}

// Of which experiment a run is: of this one, or of the one that it was compared with.
std::string whose(schema::ExperimentView::Reader experiment, schema::MeasurementView::Reader run) {
  const auto reference = count_of(experiment.getComparedWith());
  const bool is_own = run.getTree() == experiment.getMeasurements()[0].getTree();
  return fmt::format("#{}", is_own || !reference ? experiment.getNumber() : *reference);
}

void print_measurements(const Printer& print, const Context& context,
                        schema::ExperimentView::Reader experiment) {
  if (experiment.getMeasurements().size() == 0) return;
  print.heading("Measurements");
  Table table({{"SCORE", Column::Align::right},
               {"OF"},
               {"SCALE"},
               {"REPEAT", Column::Align::right},
               {"TOOK", Column::Align::right},
               {"WORKER"},
               {"METRICS", Column::Align::left, true}});
  for (const auto run : experiment.getMeasurements()) {
    const std::chrono::microseconds took(static_cast<std::int64_t>(run.getTookMs() * 1000.0));
    table.add({score_text(number_of(run.getScore())), whose(experiment, run),
               text_of(run.getScale()), fmt::format("{}", run.getRepeat()), duration_text(took),
               one_line(text_of(run.getWorker())), metrics_text(run.getMetrics())});
  }
  table.print(context.out, context.color, context.width);
}

void print_samples(const Printer& print, const Context& context,
                   capnp::List<schema::SampleView>::Reader samples, bool all) {
  if (samples.size() == 0) return;
  const std::uint32_t shown = all ? samples.size() : std::min(kSamples, samples.size());
  print.heading(fmt::format("Samples, worst first ({} of {})", shown, samples.size()));
  Table table({{"SAMPLE"}, {"SCORE", Column::Align::right}, {"ERROR", Column::Align::left, true}});
  for (std::uint32_t i = 0; i < shown; ++i) {
    table.add({cut(one_line(text_of(samples[i].getId())), 40),
               score_text(number_of(samples[i].getScore())),
               Cell(one_line(text_of(samples[i].getError())), Paint::bad)});
  }
  table.print(context.out, context.color, context.width);
}

// Against the experiment that it was made from.
void print_changed(const Printer& print, const Context& context,
                   schema::ExperimentDetail::Reader detail, bool all) {
  const auto changed = detail.getChangedSamples();
  const auto against = count_of(detail.getChangedAgainst());
  if (changed.size() == 0 || !against) return;
  const std::uint32_t shown = all ? changed.size() : std::min(kSamples, changed.size());
  print.heading(fmt::format("Samples that changed most against #{}", *against));
  Table table({{"SAMPLE"},
               {"BEFORE", Column::Align::right},
               {"NOW", Column::Align::right},
               {"CHANGE", Column::Align::right}});
  for (std::uint32_t i = 0; i < shown; ++i) {
    const auto before = number_of(changed[i].getBefore());
    const auto now = number_of(changed[i].getScore());
    table.add({cut(one_line(text_of(changed[i].getId())), 40), score_text(before), score_text(now),
               before && now ? fmt::format("{:+.4g}", *now - *before) : std::string()});
  }
  table.print(context.out, context.color, context.width);
}

// What people did with it, and what it is like.
void print_marks(const Printer& print, schema::ExperimentView::Reader experiment) {
  if (const auto near = count_of(experiment.getNearDuplicateOf())) {
    print.field("nearly", fmt::format("#{}: {:.0f} % of the changed lines are the same", *near,
                                      100.0 * number_of(experiment.getSimilarity()).value_or(0.0)));
  }
  if (experiment.getInjectedBy().size() > 0) {
    print.field("injected",
                fmt::format("by {}, from commit {}", one_line(text_of(experiment.getInjectedBy())),
                            text_of(experiment.getInjectedFrom()).substr(0, 8)));
  }
  if (experiment.getRejectedBy().size() > 0) {
    print.field("rejected", fmt::format("by {}: {}", one_line(text_of(experiment.getRejectedBy())),
                                        text_of(experiment.getRejectedWhy())));
  }
  if (const auto above = count_of(experiment.getDescendsFromRejected())) {
    print.field("contains", fmt::format("the change of #{}, which was rejected", *above));
  }
}

}  // namespace

void print_summary(const Context& context, schema::ExperimentView::Reader experiment) {
  const Printer print(context);
  const std::string verdict = text_of(experiment.getVerdict());
  context.out << painted(fmt::format("{} #{}", one_line(text_of(experiment.getLab())),
                                     experiment.getNumber()),
                         Paint::bold, context.color)
              << "  " << painted(verdict, paint_of(verdict), context.color)
              << (experiment.getIsBest() ? "  best so far" : "") << "\n\n";
  print.field("score", score_text(number_of(experiment.getScore())));
  print.field("metrics", metrics_text(experiment.getMetrics()));
  print.field("why", text_of(experiment.getReason()));
  print.field("judged", metrics_text(experiment.getJudged()));
  print.field("evidence", evidence_text(experiment));
  if (const auto size = number_of(experiment.getSize())) {
    print.field("size", fmt::format("{:.6g}{}", *size,
                                    experiment.getSimpler() ? ": kept for being smaller" : ""));
  }
  print.field("by metric", evidence_by_metric(experiment));
  if (const auto mad = number_of(experiment.getMadConfidence())) {
    print.field("MAD", fmt::format("{}: the best after it over the baseline, in median absolute "
                                   "deviations",
                                   rounded_text(*mad)));
  }
  print.field("scales", climbs_text(experiment.getClimbs()));
  if (const auto holdout = number_of(experiment.getHoldout())) {
    print.field("holdout", score_text(holdout));
  }
  if (const auto twin = count_of(experiment.getDuplicateOf())) {
    print.field("same as", fmt::format("#{}", *twin));
  }
  print_marks(print, experiment);
  print.field("hypothesis", text_of(experiment.getHypothesis()));
  print.field("mechanism", text_of(experiment.getMechanism()));
  const auto confirmed = experiment.getMechanismConfirmed();
  if (confirmed.isValue()) print.field("confirmed", confirmed.getValue() ? "yes" : "no");
  print.field("from", origin_of(experiment));
  print.field("commit", text_of(experiment.getCommit()));
}

// How its agent's part went: "finished, gpt-5, 4 answers, 3 tool calls".
std::string agent_text(schema::AgentView::Reader agent) {
  std::string text = text_of(agent.getEnd());
  if (text.empty()) return text;
  if (agent.getModel().size() > 0) text += ", " + one_line(text_of(agent.getModel()));
  if (agent.getTurns() > 0) {
    text +=
        fmt::format(", {:.0f} answers, {:.0f} tool calls", agent.getTurns(), agent.getToolCalls());
  }
  if (agent.getSessionExperiment() > 1) {
    text += fmt::format(", experiment {} of its session", agent.getSessionExperiment());
  }
  if (agent.getSaid().size() > 0) text += ": " + one_line(text_of(agent.getSaid()));
  return text;
}

// "pypi.org:443 (3 times)": where its sandbox was not let to.
std::string refused_text(schema::AgentView::Reader agent) {
  std::string text;
  for (const auto place : agent.getRefused()) {
    text += fmt::format("{}{} ({:.0f} times)", text.empty() ? "" : ", ",
                        one_line(text_of(place.getName())), place.getValue());
  }
  return text;
}

void print_detail(const Context& context, schema::ExperimentDetail::Reader detail,
                  const DetailOptions& options) {
  const Printer print(context);
  const auto experiment = detail.getExperiment();
  print_summary(context, experiment);
  print.field("notes", text_of(experiment.getNotes()));
  print.field("ideas", listed(experiment.getIdeas()));
  print.field("left scope", listed(experiment.getPaths()));
  print.field("ended", times_text(context, experiment));
  print.field("worker", worker_text(experiment));
  print.field("stages", stages_text(experiment.getStages()));
  print.field("reworks", reworks_text(experiment));
  print.field("agent", agent_text(experiment.getAgent()));
  print.field("last words", text_of(experiment.getAgent().getFinalMessage()));
  print.field("refused", refused_text(experiment.getAgent()));
  print.field("spent", spent_text(experiment));
  print_measurements(print, context, experiment);
  print_changed(print, context, detail, options.all);
  print_samples(print, context, detail.getSamples(), options.all);
  const bool all_steps = options.all || options.transcript;
  if (all_steps || has_steps(detail)) print_transcript(context, detail, all_steps);
  if (options.transcript) return;
  const auto log = [&](const char* title, capnp::Text::Reader text) {
    if (text.size() == 0) return;
    print.heading(title);
    print.lines(text_of(text), options.all ? SIZE_MAX : kLogLines, true, false);
  };
  if (options.all || !has_steps(detail)) log("Agent's output", detail.getAgentLog());
  log("Guard's output", detail.getGuardLog());
  log("Evaluator's output", detail.getEvaluatorLog());
  if (detail.getDiff().size() == 0) return;
  print.heading("Change");
  print.lines(text_of(detail.getDiff()), options.all ? SIZE_MAX : kDiffLines, false, true);
}

}  // namespace swarmlab::cli
