#include "cli/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include "cli/picture_labels.h"
#include "cli/picture_scale.h"
#include "cli/text.h"

namespace swarmlab::cli {

namespace {

constexpr double kWidth = 1200;
constexpr double kHeight = 640;
constexpr Box kPlot{84, 86, 1172, 556};
constexpr double kFailures = 540;  // the line on which what has no score stands
constexpr std::size_t kLabelColumns = 40;
constexpr double kLabelSize = 11.5;
constexpr double kCharWidth = 0.57;  // of the font's size: sans-serif text, on average

constexpr const char* kInk = "#1f2933";
constexpr const char* kSoftInk = "#66727f";
constexpr const char* kGrid = "#e9edf1";
constexpr const char* kAxis = "#c3ccd5";
constexpr const char* kDiscard = "#aeb8c2";
constexpr const char* kKeep = "#12805c";
constexpr const char* kFail = "#d0654f";
constexpr const char* kStyle =
    "text{font-family:Inter,'Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif}"
    ".label{paint-order:stroke;stroke:#fff;stroke-width:3.5px;stroke-linejoin:round}";

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char byte : one_line(text)) {
    switch (byte) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        safe.push_back(byte);
    }
  }
  return safe;
}

bool is_kept(const PicturePoint& point) {
  return point.verdict == Verdict::keep && point.score;
}

bool better(Direction direction, double score, double than) {
  return direction == Direction::minimize ? score < than : score > than;
}

double text_width(std::string_view text, double size) {
  return static_cast<double>(columns_of(text)) * size * kCharWidth;
}

class Drawing {
 public:
  explicit Drawing(const Picture& picture) : picture_(picture) {
    std::vector<double> kept;
    std::vector<double> others;
    for (const PicturePoint& point : picture.points) {
      if (point.score) (is_kept(point) ? kept : others).push_back(*point.score);
      first_ = std::min(first_, point.number);
      last_ = std::max(last_, point.number);
    }
    y_ = range_of_scores(kept, others);
    const double span = last_ > first_ ? static_cast<double>(last_ - first_) : 1.0;
    x_ = {static_cast<double>(std::min(first_, last_)) - 0.02 * span,
          static_cast<double>(std::min(first_, last_)) + 1.02 * span};
    follow_best();
  }

  std::string svg() {
    write(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" role=\"img\">\n<title>{2}</title>\n<style>{3}</style>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        kWidth, kHeight, escaped(picture_.title), kStyle);
    heading();
    axes();
    segments();
    dots(false);
    best_line();
    dots(true);
    labels();
    legend();
    write("</svg>\n");
    return svg_;
  }

 private:
  template <class... Args>
  void write(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(svg_), format, std::forward<Args>(args)...);
  }

  void text(Point at, std::string_view what, double size, const char* fill,
            std::string_view more = "") {
    write("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" fill=\"{}\"{}{}>{}</text>\n", at.x,
          at.y, size, fill, more.empty() ? "" : " ", more, escaped(what));
  }

  [[nodiscard]] double x_of(double number) const {
    return kPlot.left + (number - x_.low) / x_.span() * (kPlot.right - kPlot.left);
  }
  [[nodiscard]] double y_of(double score) const {
    return plot_bottom() - (score - y_.low) / y_.span() * (plot_bottom() - kPlot.top);
  }
  [[nodiscard]] double plot_bottom() const { return has_failures_ ? kFailures - 22 : kPlot.bottom; }
  [[nodiscard]] Point place_of(const PicturePoint& point) const {
    const double x = x_of(static_cast<double>(point.number));
    return {x, point.score ? y_of(std::clamp(*point.score, y_.low, y_.high)) : kFailures};
  }

  void follow_best() {
    for (const PicturePoint& point : picture_.points) {
      if (!point.score) has_failures_ = true;
    }
    for (const PicturePoint& point : picture_.points) {
      if (!is_kept(point)) continue;
      auto& steps = steps_[point.segment];
      if (steps.empty() || better(picture_.direction, *point.score, *steps.back()->score)) {
        steps.push_back(&point);
      }
    }
  }

