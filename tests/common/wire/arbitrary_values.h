// Random values of the plain types that records are made of.
#pragma once

#include <rapidcheck.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "common/model/experiment.h"

namespace swarmlab::testing {

template <class T>
T any() {
  return *rc::gen::arbitrary<T>();
}

inline double any_finite() {
  const double value = any<double>();
  return std::isfinite(value) ? value : 0.0;
}

template <class E>
E any_of(E last) {
  return static_cast<E>(*rc::gen::inRange(0, static_cast<int>(last) + 1));
}

inline std::optional<double> maybe_finite() {
  return any<bool>() ? std::optional<double>(any_finite()) : std::nullopt;
}

inline ObjectId any_object_id() {
  return {.bytes = any<std::array<std::uint8_t, 20>>()};
}

inline std::optional<ObjectId> maybe_object_id() {
  return any<bool>() ? std::optional(any_object_id()) : std::nullopt;
}

inline std::optional<ExperimentNumber> maybe_number() {
  return any<bool>() ? std::optional(ExperimentNumber(any<std::uint64_t>())) : std::nullopt;
}

// A few of what `make` gives.
template <class Make>
auto several(const Make& make) {
  std::vector<decltype(make())> values;
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) values.push_back(make());
  return values;
}

inline std::string any_text() {
  return any<std::string>();
}

inline Milliseconds any_duration() {
  return Milliseconds(any<std::int64_t>());
}

}  // namespace swarmlab::testing
