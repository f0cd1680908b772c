#include "cli/picture.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "cli/picture_labels.h"
#include "cli/picture_scale.h"
#include "cli/svg.h"
#include "cli/text.h"

namespace swarmlab::cli {

namespace {

constexpr double kWidth = 1200;
constexpr double kHeight = 640;
constexpr Box kPlot{84, 86, 1172, 556};  // its right side gives way to the names of marks
constexpr double kFailures = 540;        // the line on which what has no score stands
constexpr std::size_t kLabelColumns = 40;
constexpr std::size_t kMarkColumns = 18;
constexpr double kLabelSize = 11.5;
constexpr double kMarkHeight = 30;  // of a mark's name and value
constexpr double kBold = 1.15;      // times as wide as plain text

constexpr const char* kInk = "#1f2933";
constexpr const char* kSoftInk = "#66727f";
constexpr const char* kGrid = "#e9edf1";
constexpr const char* kAxis = "#c3ccd5";
constexpr const char* kPaper = "#ffffff";
constexpr const char* kDiscard = "#aeb8c2";
constexpr const char* kKeep = "#12805c";
constexpr const char* kFail = "#d0654f";
constexpr const char* kMark = "#7a5cc2";
// Where the reader's page is dark, the same colours by their counterparts.
constexpr const char* kStyle = R"css(
text{font-family:Inter,'Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif}
.label{paint-order:stroke;stroke:#ffffff;stroke-width:3.5px;stroke-linejoin:round}
@media (prefers-color-scheme:dark){
[fill="#ffffff"]{fill:#161b21}[stroke="#ffffff"],.label{stroke:#161b21}
[fill="#1f2933"]{fill:#e4e9ee}[fill="#66727f"]{fill:#98a4b0}
[stroke="#e9edf1"]{stroke:#252c34}[stroke="#c3ccd5"]{stroke:#47525e}
[fill="#aeb8c2"]{fill:#7c8894}[fill="#12805c"]{fill:#3fb98b}[stroke="#12805c"]{stroke:#3fb98b}
[stroke="#d0654f"]{stroke:#e58a76}[fill="#7a5cc2"]{fill:#a991e0}[stroke="#7a5cc2"]{stroke:#a991e0}
}
)css";

bool is_kept(const PicturePoint& point) {
  return point.verdict == Verdict::keep && point.score;
}

bool better(Direction direction, double score, double than) {
  return direction == Direction::minimize ? score < than : score > than;
}

class Drawing {
 public:
  explicit Drawing(const Picture& picture)
      : picture_(picture), svg_(kWidth, kHeight, picture.title, kStyle) {
    Scores scores{.kept = {}, .others = {}, .marks = {}, .direction = picture.direction};
    for (const PicturePoint& point : picture.points) {
      if (point.score) (is_kept(point) ? scores.kept : scores.others).push_back(*point.score);
      has_failures_ = has_failures_ || !point.score;
      first_ = std::min(first_, point.number);
      last_ = std::max(last_, point.number);
    }
    for (const PictureMark& mark : picture.marks) scores.marks.push_back(mark.score);
    y_ = range_of_scores(scores);
    const auto first = static_cast<double>(std::min(first_, last_));
    const double span = last_ > first_ ? static_cast<double>(last_) - first : 1.0;
    x_ = {first - 0.02 * span, first + 1.02 * span};
    follow_best();
    make_room_for_marks();
  }

  std::string svg() && {
    svg_.add("<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>", kPaper);
    heading();
    axes();
    segments();
    marks();
    for (const PicturePoint& point : picture_.points) other_dot(point);
    best_lines();
    for (const PicturePoint& point : picture_.points) kept_dot(point);
    labels();
    legend();
    return std::move(svg_).end();
  }

 private:
  [[nodiscard]] double x_of(double number) const {
    return plot_.left + (number - x_.low) / x_.span() * (plot_.right - plot_.left);
  }
  [[nodiscard]] double y_of(double score) const {
    return scores_end() - (score - y_.low) / y_.span() * (scores_end() - plot_.top);
  }
  [[nodiscard]] double scores_end() const { return has_failures_ ? kFailures - 22 : plot_.bottom; }
  [[nodiscard]] Point place_of(const PicturePoint& point) const {
    const double x = x_of(static_cast<double>(point.number));
    return {x, point.score ? y_of(std::clamp(*point.score, y_.low, y_.high)) : kFailures};
  }
  [[nodiscard]] bool is_off_the_scale(const PicturePoint& point) const {
    return point.score && (*point.score > y_.high || *point.score < y_.low);
  }

  void follow_best() {
    for (const PicturePoint& point : picture_.points) {
      if (!is_kept(point)) continue;
      auto& steps = steps_[point.segment];
      if (steps.empty() || better(picture_.direction, *point.score, *steps.back()->score)) {
        steps.push_back(&point);
      }
    }
  }

  void make_room_for_marks() {
    double widest = 0.0;
    for (const PictureMark& mark : picture_.marks) {
      widest =
          std::max({widest, kBold * text_width(cut(one_line(mark.name), kMarkColumns), kLabelSize),
                    text_width(score_text(mark.score), kLabelSize)});
    }
    if (widest > 0.0) plot_.right = kWidth - 20 - widest;
  }

  void heading() {
    svg_.text({plot_.left, 36}, cut(one_line(picture_.title), 70), 21, kInk, "font-weight=\"650\"");
    const std::string wish =
        picture_.direction == Direction::minimize ? "lower is better" : "higher is better";
    std::string line = cut(one_line(picture_.metric), 30) + ", " + wish;
    if (!steps_.empty() && steps_.rbegin()->second.size() > 1) {
      const auto& steps = steps_.rbegin()->second;
      const double from = *steps.front()->score;
      const double to = *steps.back()->score;
      const std::string change = change_text(from, to);
      line += "  ·  " + score_text(from) + " → " + score_text(to);
      if (!change.empty()) line += " (" + change + ")";
    }
    svg_.text({plot_.left, 60}, line, 13.5, kSoftInk);
  }

  void axes() {
    const Ticks ys = nice_ticks(y_, 7);
    for (const double tick : ys.at) {
      const double y = y_of(tick);
      svg_.add("<path d=\"M{:.1f} {:.1f}H{:.1f}\" stroke=\"{}\"/>", plot_.left, y, plot_.right,
               kGrid);
      svg_.text({plot_.left - 10, y + 4}, ys.label(tick), 12, kSoftInk, "text-anchor=\"end\"");
    }
    svg_.add("<path d=\"M{:.1f} {:.1f}V{:.1f}H{:.1f}\" fill=\"none\" stroke=\"{}\"/>", plot_.left,
             plot_.top, plot_.bottom, plot_.right, kAxis);
    const Ticks xs = whole_ticks(x_, 12);
    for (const double tick : xs.at) {
      if (tick < 0.5) continue;
      const double x = x_of(tick);
      svg_.add("<path d=\"M{:.1f} {:.1f}v5\" stroke=\"{}\"/>", x, plot_.bottom, kAxis);
      svg_.text({x, plot_.bottom + 20}, xs.label(tick), 12, kSoftInk, "text-anchor=\"middle\"");
    }
    titles_of_axes();
  }

  void titles_of_axes() {
    const Point middle{(plot_.left + plot_.right) / 2, (plot_.top + plot_.bottom) / 2};
    constexpr const char* kCentred = "text-anchor=\"middle\"";
    svg_.text({middle.x, plot_.bottom + 46}, "experiment", 13, kSoftInk, kCentred);
    svg_.text({24, middle.y}, cut(one_line(picture_.metric), 40), 13, kSoftInk,
              fmt::format("{} transform=\"rotate(-90 24 {:.1f})\"", kCentred, middle.y));
    if (picture_.points.empty()) svg_.text(middle, "no experiments yet", 15, kSoftInk, kCentred);
  }

  void segments() {
    for (std::size_t i = 1; i < picture_.points.size(); ++i) {
      const PicturePoint& point = picture_.points[i];
      if (point.segment == picture_.points[i - 1].segment) continue;
      const double x = x_of(static_cast<double>(point.number) - 0.5);
      svg_.add("<path d=\"M{:.1f} {:.1f}V{:.1f}\" stroke=\"{}\" stroke-dasharray=\"4 4\"/>", x,
               plot_.top, plot_.bottom, kAxis);
      svg_.text({x + 6, plot_.top + 10}, "new baseline", 11, kSoftInk);
    }
  }

  // Names stand to the right of their lines, moved apart where lines are close.
  void marks() {
    std::vector<PictureMark> marks = picture_.marks;
    std::ranges::sort(marks, [](const auto& a, const auto& b) { return a.score > b.score; });
    double free_from = plot_.top - 10;
    for (const PictureMark& mark : marks) {
      const double y = y_of(mark.score);
      const double top = std::max(y - kMarkHeight / 2, free_from);
      free_from = top + kMarkHeight;
      const double x = plot_.right + 8;
      svg_.add(
          "<path class=\"mark\" d=\"M{:.1f} {:.1f}H{:.1f}L{:.1f} {:.1f}\" fill=\"none\" "
          "stroke=\"{}\" stroke-width=\"1.5\" stroke-dasharray=\"6 4\"/>",
          plot_.left, y, plot_.right, x - 3, top + kMarkHeight / 2, kMark);
      svg_.text({x, top + 12}, cut(one_line(mark.name), kMarkColumns), kLabelSize, kMark,
                "font-weight=\"600\"");
      svg_.text({x, top + 26}, score_text(mark.score), kLabelSize, kMark);
      lines_.push_back({{plot_.left, y}, {plot_.right, y}});
    }
  }

  void best_lines() {
    for (const auto& [segment, steps] : steps_) {
      std::vector<Point> line;
      for (const PicturePoint* step : steps) {
        const Point at = place_of(*step);
        if (!line.empty()) line.push_back({at.x, line.back().y});
        line.push_back(at);
      }
      const auto in_segment = [id = segment](const PicturePoint& p) { return p.segment == id; };
      const auto last = std::find_if(picture_.points.rbegin(), picture_.points.rend(), in_segment);
      line.push_back({place_of(*last).x, line.back().y});
      std::string path;
      for (const Point& at : line) {
        path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", at.x, at.y);
      }
      svg_.add(
          "<path class=\"best\" d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" "
          "stroke-linejoin=\"round\" stroke-opacity=\".75\"/>",
          path, kKeep);
      for (std::size_t i = 1; i < line.size(); ++i) lines_.push_back({line[i - 1], line[i]});
    }
  }

  // A small triangle at the edge that points to where the score is.
  void arrow(const PicturePoint& point, const char* name, const char* fill, double size) {
    const Point at = place_of(point);
    const double up = *point.score > y_.high ? 1.0 : -1.0;
    svg_.add("<path class=\"{}\" d=\"M{:.1f} {:.1f}l{:.1f} {:.1f}h{:.1f}z\" fill=\"{}\"/>", name,
             at.x, at.y - up, size, up * size * 1.5, -2 * size, fill);
  }

  void kept_dot(const PicturePoint& point) {
    if (!is_kept(point)) return;
    if (is_off_the_scale(point)) return arrow(point, "kept", kKeep, 6);
    const Point at = place_of(point);
    svg_.add(
        "<circle class=\"kept\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5.5\" fill=\"{}\" "
        "stroke=\"{}\" stroke-width=\"1.5\"/>",
        at.x, at.y, kKeep, kPaper);
  }

  void other_dot(const PicturePoint& point) {
    if (is_kept(point)) return;
    if (is_off_the_scale(point)) return arrow(point, "outlier", kDiscard, 4);
    const Point at = place_of(point);
    if (point.score) {
      svg_.add(
          "<circle class=\"discarded\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.6\" fill=\"{}\" "
          "fill-opacity=\".6\"/>",
          at.x, at.y, kDiscard);
    } else {
      svg_.add(
          "<path class=\"failed\" d=\"M{:.1f} {:.1f}l6 6m0 -6l-6 6\" stroke=\"{}\" "
          "stroke-width=\"1.4\" stroke-opacity=\".8\"/>",
          at.x - 3, at.y - 3, kFail);
    }
  }

  [[nodiscard]] std::string label_of(const PicturePoint& point) const {
    const std::string label = cut(one_line(point.label), kLabelColumns);
    return is_off_the_scale(point) ? label + ", " + score_text(point.score) : label;
  }

  // The best and the largest steps choose their places first.
  [[nodiscard]] std::vector<const PicturePoint*> by_weight() const {
    std::map<const PicturePoint*, double> weight;
    for (const auto& [segment, steps] : steps_) {
      for (std::size_t i = 0; i < steps.size(); ++i) {
        weight[steps[i]] = i == 0 ? 1e300 : std::fabs(*steps[i]->score - *steps[i - 1]->score);
      }
      weight[steps.back()] = 2e300;
    }
    std::vector<const PicturePoint*> order;
    for (const PicturePoint& point : picture_.points) {
      if (is_kept(point) && !point.label.empty()) order.push_back(&point);
    }
    std::stable_sort(order.begin(), order.end(), [&](const auto* a, const auto* b) {
      const auto of = [&](const PicturePoint* p) {
        return weight.contains(p) ? weight.at(p) : -1.0;
      };
      return of(a) > of(b);
    });
    return order;
  }

  void labels() {
    const std::vector<const PicturePoint*> order = by_weight();
    std::vector<Anchor> anchors;
    anchors.reserve(order.size());
    for (const PicturePoint* point : order) {
      anchors.push_back({place_of(*point), text_width(label_of(*point), kLabelSize)});
    }
    const double right = picture_.marks.empty() ? kWidth - 8 : plot_.right - 4;
    Crowd crowd{.area = {plot_.left + 4, plot_.top, right, scores_end() - 2},
                .strong = {},
                .faint = {},
                .lines = lines_,
                .text_height = 14};
    for (const PicturePoint& point : picture_.points) {
      (is_kept(point) ? crowd.strong : crowd.faint).push_back(place_of(point));
    }
    const auto places = place_labels(anchors, crowd);
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (places[i]) label_at(*places[i], anchors[i].at, label_of(*order[i]));
    }
  }

  void label_at(const PlacedLabel& place, const Point& dot, const std::string& label) {
    const Box& box = place.box;
    if (place.leader) {
      const double x = std::clamp(dot.x, box.left, box.right);
      const double y = dot.y < box.top ? box.top + 1 : box.bottom - 1;
      svg_.add(
          "<path class=\"leader\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" stroke=\"{}\" "
          "stroke-opacity=\".45\"/>",
          dot.x, dot.y + (dot.y < y ? 6 : -6), x, y, kKeep);
    }
    const bool ends_at_dot = box.right < dot.x;
    svg_.text({ends_at_dot ? box.right : box.left, box.bottom - 3.5}, label, kLabelSize, kInk,
              ends_at_dot ? "class=\"label\" text-anchor=\"end\"" : "class=\"label\"");
  }

  void legend() {
    const auto kept = static_cast<std::uint64_t>(
        std::count_if(picture_.points.begin(), picture_.points.end(), is_kept));
    const std::string summary =
        counted(picture_.points.size(), "experiment") + fmt::format(", {} kept", kept);
    svg_.text({kPlot.right, 36}, summary, 14, kInk, "text-anchor=\"end\"");
    double x = kPlot.right - (has_failures_ ? 285 : 234);
    const auto entry = [&](std::string_view shape, const char* what, double width) {
      svg_.add("<g transform=\"translate({:.1f} 56)\">{}</g>", x, shape);
      svg_.text({x + 10, 60}, what, 12.5, kSoftInk);
      x += width;
    };
    entry(fmt::format("<circle r=\"5\" fill=\"{}\"/>", kKeep), "kept", 60);
    entry(fmt::format("<path d=\"M-6 0H6\" stroke=\"{}\" stroke-width=\"2\"/>", kKeep),
          "best so far", 94);
    entry(fmt::format("<circle r=\"3.6\" fill=\"{}\" fill-opacity=\".6\"/>", kDiscard), "discarded",
          86);
    if (!has_failures_) return;
    entry(
        fmt::format("<path d=\"M-3 -3l6 6m0 -6l-6 6\" stroke=\"{}\" stroke-width=\"1.4\"/>", kFail),
        "failed", 0);
  }

  const Picture& picture_;
  Svg svg_;
  Box plot_ = kPlot;
  std::uint64_t first_ = UINT64_MAX;
  std::uint64_t last_ = 1;
  bool has_failures_ = false;
  Range x_;
  Range y_;
  std::map<std::uint64_t, std::vector<const PicturePoint*>> steps_;  // the best so far, by segment
  std::vector<LinePart> lines_;                                      // that labels should not cross
};

}  // namespace

std::string draw_svg(const Picture& picture) {
  return Drawing(picture).svg();
}

}  // namespace swarmlab::cli
