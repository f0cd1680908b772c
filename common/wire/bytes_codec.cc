#include "common/wire/bytes_codec.h"

#include <kj/io.h>

#include <cstring>

namespace swarmlab::wire {
namespace {

constexpr int kNesting = 16;

// A message that shows one object behind a thousand pointers is no message of ours: who reads all
// of it once reads no more than its size. The root counts, too, when it is looked for.
capnp::ReaderOptions limits_of(std::size_t words, Parsed::Reading reading) {
  const std::size_t times = reading == Parsed::Reading::once ? 1 : 8;
  return {.traversalLimitInWords = 64 + times * words, .nestingLimit = kNesting};
}

}  // namespace

std::string to_bytes(capnp::MessageBuilder& message) {
  std::string bytes(capnp::computeSerializedSizeInWords(message) * sizeof(capnp::word), '\0');
  kj::ArrayOutputStream out(kj::arrayPtr(reinterpret_cast<kj::byte*>(bytes.data()), bytes.size()));
  capnp::writeMessage(out, message);
  return bytes;
}

tl::unexpected<Error> broken(std::string_view place, const kj::Exception& error) {
  const kj::StringPtr what = error.getDescription();
  return fail(ErrorCode::corrupt, "{}: {}", place, std::string_view(what.begin(), what.size()));
}

Parsed::Parsed(kj::Array<capnp::word> words, Reading reading) : words_(kj::mv(words)) {
  open(limits_of(words_.size(), reading));
}

void Parsed::open(capnp::ReaderOptions options) {
  reader_ = std::make_unique<capnp::FlatArrayMessageReader>(words_, options);
}

void Parsed::lift_traversal_limit() {
  open({.traversalLimitInWords = std::uint64_t{1} << 40U, .nestingLimit = kNesting});
}

Result<Parsed> Parsed::parse(std::span<const std::byte> bytes, std::size_t max_bytes,
                             Reading reading) {
  if (bytes.empty() || bytes.size() % sizeof(capnp::word) != 0 || bytes.size() > max_bytes) {
    return fail(ErrorCode::corrupt, "{} bytes, expected 8 to {}, a multiple of 8", bytes.size(),
                max_bytes);
  }
  auto words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
  std::memcpy(words.begin(), bytes.data(), bytes.size());
  try {
    Parsed parsed(kj::mv(words), reading);
    if (parsed.reader_->getEnd() != parsed.words_.end()) {
      return fail(ErrorCode::corrupt, "{} bytes, expected a message and nothing after it",
                  bytes.size());
    }
    return parsed;
  } catch (const kj::Exception& error) {
    return broken("message", error);
  }
}

}  // namespace swarmlab::wire
