// Cap'n Proto messages as plain bytes, and back from bytes that nobody vouches for.
//
// Reading has limits: on the size, on how deep pointers nest, and on how much may be read in all,
// so that a small message cannot pretend to be a large one. Bytes need no alignment: they are
// copied. Includes Cap'n Proto: for .cc files only. Thread-safe: there is no shared state.
#pragma once

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/result.h"

namespace swarmlab::wire {

inline constexpr std::size_t kMaxRecordBytes = 64ULL << 20U;  // of one stored record
inline constexpr std::size_t kMaxMessageBytes = 4ULL << 20U;  // of one message between peers

[[nodiscard]] std::string to_bytes(capnp::MessageBuilder& message);

[[nodiscard]] inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// What a caught kj::Exception becomes. `place` says what was read: "experiment".
[[nodiscard]] tl::unexpected<Error> broken(std::string_view place, const kj::Exception& error);

/// An aligned copy of bytes, open for reading. Accessors of its readers may throw kj::Exception
/// when the bytes are bad: decode() catches it, Incoming has looked at everything before.
class Parsed {
 public:
  /// How often what is read may be read again: codecs read a field twice and more.
  enum class Reading : std::uint8_t { once, again };

  /// \return corrupt if the bytes are too many or no message.
  static Result<Parsed> parse(std::span<const std::byte> bytes,
                              std::size_t max_bytes = kMaxRecordBytes,
                              Reading reading = Reading::again);

  template <class Schema>
  [[nodiscard]] typename Schema::Reader root() const {
    return reader_->getRoot<Schema>();
  }

  /// After all was read once without an exception: reading it again may then cost what it wants.
  void lift_traversal_limit();

 private:
  Parsed(kj::Array<capnp::word> words, Reading reading);
  void open(capnp::ReaderOptions options);
  kj::Array<capnp::word> words_;
  std::unique_ptr<capnp::FlatArrayMessageReader> reader_;
};

/// The bytes of one record: `write` is called with the builder of its root.
template <class Schema, class Write>
[[nodiscard]] std::string encode(const Write& write_root) {
  capnp::MallocMessageBuilder message;
  write_root(message.initRoot<Schema>());
  return to_bytes(message);
}

/// `read_root` is called with the reader of the root, and gives a Result; bad bytes end in a
/// corrupt error, whatever they are.
template <class Schema, class Read>
[[nodiscard]] auto decode(std::string_view place, std::span<const std::byte> bytes,
                          const Read& read_root)
    -> decltype(read_root(std::declval<typename Schema::Reader>())) {
  try {
    const Result<Parsed> parsed = Parsed::parse(bytes);
    if (!parsed) return within(std::string(place), parsed.error());
    auto value = read_root(parsed->template root<Schema>());
    if (!value) return within(std::string(place), value.error());
    return value;
  } catch (const kj::Exception& error) {
    return broken(place, error);
  }
}

}  // namespace swarmlab::wire
