// Keys of the column families. Numbers are big-endian and scores order-preserving, so that the
// order of the bytes is the order of the query, and a prefix is a range. Nothing is ever parsed but
// what an index leads to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/model/object_id.h"
#include "common/strong_id.h"

namespace swarmlab::store {

// What is stored of attachments, each under a key of its own: samples are read without logs.
enum class BlobKind : std::uint8_t {
  samples = 1,
  agent_log = 2,
  guard_log = 3,
  evaluator_log = 4,
  sketch = 5,
  transcript = 6,
};

namespace keys {

/// Order-preserving bits of a score: a < b as numbers, iff ordered_bits(a) < ordered_bits(b).
/// -0.0 and 0.0 are one. \pre  not NaN
[[nodiscard]] std::uint64_t ordered_bits(double score);
[[nodiscard]] double from_ordered_bits(std::uint64_t bits);

/// 8 bytes, big-endian: also the value of an index.
[[nodiscard]] std::string number(std::uint64_t number);
/// labs (1), experiments and frontier (2), tasks, events: prefixes and whole keys alike.
[[nodiscard]] std::string of(LabId lab);
[[nodiscard]] std::string of(LabId lab, ExperimentNumber number);
[[nodiscard]] std::string of(TaskId task);
[[nodiscard]] std::string of(Sequence sequence);

/// experiments_by_score: lab, segment, score, number.
[[nodiscard]] std::string by_score(LabId lab, SegmentNumber segment);
[[nodiscard]] std::string by_score(LabId lab, SegmentNumber segment, double score,
                                   ExperimentNumber number);
/// experiments_by_parent: lab, parent, number.
[[nodiscard]] std::string by_parent(LabId lab, ExperimentNumber parent, ExperimentNumber number);
/// trees: lab, segment, tree.
[[nodiscard]] std::string tree(LabId lab, SegmentNumber segment);
[[nodiscard]] std::string tree(LabId lab, SegmentNumber segment, const ObjectId& tree);
/// blobs: lab, number, kind.
[[nodiscard]] std::string blob(LabId lab, ExperimentNumber number, BlobKind kind);

/// The number that the last 8 bytes of a key hold; nothing if it is shorter.
[[nodiscard]] std::optional<std::uint64_t> last_number(std::string_view key);
/// The object id that the last 20 bytes of a key hold; nothing if it is shorter.
[[nodiscard]] std::optional<ObjectId> last_object(std::string_view key);
/// The first key after all that begin with `prefix`; empty: there is none (all bytes are 0xff).
[[nodiscard]] std::string after_prefix(std::string_view prefix);
/// For messages: hexadecimal.
[[nodiscard]] std::string printable(std::string_view key);

}  // namespace keys
}  // namespace swarmlab::store
