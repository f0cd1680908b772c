#include "common/log/line_sink.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace swarmlab::log {

void LineSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  for (std::string_view rest(line.data(), line.size()); !rest.empty();) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;  // a full disk, a closed pipe: the line is lost
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace swarmlab::log
