// The fields that records are made of: texts, object ids, enums, finite numbers. For the .cc files
// of codecs only.
#pragma once

#include <capnp/blob.h>
#include <capnp/list.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/object_id.h"
#include "common/result.h"

namespace swarmlab::wire {

/// Refers to `text`, which must outlive it.
[[nodiscard]] capnp::Text::Reader text_of(const std::string& text);
[[nodiscard]] std::string string_of(capnp::Text::Reader text);

/// Any bytes, for what may hold zeros or be no UTF-8. Refers to `bytes`.
[[nodiscard]] capnp::Data::Reader data_of(std::string_view bytes);
[[nodiscard]] std::string string_of(capnp::Data::Reader data);

/// 20 bytes; refers to `id`, which must outlive it.
[[nodiscard]] capnp::Data::Reader data_of(const ObjectId& id);
/// Empty data for none.
[[nodiscard]] capnp::Data::Reader data_of(const std::optional<ObjectId>& id);
// `where` names the field in the message of an error: "parentCommit".
[[nodiscard]] Result<ObjectId> object_id_of(std::string_view where, capnp::Data::Reader data);
[[nodiscard]] Result<std::optional<ObjectId>> maybe_object_id_of(std::string_view where,
                                                                 capnp::Data::Reader data);

void write_texts(capnp::List<capnp::Text>::Builder to, const std::vector<std::string>& texts);
[[nodiscard]] std::vector<std::string> read_texts(capnp::List<capnp::Text>::Reader from);

/// \return corrupt if `value` is infinite or no number.
[[nodiscard]] Result<double> finite(std::string_view where, double value);

/// How long a list with an element for each of `values` is.
template <class Values>
[[nodiscard]] unsigned length_of(const Values& values) {
  return static_cast<unsigned>(values.size());
}

// The enums of the schemas have the values of the model's, in the same order; tests hold them to
// it by name.
template <class Schema, class Model>
[[nodiscard]] constexpr Schema to_schema_enum(Model value) {
  return static_cast<Schema>(static_cast<std::uint16_t>(value));
}

/// \return corrupt if `value` is above `last`: written by a newer build, or no value at all.
template <class Model, class Schema>
[[nodiscard]] Result<Model> from_schema_enum(std::string_view where, Schema value, Model last) {
  const auto number = static_cast<std::uint16_t>(value);
  if (number > static_cast<std::uint16_t>(last)) {
    return fail(ErrorCode::corrupt, "{} is {}, expected 0 to {}", where, number,
                static_cast<std::uint16_t>(last));
  }
  return static_cast<Model>(number);
}

}  // namespace swarmlab::wire
