// An HTTP server at the loopback of this machine that gives everybody the same answer.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/os/cancel.h"
#include "common/os/unique_fd.h"

namespace swarmlab::worker {

class LoopbackServer {
 public:
  explicit LoopbackServer(std::string body)
      : body_(std::move(body)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_.get(), raw, size), 0);
    EXPECT_EQ(::listen(socket_.get(), 16), 0);
    EXPECT_EQ(::getsockname(socket_.get(), raw, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;
  LoopbackServer(LoopbackServer&&) = delete;
  LoopbackServer& operator=(LoopbackServer&&) = delete;
  ~LoopbackServer() {
    stop_->cancel();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }
  /// Heads of the requests so far.
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    for (;;) {
      std::array<pollfd, 2> waits{{{socket_.get(), POLLIN, 0}, {stop_->token().fd(), POLLIN, 0}}};
      if (::poll(waits.data(), waits.size(), -1) < 0) continue;
      if (waits[1].revents != 0) return;
      const UniqueFd caller(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      answer(caller);
    }
  }

  // What is sent in one go is read in one go here: a request is small.
  void answer(const UniqueFd& caller) {
    std::string head;
    std::array<char, 65536> bytes{};
    while (head.find("\r\n\r\n") == std::string::npos) {
      const ssize_t size = ::recv(caller.get(), bytes.data(), bytes.size(), 0);
      if (size <= 0) return;
      head.append(bytes.data(), static_cast<std::size_t>(size));
    }
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(head);
    }
    const std::string text = fmt::format(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
        "Connection: close\r\n\r\n{}",
        body_.size(), body_);
    ::send(caller.get(), text.data(), text.size(), MSG_NOSIGNAL);
    ::shutdown(caller.get(), SHUT_WR);
    while (::recv(caller.get(), bytes.data(), bytes.size(), 0) > 0) continue;
  }

  const std::string body_;
  const UniqueFd socket_;
  std::uint16_t port_ = 0;
  Result<CancelSource> stop_ = CancelSource::make();
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace swarmlab::worker