  void heading() {
    text({kPlot.left, 36}, cut(one_line(picture_.title), 70), 21, kInk, "font-weight=\"650\"");
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
    text({kPlot.left, 60}, line, 13.5, kSoftInk);
  }

  void axes() {
    const Ticks ys = nice_ticks(y_, 7);
    for (const double tick : ys.at) {
      const double y = y_of(tick);
      write("<path d=\"M{:.1f} {:.1f}H{:.1f}\" stroke=\"{}\"/>\n", kPlot.left, y, kPlot.right,
            kGrid);
      text({kPlot.left - 10, y + 4}, ys.label(tick), 12, kSoftInk, "text-anchor=\"end\"");
    }
    write("<path d=\"M{:.1f} {:.1f}V{:.1f}H{:.1f}\" fill=\"none\" stroke=\"{}\"/>\n", kPlot.left,
          kPlot.top, kPlot.bottom, kPlot.right, kAxis);
    const Ticks xs = whole_ticks(x_, 12);
    for (const double tick : xs.at) {
      if (tick < 0.5) continue;
      const double x = x_of(tick);
      write("<path d=\"M{:.1f} {:.1f}v5\" stroke=\"{}\"/>\n", x, kPlot.bottom, kAxis);
      text({x, kPlot.bottom + 20}, xs.label(tick), 12, kSoftInk, "text-anchor=\"middle\"");
    }
    text({(kPlot.left + kPlot.right) / 2, kPlot.bottom + 46}, "experiment", 13, kSoftInk,
         "text-anchor=\"middle\"");
    const double middle = (kPlot.top + kPlot.bottom) / 2;
    text({24, middle}, cut(one_line(picture_.metric), 40), 13, kSoftInk,
         fmt::format("text-anchor=\"middle\" transform=\"rotate(-90 24 {:.1f})\"", middle));
    if (picture_.points.empty()) {
      text({(kPlot.left + kPlot.right) / 2, middle}, "no experiments yet", 15, kSoftInk,
           "text-anchor=\"middle\"");
    }
  }

  void segments() {
    for (std::size_t i = 1; i < picture_.points.size(); ++i) {
      const PicturePoint& point = picture_.points[i];
      if (point.segment == picture_.points[i - 1].segment) continue;
      const double x = x_of(static_cast<double>(point.number) - 0.5);
      write("<path d=\"M{:.1f} {:.1f}V{:.1f}\" stroke=\"{}\" stroke-dasharray=\"4 4\"/>\n", x,
            kPlot.top, kPlot.bottom, kAxis);
      text({x + 6, kPlot.top + 10}, "new baseline", 11, kSoftInk);
    }
  }

  void best_line() {
    for (const auto& [segment, steps] : steps_) {
      line_.clear();
      for (const PicturePoint* step : steps) {
        const Point at = place_of(*step);
        if (!line_.empty()) line_.push_back({at.x, line_.back().y});
        line_.push_back(at);
      }
      const auto in_segment = [id = segment](const PicturePoint& p) { return p.segment == id; };
      const auto last = std::find_if(picture_.points.rbegin(), picture_.points.rend(), in_segment);
      line_.push_back({place_of(*last).x, line_.back().y});
      std::string path;
      for (const Point& at : line_) {
        path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", at.x, at.y);
      }
      write(
          "<path class=\"best\" d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" "
          "stroke-linejoin=\"round\" stroke-opacity=\".75\"/>\n",
          path, kKeep);
      all_lines_.insert(all_lines_.end(), line_.begin(), line_.end());
    }
  }

