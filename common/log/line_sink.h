// Where spdlog's lines end: a file descriptor, one write(2) a line. Processes that append to the
// same file thus do not mix their lines, and children do not inherit the file.
// For .cc files only: it includes spdlog.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <mutex>

#include "common/os/unique_fd.h"

namespace swarmlab::log {

class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineSink(UniqueFd file) : file_(std::move(file)), fd_(file_.get()) {}
  explicit LineSink(int fd) : fd_(fd) {}  // which is not closed

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

  UniqueFd file_;
  int fd_;
};

}  // namespace swarmlab::log
