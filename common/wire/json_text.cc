#include "common/wire/json_text.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "common/json_string.h"

namespace swarmlab::wire {
namespace {

using capnp::json::Value;

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

}  // namespace swarmlab::wire