  void dots(bool kept) {
    for (const PicturePoint& point : picture_.points) {
      if (is_kept(point) != kept) continue;
      const Point at = place_of(point);
      if (kept) {
        write(
            "<circle class=\"kept\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5.5\" fill=\"{}\" "
            "stroke=\"#fff\" stroke-width=\"1.5\"/>\n",
            at.x, at.y, kKeep);
      } else if (!point.score) {
        write(
            "<path class=\"failed\" d=\"M{:.1f} {:.1f}l6 6m0 -6l-6 6\" stroke=\"{}\" "
            "stroke-width=\"1.4\" stroke-opacity=\".8\"/>\n",
            at.x - 3, at.y - 3, kFail);
      } else if (*point.score > y_.high || *point.score < y_.low) {  // off the scale: points there
        const double up = *point.score > y_.high ? -1 : 1;
        write(
            "<path class=\"outlier\" d=\"M{:.1f} {:.1f}l4 {:.0f}h-8z\" fill=\"{}\" "
            "fill-opacity=\".6\"/>\n",
            at.x, at.y + (up < 0 ? 0 : -1), -6 * up, kDiscard);
      } else {
        write(
            "<circle class=\"discarded\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.6\" fill=\"{}\" "
            "fill-opacity=\".6\"/>\n",
            at.x, at.y, kDiscard);
      }
    }
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
    for (const PicturePoint* point : order) {
      const std::string label = cut(one_line(point->label), kLabelColumns);
      anchors.push_back({place_of(*point), text_width(label, kLabelSize)});
    }
    Crowd crowd{.area = {kPlot.left + 4, kPlot.top, kWidth - 8, plot_bottom() - 2},
                .strong = {},
                .faint = {},
                .line = all_lines_,
                .text_height = 14};
    for (const PicturePoint& point : picture_.points) {
      (is_kept(point) ? crowd.strong : crowd.faint).push_back(place_of(point));
    }
    const auto places = place_labels(anchors, crowd);
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (places[i]) label_at(*places[i], anchors[i].at, order[i]->label);
    }
  }

  void label_at(const PlacedLabel& place, const Point& dot, const std::string& label) {
    const Box& box = place.box;
    if (place.leader) {
      const double x = std::clamp(dot.x, box.left, box.right);
      const double y = dot.y < box.top ? box.top + 1 : box.bottom - 1;
      write(
          "<path class=\"leader\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" stroke=\"{}\" "
          "stroke-opacity=\".45\"/>\n",
          dot.x, dot.y + (dot.y < y ? 6 : -6), x, y, kKeep);
    }
    const bool ends_at_dot = box.right < dot.x;
    text({ends_at_dot ? box.right : box.left, box.bottom - 3.5},
         cut(one_line(label), kLabelColumns), kLabelSize, kInk,
         ends_at_dot ? "class=\"label\" text-anchor=\"end\"" : "class=\"label\"");
  }

  void legend() {
    const auto kept = static_cast<std::uint64_t>(
        std::count_if(picture_.points.begin(), picture_.points.end(), is_kept));
    const std::string summary =
        counted(picture_.points.size(), "experiment") + fmt::format(", {} kept", kept);
    text({kPlot.right, 36}, summary, 14, kInk, "text-anchor=\"end\"");
    double x = kPlot.right - (has_failures_ ? 292 : 210);
    const auto entry = [&](std::string_view shape, const char* what, double width) {
      write("<g transform=\"translate({:.1f} 56)\">{}</g>\n", x, shape);
      text({x + 10, 60}, what, 12.5, kSoftInk);
      x += width;
    };
    entry(fmt::format("<circle r=\"5\" fill=\"{}\"/>", kKeep), "kept", 60);
    entry(fmt::format("<path d=\"M-6 0H6\" stroke=\"{}\" stroke-width=\"2\"/>", kKeep),
          "best so far", 94);
    entry(fmt::format("<circle r=\"3.6\" fill=\"{}\" fill-opacity=\".6\"/>", kDiscard), "discarded",
          86);
    if (has_failures_) {
      entry(fmt::format("<path d=\"M-3 -3l6 6m0 -6l-6 6\" stroke=\"{}\" stroke-width=\"1.4\"/>",
                        kFail),
            "failed", 0);
    }
  }

  const Picture& picture_;
  std::string svg_;
  std::uint64_t first_ = UINT64_MAX;
  std::uint64_t last_ = 1;
  bool has_failures_ = false;
  Range x_;
  Range y_;
  std::map<std::uint64_t, std::vector<const PicturePoint*>> steps_;  // the best so far, by segment
  std::vector<Point> line_;
  std::vector<Point> all_lines_;
};

}  // namespace

std::string draw_svg(const Picture& picture) {
  return Drawing(picture).svg();
}

}  // namespace swarmlab::cli
