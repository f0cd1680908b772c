#include "cli/overview.h"

#include <fmt/core.h>

#include <ostream>

#include "cli/table.h"
#include "cli/text.h"
#include "cli/tree_lines.h"
#include "cli/views.h"

namespace swarmlab::cli {

namespace {

using Align = Column::Align;

Paint paint_of_state(const std::string& state) {
  if (state == "running" || state == "ready") return Paint::good;
  if (state == "stopped" || state == "gone") return Paint::dim;
  return Paint::warn;
}

std::string progress_of(schema::LabView::Reader lab) {
  const std::string done = fmt::format("{}", lab.getIterations());
  if (lab.getMaxIterations() == 0) return done;
  return done + fmt::format("/{}", lab.getMaxIterations());
}

std::string best_of(schema::LabView::Reader lab) {
  const auto experiment = count_of(lab.getBestExperiment());
  if (!experiment) return "-";
  return score_text(number_of(lab.getBest())) + fmt::format(" (#{})", *experiment);
}

std::string gain_of(schema::LabView::Reader lab) {
  const auto from = number_of(lab.getBaseline());
  const auto to = number_of(lab.getBest());
  return from && to ? change_text(*from, *to) : "";
}

std::string seen_text(schema::WorkerView::Reader worker) {
  const auto seconds = number_of(worker.getLastSeenSecondsAgo());
  if (!seconds) return "-";
  const Timestamp then{};
  return ago(then, then + std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1000)));
}

std::string labels_of(schema::WorkerView::Reader worker) {
  std::string labels;
  for (const auto label : worker.getLabels()) {
    labels += (labels.empty() ? "" : ",") + one_line(text_of(label));
  }
  return labels;
}

// What agents say that they try just now.
void print_runs(const Context& context, capnp::List<schema::WorkerView>::Reader workers) {
  for (const auto worker : workers) {
    for (const auto run : worker.getRuns()) {
      if (run.getHypothesis().size() == 0) continue;
      context.out << fmt::format("{} tries, as {} #{}: {}\n", one_line(text_of(worker.getName())),
                                 one_line(text_of(run.getLab())), run.getExperiment(),
                                 one_line(text_of(run.getHypothesis())));
    }
  }
}

}  // namespace

void print_labs(const Context& context, capnp::List<schema::LabView>::Reader labs) {
  if (labs.size() == 0) {
    context.out << "no lab was run here yet; start one with: swarmlab run LAB\n";
    return;
  }
  Table table({{"LAB", Align::left, true},
               {"STATE"},
               {"DONE", Align::right},
               {"KEPT", Align::right},
               {"RUNNING", Align::right},
               {"BASELINE", Align::right},
               {"BEST", Align::right},
               {"CHANGE", Align::right}});
  const std::vector<TreeLine> lines = as_tree(labs);
  for (const TreeLine& line : lines) {
    if (!line.lab) {
      table.add({Cell(line.label, Paint::dim), "", "", "", "", "", "", ""});
      continue;
    }
    const auto lab = *line.lab;
    const std::string state = text_of(lab.getState());
    table.add({Cell(line.label, Paint::bold), Cell(state, paint_of_state(state)), progress_of(lab),
               fmt::format("{}", lab.getKept()), fmt::format("{}", lab.getRunning()),
               score_text(number_of(lab.getBaseline())), best_of(lab), gain_of(lab)});
  }
  table.print(context.out, context.color, context.width);
  for (const TreeLine& line : lines) {
    if (!line.lab || line.lab->getStopReason().size() == 0) continue;
    context.out << '\n'
                << text_of(line.lab->getName()) << ' ' << text_of(line.lab->getState()) << ": "
                << one_line(text_of(line.lab->getStopReason())) << '\n';
  }
}

void print_workers(const Context& context, capnp::List<schema::WorkerView>::Reader workers) {
  if (workers.size() == 0) {
    context.out << "no worker is connected\n";
    return;
  }
  Table table({{"WORKER"},
               {"STATE"},
               {"BUSY", Align::right},
               {"SEEN", Align::right},
               {"GPUS", Align::right},
               {"LABELS"},
               {"HOST CLASS", Align::left, true}});
  for (const auto worker : workers) {
    const std::string state = text_of(worker.getState());
    table.add({Cell(one_line(text_of(worker.getName())), Paint::bold),
               Cell(state, paint_of_state(state)),
               fmt::format("{}/{}", worker.getBusy(), worker.getSlots()), seen_text(worker),
               fmt::format("{}", worker.getGpus().size()), labels_of(worker),
               one_line(text_of(worker.getHostClass()))});
  }
  table.print(context.out, context.color, context.width);
  print_runs(context, workers);
  for (const auto worker : workers) {
    if (worker.getDistrust().size() > 0) {
      context.out << fmt::format(
          "{0}: {1}: its measurements do not count, agents may run on it; swarmlab release {0} "
          "lets them count again\n",
          one_line(text_of(worker.getName())), one_line(text_of(worker.getDistrust())));
    }
    if (worker.getQuarantine().size() == 0) continue;
    context.out << fmt::format(
        "{}: {}; swarmlab release {} lets it work again\n", one_line(text_of(worker.getName())),
        one_line(text_of(worker.getQuarantine())), one_line(text_of(worker.getName())));
  }
}

}  // namespace swarmlab::cli
