#include "cli/svg.h"

#include "cli/text.h"

namespace swarmlab::cli {

namespace {

constexpr double kCharWidth = 0.57;  // of the font's size, on average

}  // namespace

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

double text_width(std::string_view text, double size) {
  return static_cast<double>(columns_of(text)) * size * kCharWidth;
}

Svg::Svg(double width, double height, std::string_view title, std::string_view style) {
  add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" role=\"img\">\n<title>{2}</title>\n<style>{3}</style>",
      width, height, escaped(title), style);
}

void Svg::text(const Point& at, std::string_view what, double size, const char* fill,
               std::string_view more) {
  add("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"{}\" fill=\"{}\"{}{}>{}</text>", at.x, at.y,
      size, fill, more.empty() ? "" : " ", more, escaped(what));
}

}  // namespace swarmlab::cli
