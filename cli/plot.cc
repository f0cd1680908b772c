// `swarmlab plot`: the progress picture, as SVG.
#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <memory>
#include <ostream>
#include <set>

#include "cli/commands.h"
#include "cli/frontier_picture.h"
#include "cli/picture.h"
#include "cli/text.h"
#include "cli/views.h"
#include "common/model/names.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

struct PlotOptions {
  std::string file;
  std::string title;
  std::vector<std::string> marks;
  bool frontier = false;
  bool hypervolume = false;
};

// "2.635=AlphaEvolve", or just a number.
Result<PictureMark> mark_of(const std::string& text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const char* end = text.data() + equals;
  double score = 0.0;
  const auto read = std::from_chars(text.data(), end, score);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(score)) {
    return fail(ErrorCode::invalid_input, "--mark is {}, expected SCORE=NAME, as 2.635=AlphaEvolve",
                text);
  }
  return PictureMark{score, equals < text.size() ? text.substr(equals + 1) : ""};
}

Result<std::vector<PictureMark>> marks_of(const PlotOptions& options) {
  std::vector<PictureMark> marks;
  for (const std::string& text : options.marks) {
    SWARMLAB_TRY(mark, mark_of(text));
    marks.push_back(mark);
  }
  return marks;
}

std::string label_of(schema::ExperimentView::Reader view) {
  if (view.getHypothesis().size() > 0) return text_of(view.getHypothesis());
  if (text_of(view.getKind()) == "baseline") return "baseline";
  return "#" + std::to_string(view.getNumber());
}

Picture picture_of(const Experiments& experiments, std::optional<schema::LabView::Reader> lab) {
  Picture picture;
  if (lab) {
    picture.title = text_of(lab->getName());
    picture.metric = text_of(lab->getMetric());
    picture.direction = text_of(lab->getDirection()) == name_of(Direction::maximize)
                            ? Direction::maximize
                            : Direction::minimize;
  }
  for (const auto& view : experiments.views) {
    const auto verdict = verdict_from(text_of(view.getVerdict()));
    if (!verdict) continue;  // it runs
    picture.points.push_back({.number = view.getNumber(),
                              .segment = view.getSegment(),
                              .score = number_of(view.getScore()),
                              .verdict = *verdict,
                              .label = *verdict == Verdict::keep ? label_of(view) : ""});
  }
  return picture;
}

Direction direction_of(capnp::Text::Reader name) {
  return text_of(name) == name_of(Direction::maximize) ? Direction::maximize : Direction::minimize;
}

// Of the last segment: values of others do not compare.
FrontierPicture frontier_picture_of(const Experiments& experiments, schema::LabView::Reader lab,
                                    schema::FrontierList::Reader frontier) {
  FrontierPicture picture;
  picture.title = text_of(lab.getName());
  for (const auto metric : lab.getMetrics()) {
    picture.metrics.push_back({text_of(metric.getName()), direction_of(metric.getDirection())});
  }
  std::set<std::uint32_t> members;
  for (const auto entry : frontier.getEntries()) {
    if (number_of(entry.getContribution())) members.insert(entry.getNumber());
  }
  for (const auto& view : experiments.views) {
    const bool is_whole = view.getJudged().size() == picture.metrics.size();
    if (!is_whole || view.getSegment() != lab.getSegment()) continue;
    FrontierPoint point{.number = view.getNumber(),
                        .values = {},
                        .kept = text_of(view.getVerdict()) == name_of(Verdict::keep),
                        .on_frontier = members.contains(view.getNumber()),
                        .label = label_of(view)};
    for (const auto value : view.getJudged()) point.values.push_back(value.getValue());
    picture.points.push_back(std::move(point));
  }
  picture.subtitle = fmt::format("{} that no other dominates, hypervolume {} (baseline alone: 1)",
                                 counted(members.size(), "candidate"),
                                 score_text(number_of(frontier.getHypervolume())));
  return picture;
}

