#include "cli/frontier_picture.h"

#include <algorithm>

#include "cli/picture_labels.h"
#include "cli/picture_scale.h"
#include "cli/svg.h"
#include "cli/text.h"

namespace swarmlab::cli {

namespace {

constexpr double kWidth = 1200;
constexpr double kPanelHeight = 520;
constexpr double kTop = 80;
constexpr double kLabelSize = 11.5;
constexpr std::size_t kLabelColumns = 40;

constexpr const char* kInk = "#1f2933";
constexpr const char* kSoftInk = "#66727f";
constexpr const char* kGrid = "#e9edf1";
constexpr const char* kAxis = "#c3ccd5";
constexpr const char* kPaper = "#ffffff";
constexpr const char* kOther = "#aeb8c2";
constexpr const char* kKeep = "#12805c";
constexpr const char* kStyle = R"css(
text{font-family:Inter,'Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif}
.label{paint-order:stroke;stroke:#ffffff;stroke-width:3.5px;stroke-linejoin:round}
@media (prefers-color-scheme:dark){
[fill="#ffffff"]{fill:#161b21}[stroke="#ffffff"],.label{stroke:#161b21}
[fill="#1f2933"]{fill:#e4e9ee}[fill="#66727f"]{fill:#98a4b0}
[stroke="#e9edf1"]{stroke:#252c34}[stroke="#c3ccd5"]{stroke:#47525e}
[fill="#aeb8c2"]{fill:#7c8894}[fill="#12805c"]{fill:#3fb98b}[stroke="#12805c"]{stroke:#3fb98b}
}
)css";

// The primary metric over one other.
class Panel {
 public:
  Panel(const FrontierPicture& picture, std::size_t metric, double top, Svg& svg)
      : picture_(picture),
        metric_(metric),
        plot_{84, top, 1172, top + kPanelHeight - 80},
        svg_(svg) {
    x_ = range_of(metric);
    y_ = range_of(0);
  }

  void draw() {
    axes();
    for (const FrontierPoint& point : picture_.points) {
      if (!point.on_frontier) dot(point);
    }
    if (picture_.metrics.size() == 2) steps();
    for (const FrontierPoint& point : picture_.points) {
      if (point.on_frontier) dot(point);
    }
    labels();
  }

 private:
  [[nodiscard]] Range range_of(std::size_t metric) const {
    Scores scores{.kept = {}, .others = {}, .marks = {}};
    scores.direction = picture_.metrics[metric].direction;
    for (const FrontierPoint& point : picture_.points) {
      (point.on_frontier ? scores.marks : scores.others).push_back(point.values[metric]);
    }
    return range_of_scores(scores);
  }
  [[nodiscard]] Point place_of(double x, double y) const {
    const double across = (std::clamp(x, x_.low, x_.high) - x_.low) / x_.span();
    const double up = (std::clamp(y, y_.low, y_.high) - y_.low) / y_.span();
    return {plot_.left + across * (plot_.right - plot_.left),
            plot_.bottom - up * (plot_.bottom - plot_.top)};
  }
  [[nodiscard]] Point place_of(const FrontierPoint& point) const {
    return place_of(point.values[metric_], point.values[0]);
  }

  void axes() {
    const Ticks ys = nice_ticks(y_, 7);
    for (const double tick : ys.at) {
      const double y = place_of(x_.low, tick).y;
      svg_.add("<path d=\"M{:.1f} {:.1f}H{:.1f}\" stroke=\"{}\"/>", plot_.left, y, plot_.right,
               kGrid);
      svg_.text({plot_.left - 10, y + 4}, ys.label(tick), 12, kSoftInk, "text-anchor=\"end\"");
    }
    const Ticks xs = nice_ticks(x_, 10);
    for (const double tick : xs.at) {
      const double x = place_of(tick, y_.low).x;
      svg_.add("<path d=\"M{:.1f} {:.1f}V{:.1f}\" stroke=\"{}\"/>", x, plot_.top, plot_.bottom,
               kGrid);
      svg_.text({x, plot_.bottom + 18}, xs.label(tick), 12, kSoftInk, "text-anchor=\"middle\"");
    }
    svg_.add("<path d=\"M{:.1f} {:.1f}V{:.1f}H{:.1f}\" fill=\"none\" stroke=\"{}\"/>", plot_.left,
             plot_.top, plot_.bottom, plot_.right, kAxis);
    const Point middle{(plot_.left + plot_.right) / 2, (plot_.top + plot_.bottom) / 2};
    svg_.text({middle.x, plot_.bottom + 42}, title_of(metric_), 13, kSoftInk,
              "text-anchor=\"middle\"");
    svg_.text({24, middle.y}, title_of(0), 13, kSoftInk,
              fmt::format("text-anchor=\"middle\" transform=\"rotate(-90 24 {:.1f})\"", middle.y));
    if (picture_.points.empty()) {
      svg_.text(middle, "nothing is measured yet", 15, kSoftInk, "text-anchor=\"middle\"");
    }
  }

  [[nodiscard]] std::string title_of(std::size_t metric) const {
    const auto& axis = picture_.metrics[metric];
    return fmt::format("{} ({} is better)", cut(one_line(axis.name), 40),
                       axis.direction == Direction::minimize ? "lower" : "higher");
  }

  void dot(const FrontierPoint& point) {
    const Point at = place_of(point);
    if (point.on_frontier) {
      svg_.add(
          "<circle class=\"frontier\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5.5\" fill=\"{}\" "
          "stroke=\"{}\" stroke-width=\"1.5\"/>",
          at.x, at.y, kKeep, kPaper);
    } else {
      svg_.add(
          "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.6\" fill=\"{}\" "
          "fill-opacity=\".6\"/>",
          point.kept ? "dominated" : "discarded", at.x, at.y, point.kept ? kKeep : kOther);
    }
  }

  // What the frontier dominates lies behind the steps.
  void steps() {
    std::vector<const FrontierPoint*> order;
    for (const FrontierPoint& point : picture_.points) {
      if (point.on_frontier) order.push_back(&point);
    }
    const bool low_is_good = picture_.metrics[metric_].direction == Direction::minimize;
    std::ranges::sort(order, [&](const auto* a, const auto* b) {
      return low_is_good ? a->values[metric_] < b->values[metric_]
                         : a->values[metric_] > b->values[metric_];
    });
    std::string path;
    Point last;
    for (const FrontierPoint* point : order) {
      const Point at = place_of(*point);
      path += path.empty() ? fmt::format("M{:.1f} {:.1f}", at.x, at.y)
                           : fmt::format("L{:.1f} {:.1f}L{:.1f} {:.1f}", at.x, last.y, at.x, at.y);
      last = at;
    }
    if (order.size() < 2) return;
    svg_.add(
        "<path class=\"steps\" d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" "
        "stroke-opacity=\".75\"/>",
        path, kKeep);
  }

  void labels() {
    std::vector<Anchor> anchors;
    std::vector<std::string> texts;
    Crowd crowd{.area = {plot_.left + 4, plot_.top, kWidth - 8, plot_.bottom - 2},
                .strong = {},
                .faint = {},
                .lines = {},
                .text_height = 14};
    for (const FrontierPoint& point : picture_.points) {
      const Point at = place_of(point);
      (point.on_frontier ? crowd.strong : crowd.faint).push_back(at);
      if (!point.on_frontier || point.label.empty()) continue;
      texts.push_back(cut(one_line(point.label), kLabelColumns));
      anchors.push_back({at, text_width(texts.back(), kLabelSize)});
    }
    const auto places = place_labels(anchors, crowd);
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (!places[i]) continue;
      const Box& box = places[i]->box;
      const bool ends_at_dot = box.right < anchors[i].at.x;
      svg_.text({ends_at_dot ? box.right : box.left, box.bottom - 3.5}, texts[i], kLabelSize, kInk,
                ends_at_dot ? "class=\"label\" text-anchor=\"end\"" : "class=\"label\"");
    }
  }

  const FrontierPicture& picture_;
  std::size_t metric_;
  Box plot_;
  Svg& svg_;
  Range x_;
  Range y_;
};

}  // namespace

std::string draw_frontier_svg(const FrontierPicture& picture) {
  const double height =
      kTop +
      kPanelHeight * static_cast<double>(std::max<std::size_t>(2, picture.metrics.size()) - 1);
  Svg svg(kWidth, height, picture.title, kStyle);
  svg.add("<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>", kPaper);
  svg.text({84, 36}, cut(one_line(picture.title), 70), 21, kInk, "font-weight=\"650\"");
  svg.text({84, 60}, cut(one_line(picture.subtitle), 120), 13.5, kSoftInk);
  for (std::size_t metric = 1; metric < picture.metrics.size(); ++metric) {
    Panel(picture, metric, kTop + kPanelHeight * static_cast<double>(metric - 1), svg).draw();
  }
  return std::move(svg).end();
}

}  // namespace swarmlab::cli
