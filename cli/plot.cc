// `swarmlab plot`: the progress picture, as SVG.
#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <memory>
#include <ostream>

#include "cli/commands.h"
#include "cli/picture.h"
#include "cli/text.h"
#include "cli/views.h"
#include "common/model/names.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

struct Options {
  std::string file;
  std::string title;
  std::vector<std::string> marks;
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

Result<std::vector<PictureMark>> marks_of(const Options& options) {
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

Result<void> plot(Context& context, const Options& options) {
  auto marks = marks_of(options);
  if (!marks) {
    context.exit_code = kWrongUsage;
    return tl::unexpected(marks.error());
  }
  SWARMLAB_TRY(swarm, context.swarm());
  SWARMLAB_TRY(name, swarm->lab_of(context));
  SWARMLAB_TRY(labs, ask_labs(*swarm));
  SWARMLAB_TRY(experiments, load_experiments(*swarm, name, {}));
  Picture picture = picture_of(experiments, find_lab_view(labs, name));
  picture.marks = *std::move(marks);
  if (!options.title.empty()) picture.title = options.title;
  const std::string svg = draw_svg(picture);
  if (options.file.empty() || options.file == "-") {
    context.out << svg;
    return {};
  }
  const std::string path = (context.cwd / options.file).string();
  if (const auto written = write_file(path, svg); !written) {
    return within("--out " + options.file, written.error());
  }
  context.note("wrote " + options.file + ": " + counted(picture.points.size(), "experiment"));
  return {};
}

}  // namespace

void add_plot(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("plot", "The progress picture, as SVG");
  command->group(kGroupLook);
  add_lab(*command, context);
  command->add_option("-o,--out", options->file, "Where to write it (default: to stdout)");
  command->add_option("--title", options->title, "Its title (default: the lab's name)");
  command->add_option("--mark", options->marks,
                      "A score to compare with, as a line: SCORE=NAME (may be given again)");
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
