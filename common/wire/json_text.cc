#include "common/wire/json_text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <iterator>

namespace swarmlab::wire {
namespace {

using capnp::json::Value;

// The length of the UTF-8 sequence that `text` begins with; 0 if it is broken. Follows table 3-7 of
// the Unicode standard: no overlong forms, no surrogates, nothing above U+10FFFF.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto between = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return between(1, 0x80, 0xBF) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return between(1, low, high) && between(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return between(1, low, high) && between(2, 0x80, 0xBF) && between(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

void append_ascii(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
  } else {
    out += c;
  }
}

class Writer {
 public:
  explicit Writer(JsonStyle style) : pretty_(style == JsonStyle::pretty) {}

  void write(Value::Reader value) {
    switch (value.which()) {
      case Value::NULL_:
        out_ += "null";
        return;
      case Value::BOOLEAN:
        out_ += value.getBoolean() ? "true" : "false";
        return;
      case Value::NUMBER:
        write_number(value.getNumber());
        return;
      case Value::STRING:
        out_ += json_string({value.getString().begin(), value.getString().size()});
        return;
      case Value::ARRAY:
        write_all('[', ']', value.getArray(), [this](Value::Reader element) { write(element); });
        return;
      case Value::OBJECT:
        write_all('{', '}', value.getObject(), [this](Value::Field::Reader field) {
          out_ += json_string({field.getName().begin(), field.getName().size()});
          out_ += pretty_ ? ": " : ":";
          write(field.getValue());
        });
        return;
      case Value::CALL:  // no JSON; nothing of ours makes one
        out_ += "null";
        return;
    }
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void write_number(double number) {
    if (std::isfinite(number)) {
      fmt::format_to(std::back_inserter(out_), "{}", number);
    } else {
      out_ += "null";
    }
  }

  template <class List, class WriteOne>
  void write_all(char open, char close, const List& list, const WriteOne& write_one) {
    out_ += open;
    ++depth_;
    bool first = true;
    for (const auto one : list) {
      if (!first) out_ += ',';
      first = false;
      break_line();
      write_one(one);
    }
    --depth_;
    if (!first) break_line();
    out_ += close;
  }

  void break_line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }

  std::string out_;
  std::size_t depth_ = 0;
  bool pretty_;
};

}  // namespace

std::string json_text(Value::Reader value, JsonStyle style) {
  Writer writer(style);
  writer.write(value);
  return writer.take();
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 1) {
      append_ascii(out, text.front());
    } else if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
  return out;
}

}  // namespace swarmlab::wire
