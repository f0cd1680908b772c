#include "worker/sandbox/capture.h"

#include <fmt/core.h>

#include <algorithm>

namespace swarmlab::sandbox {

void OutputCapture::append(std::string_view bytes) {
  if (limit_ == 0) {
    head_.append(bytes);
    return;
  }
  if (head_.size() < head_limit_) {
    const auto room = std::min<std::uint64_t>(head_limit_ - head_.size(), bytes.size());
    head_.append(bytes.substr(0, room));
    bytes.remove_prefix(room);
  }
  const std::uint64_t tail_limit = limit_ - head_limit_;
  if (bytes.size() > tail_limit) {
    dropped_ += tail_.size() + bytes.size() - tail_limit;
    tail_.assign(bytes.substr(bytes.size() - tail_limit));
    return;
  }
  tail_.append(bytes);
  if (tail_.size() > 2 * tail_limit) {
    const std::uint64_t excess = tail_.size() - tail_limit;
    tail_.erase(0, excess);
    dropped_ += excess;
  }
}

std::string OutputCapture::text() const {
  std::string_view tail = tail_;
  std::uint64_t dropped = dropped_;
  if (limit_ != 0 && tail.size() > limit_ - head_limit_) {
    const std::uint64_t excess = tail.size() - (limit_ - head_limit_);
    tail.remove_prefix(excess);
    dropped += excess;
  }
  if (dropped == 0) return head_ + std::string(tail);
  return fmt::format("{}\n[... {} bytes dropped ...]\n{}", head_, dropped, tail);
}

}  // namespace swarmlab::sandbox
