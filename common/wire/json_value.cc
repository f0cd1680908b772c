#include "common/wire/json_value.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace swarmlab::wire {
namespace {

using capnp::json::Value;
using Json = nlohmann::json;  // sorts keys: the ordered one is slow with many

constexpr unsigned kDeepest = 64;

void write_text(const std::string& text, capnp::Text::Builder to) {
  std::copy(text.begin(), text.end(), to.begin());  // NUL bytes, too
}

bool write(const Json& from, Value::Builder to, unsigned depth) {
  if (depth > kDeepest) return false;
  const auto size = static_cast<unsigned>(from.size());
  bool all_fine = true;
  unsigned i = 0;
  switch (from.type()) {
    case Json::value_t::boolean:
      to.setBoolean(from.get<bool>());
      break;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      to.setNumber(from.get<double>());
      break;
    case Json::value_t::string: {
      const auto& text = from.get_ref<const std::string&>();
      write_text(text, to.initString(static_cast<unsigned>(text.size())));
      break;
    }
    case Json::value_t::array: {
      auto list = to.initArray(size);
      for (const Json& element : from) all_fine = write(element, list[i++], depth + 1) && all_fine;
      break;
    }
    case Json::value_t::object: {
      auto fields = to.initObject(size);
      for (const auto& [name, value] : from.items()) {
        write_text(name, fields[i].initName(static_cast<unsigned>(name.size())));
        all_fine = write(value, fields[i++].initValue(), depth + 1) && all_fine;
      }
      break;
    }
    case Json::value_t::null:
    case Json::value_t::binary:
    case Json::value_t::discarded:
      to.setNull();
      break;
  }
  return all_fine;
}

}  // namespace

bool read_json(std::string_view text, Value::Builder to) {
  const Json parsed = Json::parse(text, nullptr, false);
  if (!parsed.is_discarded() && write(parsed, to, 0)) return true;
  to.setNull();
  return false;
}

}  // namespace swarmlab::wire
