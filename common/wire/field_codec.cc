#include "common/wire/field_codec.h"

#include <algorithm>

namespace swarmlab::wire {

capnp::Text::Reader text_of(const std::string& text) {
  return {text.c_str(), text.size()};
}

std::string string_of(capnp::Text::Reader text) {
  return {text.begin(), text.size()};
}

capnp::Data::Reader data_of(std::string_view bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

std::string string_of(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

capnp::Data::Reader data_of(const ObjectId& id) {
  return {id.bytes.data(), id.bytes.size()};
}

capnp::Data::Reader data_of(const std::optional<ObjectId>& id) {
  return id ? data_of(*id) : capnp::Data::Reader();
}

Result<ObjectId> object_id_of(std::string_view where, capnp::Data::Reader data) {
  ObjectId id;
  if (data.size() != id.bytes.size()) {
    return fail(ErrorCode::corrupt, "{} has {} bytes, expected {}", where, data.size(),
                id.bytes.size());
  }
  std::copy(data.begin(), data.end(), id.bytes.begin());
  return id;
}

Result<std::optional<ObjectId>> maybe_object_id_of(std::string_view where,
                                                   capnp::Data::Reader data) {
  if (data.size() == 0) return std::optional<ObjectId>();
  SWARMLAB_TRY(id, object_id_of(where, data));
  return std::optional<ObjectId>(id);
}

void write_texts(capnp::List<capnp::Text>::Builder to, const std::vector<std::string>& texts) {
  unsigned i = 0;
  for (const std::string& text : texts) to.set(i++, text_of(text));
}

std::vector<std::string> read_texts(capnp::List<capnp::Text>::Reader from) {
  std::vector<std::string> texts;
  texts.reserve(from.size());
  for (const capnp::Text::Reader text : from) texts.push_back(string_of(text));
  return texts;
}

Result<double> finite(std::string_view where, double value) {
  if (!std::isfinite(value)) {
    return fail(ErrorCode::corrupt, "{} is {}, expected a finite number", where, value);
  }
  return value;
}

}  // namespace swarmlab::wire
