// One table of lab.toml, read key by key. Each getter leaves its target alone if the key is not
// there, and notes a problem if it is there and wrong; finish() notes keys that nobody asked for.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/lab/problems.h"
#include "common/lab/toml_tree.h"
#include "common/strong_id.h"

namespace swarmlab {

struct Range {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool below_max = false;  // max itself is too much
  const char* expected = "a number";
};

class Section {
 public:
  /// \param title  as it is written: "[metric]"
  /// \param table  null: not in the file
  Section(Problems& problems, std::string title, const toml_tree::Table* table, Place line)
      : problems_(problems), title_(std::move(title)), table_(table), line_(line) {}

  [[nodiscard]] bool present() const { return table_ != nullptr; }
  [[nodiscard]] Place line() const { return line_; }
  /// Of the key's value; of the table if the key is not there.
  [[nodiscard]] Place line(std::string_view key) const;
  /// Null if the key is not there.
  const toml_tree::Node* find(std::string_view key);

  /// Not empty, no control characters but tabs. \return whether it was there and right
  bool text(std::string_view key, std::string& target, const char* expected = "a text");
  bool flag(std::string_view key, bool& target);
  bool texts(std::string_view key, std::vector<std::string>& target, const char* expected);
  bool number(std::string_view key, double& target, const Range& range);
  template <class T>
  bool whole(std::string_view key, T& target, T min, const char* expected) {
    const auto value = whole_between(key, min, std::numeric_limits<T>::max(), expected);
    if (value) target = static_cast<T>(*value);
    return value.has_value();
  }
  bool duration(std::string_view key, Milliseconds& target);  // more than 0
  bool size(std::string_view key, std::uint64_t& target, std::uint64_t min);

  /// "[metric] name is 3, expected a text". \pre  the key is there
  void wrong(std::string_view key, std::string_view expected);
  void wrong(std::string_view key, const toml_tree::Node& node, std::string_view expected);
  /// Refuses what is planned but not there yet: "[agent] network is not in this version: ...".
  void not_yet(std::string_view key, std::string_view instead);
  void problem(Place line, std::string message) { problems_.add(line, std::move(message)); }
  /// To be called last.
  void finish();

 private:
  std::optional<std::uint64_t> whole_between(std::string_view key, std::uint64_t min,
                                             std::uint64_t max, const char* expected);

  Problems& problems_;
  std::string title_;
  const toml_tree::Table* table_;
  Place line_;
  std::vector<std::string_view> known_;  // keys that were asked for: literals
};

}  // namespace swarmlab
