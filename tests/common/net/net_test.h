// Sockets for tests: a folder of their own, options with short times, an echo on a thread.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "common/net/client.h"
#include "common/net/router.h"
#include "common/os/clock.h"
#include "common/os/file.h"

namespace swarmlab::net {

// Far longer than anything takes: reached only when a test fails.
inline constexpr Milliseconds kLong{20'000};
// Short, for what must not happen.
inline constexpr Milliseconds kMoment{50};

inline SocketOptions quick() {
  SocketOptions options;
  options.reconnect_first = Milliseconds(5);
  options.reconnect_most = Milliseconds(50);
  options.linger = Milliseconds(200);
  options.handshake = Milliseconds(1000);
  return options;
}

// A test with a folder. Its name is short: a socket's path may have 107 bytes.
class NetTest : public ::testing::Test {
 protected:
  NetTest() : folder_(*TempFolder::create(::testing::TempDir(), "net")) {}

  [[nodiscard]] const std::string& folder() const { return folder_.path(); }
  [[nodiscard]] std::string ipc(const std::string& name = "s") const {
    return "ipc://" + folder() + "/" + name;
  }

 private:
  TempFolder folder_;
};

// Requests of these tests are an id in decimal, a blank, and text.
inline std::string numbered(std::uint64_t id, const std::string& text) {
  return std::to_string(id) + " " + text;
}

inline std::optional<std::uint64_t> id_of(std::string_view bytes) {
  std::uint64_t id = 0;
  std::size_t digits = 0;
  for (; digits < bytes.size() && bytes[digits] >= '0' && bytes[digits] <= '9'; ++digits) {
    id = id * 10 + static_cast<std::uint64_t>(bytes[digits] - '0');
  }
  return digits > 0 && digits < bytes.size() ? std::optional(id) : std::nullopt;
}

inline ClientOptions quick_client() {
  return {.socket = quick(), .id_of = id_of, .on_unsolicited = {}};
}

// A router on a thread that answers each letter with what `answer` makes of it; nothing: no answer.
class Answering {
 public:
  using Answer = std::function<std::optional<std::string>(const std::string&)>;

  Answering(Router router, Answer answer)
      : router_(std::move(router)), answer_(std::move(answer)), thread_([this] { run(); }) {}
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;
  Answering(Answering&&) = delete;
  Answering& operator=(Answering&&) = delete;
  ~Answering() {
    stopping_ = true;
    router_.waker().wake();
    thread_.join();
  }

  [[nodiscard]] const std::string& address() const { return router_.address(); }
  [[nodiscard]] int received() const { return received_; }

 private:
  void run() {
    while (!stopping_) {
      const auto letters = router_.receive(kLong);
      ASSERT_TRUE(letters) << letters.error().message;
      for (const Letter& letter : *letters) {
        ++received_;
        if (const auto reply = answer_(letter.bytes)) {
          ASSERT_TRUE(router_.send(letter.peer, *reply));
        }
      }
    }
  }

  Router router_;
  Answer answer_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> received_ = 0;
  std::thread thread_;
};

inline std::optional<std::string> echo(const std::string& bytes) {
  return bytes;
}

}  // namespace swarmlab::net
