// A provider at the loopback that says what it is told to, and callers that write what they like.
#pragma once

#include <gtest/gtest.h>
#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/os/unique_fd.h"
#include "worker/bridge/bridge.h"

namespace swarmlab::worker {

constexpr const char* kKey = "sk-real-key-0123456789";
constexpr const char* kToken = "sk-swarmlab-token-of-this-lease";

class ScriptedProvider {
 public:
  using Answer = std::function<void(const httplib::Request&, httplib::Response&)>;

  explicit ScriptedProvider(Answer answer, std::unique_ptr<httplib::Server> server = nullptr)
      : server_(server ? std::move(server) : std::make_unique<httplib::Server>()) {
    const auto note = [this, answer = std::move(answer)](const httplib::Request& request,
                                                         httplib::Response& response) {
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      answer(request, response);
    };
    server_->Post(".*", note);
    server_->Get(".*", note);
    port_ = server_->bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) std::this_thread::yield();
  }
  ScriptedProvider(const ScriptedProvider&) = delete;
  ScriptedProvider& operator=(const ScriptedProvider&) = delete;
  ScriptedProvider(ScriptedProvider&&) = delete;
  ScriptedProvider& operator=(ScriptedProvider&&) = delete;
  ~ScriptedProvider() {
    server_->stop();
    thread_.join();
  }

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& path = "") const {
    return fmt::format("http://127.0.0.1:{}{}", port_, path);
  }
  [[nodiscard]] std::vector<httplib::Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::vector<httplib::Request> requests_;
};

// Both ends of a connection.
inline std::pair<UniqueFd, UniqueFd> connected() {
  std::array<int, 2> ends{-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

inline void write_all(const UniqueFd& fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the other side hung up, which some tests want to see
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Until `end` is seen, or the stream ends.
inline std::string read_until(const UniqueFd& fd, const std::string& end = "") {
  std::string text;
  std::array<char, 65536> bytes{};
  for (;;) {
    if (!end.empty() && text.find(end) != std::string::npos) return text;
    const ssize_t size = ::recv(fd.get(), bytes.data(), bytes.size(), 0);
    if (size <= 0) return text;
    text.append(bytes.data(), static_cast<std::size_t>(size));
  }
}

// What a bridge, or a proxy, answers to these bytes.
template <class Door>
std::string ask(Door& door, std::string_view request) {
  auto [here, there] = connected();
  door.take(std::move(there));
  write_all(here, request);
  return read_until(here);
}

inline std::string post(const std::string& path, const std::string& body,
                        const std::string& headers = fmt::format("x-api-key: {}\r\n", kToken)) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}Content-Length: {}\r\n\r\n{}", path,
                     headers, body.size(), body);
}

inline std::string bearer(const std::string& token) {
  return fmt::format("authorization: Bearer {}\r\n", token);
}

// The body of an answer whose chunks are put together.
inline std::string body_of(const std::string& answer) {
  const std::size_t head = answer.find("\r\n\r\n");
  if (head == std::string::npos) return {};
  std::string rest = answer.substr(head + 4);
  if (answer.find("chunked") > head) return rest;
  std::string body;
  for (;;) {
    const std::size_t size = std::stoul("0" + rest, nullptr, 16);
    if (size == 0) return body;
    const std::size_t begin = rest.find("\r\n") + 2;
    body += rest.substr(begin, size);
    rest.erase(0, begin + size + 2);
  }
}

inline BridgeOptions options_for(const std::string& base_url, Wire wire = Wire::anthropic) {
  BridgeOptions options;
  options.provider = {.name = "test", .wire = wire, .base_url = base_url};
  options.key = kKey;
  options.token = kToken;
  options.rates = [](std::string_view model) -> std::optional<Rates> {
    if (model != "model-1") return std::nullopt;
    return Rates{.input = 3, .cached_input = 0.5, .cache_write = 4, .output = 15};
  };
  return options;
}

inline std::unique_ptr<Bridge> bridge_to(BridgeOptions options) {
  auto bridge = Bridge::start(std::move(options));
  EXPECT_TRUE(bridge.has_value()) << bridge.error().message;
  return std::move(*bridge);
}

constexpr const char* kMessages = "/v1/messages";
constexpr const char* kAnswer =
    R"({"model":"model-1","content":"hi","usage":{"input_tokens":100,"output_tokens":10}})";

inline ScriptedProvider::Answer says(std::string body, int status = 200) {
  return [body = std::move(body), status](const httplib::Request&, httplib::Response& response) {
    response.status = status;
    response.set_content(body, "application/json");
  };
}

}  // namespace swarmlab::worker