// The hypervolume where the score would be: of what was kept.
void show_hypervolume(Picture& picture, const Experiments& experiments) {
  picture.metric = "hypervolume";
  picture.direction = Direction::maximize;
  for (PicturePoint& point : picture.points) point.score.reset();
  std::size_t place = 0;
  for (const auto& view : experiments.views) {
    if (!verdict_from(text_of(view.getVerdict()))) continue;
    picture.points[place++].score = number_of(view.getHypervolume());
  }
  std::erase_if(picture.points, [](const PicturePoint& point) { return !point.score; });
}

Result<void> write_svg(Context& context, const PlotOptions& options, const std::string& svg,
                       std::size_t experiments) {
  if (options.file.empty() || options.file == "-") {
    context.out << svg;
    return {};
  }
  const std::string path = (context.cwd / options.file).string();
  if (const auto written = write_file(path, svg); !written) {
    return within("--out " + options.file, written.error());
  }
  context.note("wrote " + options.file + ": " + counted(experiments, "experiment"));
  return {};
}

Result<void> plot_frontier(Context& context, const PlotOptions& options, Swarm& swarm,
                           const std::string& name, const Experiments& experiments,
                           schema::LabView::Reader lab) {
  SWARMLAB_TRY(reply, swarm.ask([&](schema::Query::Builder query) { query.setFrontier(name); }));
  if (!reply.body().isFrontier()) return tl::unexpected(unexpected_reply("frontier"));
  FrontierPicture picture = frontier_picture_of(experiments, lab, reply.body().getFrontier());
  if (!options.title.empty()) picture.title = options.title;
  return write_svg(context, options, draw_frontier_svg(picture), picture.points.size());
}

Result<void> plot(Context& context, const PlotOptions& options) {
  auto marks = marks_of(options);
  if (!marks) {
    context.exit_code = kWrongUsage;
    return tl::unexpected(marks.error());
  }
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(name, swarm->lab_of(context));
  SWARMLAB_TRY(labs, ask_labs(*swarm));
  SWARMLAB_TRY(experiments, load_experiments(*swarm, name, {}));
  const auto lab = find_lab_view(labs, name);
  if (options.frontier || options.hypervolume) {
    if (!lab || lab->getMetrics().size() < 2) {
      return fail(ErrorCode::invalid_input, "lab {} has one metric, expected several [[metric]]",
                  name);
    }
    if (options.frontier) return plot_frontier(context, options, *swarm, name, experiments, *lab);
  }
  Picture picture = picture_of(experiments, lab);
  if (options.hypervolume) show_hypervolume(picture, experiments);
  picture.marks = *std::move(marks);
  if (!options.title.empty()) picture.title = options.title;
  return write_svg(context, options, draw_svg(picture), picture.points.size());
}

}  // namespace

void add_plot(CLI::App& app, Context& context) {
  auto options = std::make_shared<PlotOptions>();
  CLI::App* command = app.add_subcommand("plot", "The progress picture, as SVG");
  command->group(kGroupLook);
  add_lab(*command, context);
  command->add_option("-o,--out", options->file, "Where to write it (default: to stdout)");
  command->add_option("--title", options->title, "Its title (default: the lab's name)");
  command->add_option("--mark", options->marks,
                      "A score to compare with, as a line: SCORE=NAME (may be given again)");
  CLI::Option* frontier = command->add_flag(
      "--frontier", options->frontier,
      "Of a lab with several metrics: them against each other, and what no other dominates");
  command
      ->add_flag("--hypervolume", options->hypervolume,
                 "Of such a lab: the progress of all metrics together")
      ->excludes(frontier);
  add_quiet(*command, context);
  add_connect(*command, context);
  add_examples(*command,
               "  swarmlab plot --out progress.svg\n"
               "  swarmlab plot circle-packing --mark 2.635=AlphaEvolve --out progress.svg\n"
               "  swarmlab plot my-lab --title \"Overnight\" > progress.svg");
  command->callback([&context, options] {
    context.action = [&context, options] { return plot(context, *options); };
  });
}

}  // namespace swarmlab::cli
