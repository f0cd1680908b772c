// What an answer of a provider says that it cost: read from the bytes as they pass by, whole or as
// a stream of events.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "worker/bridge/provider.h"

namespace swarmlab::worker {

struct Usage {
  std::string model = {};          // as the answer names it
  std::uint64_t input_tokens = 0;  // all: those from and to the cache, too
  std::uint64_t cached_tokens = 0;
  std::uint64_t cache_write_tokens = 0;
  std::uint64_t output_tokens = 0;
  bool told = false;  // false: nothing was said of tokens
  bool operator==(const Usage&) const = default;
};

/// For one answer. Whatever comes, it never fails.
class UsageReader {
 public:
  /// \param is_stream  of events (text/event-stream); else one JSON document
  UsageReader(Wire wire, bool is_stream) : wire_(wire), is_stream_(is_stream) {}

  void take(std::string_view bytes);
  /// After the last bytes. What nobody told is guessed: an event is a token, or so, and so are
  /// four bytes. \param request_bytes  of the body that was answered
  [[nodiscard]] Usage finish(std::size_t request_bytes);

 private:
  void read_line(std::string_view line);
  void read_document(std::string_view text);

  Wire wire_;
  bool is_stream_;
  std::string buffer_;
  bool overflowed_ = false;  // skips to the next line
  std::uint64_t events_ = 0;
  std::uint64_t bytes_ = 0;
  Usage usage_;
};

/// The request of a stream of chat completions tells usage only if it is asked to: then so asked.
/// Any other body comes back as it is.
[[nodiscard]] std::string asking_for_usage(std::string_view path, std::string body);

}  // namespace swarmlab::worker
