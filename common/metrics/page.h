// What a daemon tells Prometheus at one moment: families of metrics with their values, and their
// text. A value: it is made by the thread that knows, and read by whoever serves it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/metrics/histogram.h"

namespace swarmlab::metrics {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

class Page {
 public:
  /// The value at some moment. A family has one help text and one kind: what is said first holds.
  void gauge(std::string_view name, std::string_view help, double value, const Labels& labels = {});
  /// What only grows, but when the process begins anew.
  void counter(std::string_view name, std::string_view help, double value,
               const Labels& labels = {});
  void histogram(std::string_view name, std::string_view help, const Histogram& value,
                 const Labels& labels = {});
  /// The families of both.
  void append(const Page& other);

  /// In the text format of Prometheus, 0.0.4.
  [[nodiscard]] std::string text() const;
  /// Of each family "NAME{LABEL,LABEL}", sorted; without the braces if it has no labels.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  struct Sample {
    std::vector<std::pair<std::string, std::string>> labels;
    std::variant<double, Histogram> value;
  };
  struct Family {
    enum class Kind : std::uint8_t { gauge, counter, histogram } kind = Kind::gauge;
    std::string help;
    std::vector<Sample> samples;
  };
  Family& family(std::string_view name, std::string_view help, Family::Kind kind);
  static void add(Family& to, std::variant<double, Histogram> value, const Labels& labels);

  std::map<std::string, Family, std::less<>> families_;
};

inline constexpr const char* kTextType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace swarmlab::metrics
