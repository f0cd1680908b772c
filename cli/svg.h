// SVG as text: elements are added one after the other. Pure.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>

namespace swarmlab::cli {

struct Point {
  double x = 0.0;
  double y = 0.0;  // downwards, as in SVG
};

struct Box {
  double left = 0.0;
  double top = 0.0;
  double right = 0.0;
  double bottom = 0.0;
};

/// For text and attributes: one line, with what XML would read as markup replaced.
[[nodiscard]] std::string escaped(std::string_view text);

/// About as wide as a sans-serif font draws it; SVG itself cannot tell.
[[nodiscard]] double text_width(std::string_view text, double size);

class Svg {
 public:
  /// Opens a document; `style` is CSS.
  Svg(double width, double height, std::string_view title, std::string_view style);

  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }
  /// `more`: further attributes.
  void text(const Point& at, std::string_view what, double size, const char* fill,
            std::string_view more = "");

  /// The whole document.
  [[nodiscard]] std::string end() && { return std::move(text_) + "</svg>\n"; }

 private:
  std::string text_;
};

}  // namespace swarmlab::cli
