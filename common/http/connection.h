// A connection that was accepted, as httplib reads and writes it: with one deadline for all of it,
// so that nobody can hold it for longer, however little by little they send or read.
// For .cc files only: it includes httplib.
#pragma once

#include <httplib.h>

#include <string>

#include "common/os/cancel.h"
#include "common/os/clock.h"
#include "common/os/unique_fd.h"

namespace swarmlab::http {

class Connection final : public httplib::Stream {
 public:
  /// \param fd  of a socket that does not block; `cancel` ends it as the deadline does
  Connection(UniqueFd fd, Deadline deadline, CancelToken cancel)
      : fd_(std::move(fd)), deadline_(deadline), cancel_(std::move(cancel)) {}

  [[nodiscard]] bool is_readable() const override;
  [[nodiscard]] bool is_writable() const override;
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  using httplib::Stream::write;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  [[nodiscard]] socket_t socket() const override { return fd_.get(); }

 private:
  [[nodiscard]] bool wait_for(short events) const;

  UniqueFd fd_;
  Deadline deadline_;
  CancelToken cancel_;
};

}  // namespace swarmlab::http
