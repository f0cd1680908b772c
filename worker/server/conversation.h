// Talking with the coordinator: a session that is renewed when it is lost, and requests that are
// sent again until they are answered. For .cc files only: it includes the generated headers.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/net/channel.h"
#include "common/os/cancel.h"
#include "common/os/steady_clock.h"
#include "common/wire/message_codec.h"
#include "worker/server/holdings.h"
#include "worker/server/link.h"

namespace swarmlab::worker {

/// Thread-safe.
class Conversation {
 public:
  using Fill = std::function<void(schema::Envelope::Body::Builder)>;
  static constexpr Milliseconds kAnswerTime{3000};

  /// `clock` and `holdings` must outlive it.
  Conversation(const LinkOptions& options, std::unique_ptr<net::Channel> channel,
               SteadyClock& clock, Holdings& holdings);

  // A request on its way.
  struct Sent {
    std::uint64_t session = 0;
    std::future<Result<std::string>> reply;
  };
  /// Says hello first, if there is no session. `unavailable` if that was not answered in time, or
  /// another thread is just saying it.
  Result<Sent> send(const Fill& fill, Milliseconds patience = kAnswerTime);
  /// Waits for the reply. `unavailable`: none came, or the session was over. What the coordinator
  /// refuses is its error.
  Result<wire::Incoming> receive(Sent sent);

  /// send() and receive(), again and again while the answer is `unavailable`, until `stop`; after
  /// leave(), for as long as somebody answers.
  Result<wire::Incoming> ask(const Fill& fill, const CancelToken& stop);

  /// Calls `action` until it gives anything but `unavailable`, as ask() does.
  template <class Action>
  auto persist(const CancelToken& stop, const Action& action) -> decltype(action()) {
    Milliseconds pause = kFirstPause;
    while (true) {
      auto result = action();
      if (result || result.error().code != ErrorCode::unavailable || gives_up()) return result;
      if (clock_.wait(stop, pause)) return result;
      pause = std::min(pause * 2, kLongestPause);
    }
  }

  void leave() { leaving_.store(true); }
  [[nodiscard]] bool leaving() const { return leaving_.load(); }
  /// How often the coordinator wants to hear from us.
  [[nodiscard]] Milliseconds heartbeat() const { return Milliseconds(heartbeat_ms_.load()); }
  /// What the coordinator is and can, as of its last welcome.
  [[nodiscard]] wire::Peer coordinator();
  [[nodiscard]] SteadyClock::TimePoint now() { return clock_.now(); }
  /// Requests that wait end, later ones fail at once.
  void close() { channel_->close(); }

 private:
  static constexpr Milliseconds kFirstPause{50};
  static constexpr Milliseconds kLongestPause{2000};

  // A session, and the protocol that is spoken in it.
  struct Joined {
    std::uint64_t session = 0;
    wire::Protocol protocol = 1;
  };
  Result<Joined> joined();
  Result<void> say_hello();  // \pre  no other thread does
  void write_hello(schema::Hello::Builder hello, const std::vector<LeaseKey>& held) const;
  Result<void> take_welcome(schema::Welcome::Reader welcome, const std::vector<LeaseKey>& held);
  void forget(std::uint64_t session);
  [[nodiscard]] bool gives_up() const;

  const LinkOptions options_;
  const std::unique_ptr<net::Channel> channel_;
  SteadyClock& clock_;
  Holdings& holdings_;
  std::atomic<bool> leaving_ = false;
  std::atomic<std::uint32_t> heartbeat_ms_ = 1000;
  std::atomic<SteadyClock::TimePoint> last_heard_;

  std::mutex mutex_;      // guards what follows; never held while waiting
  bool joining_ = false;  // a thread says hello: the others have no session until it is answered
  std::uint64_t session_ = 0;
  wire::Peer coordinator_;
  bool said_hello_ = false;
  std::string told_;  // the last trouble that was logged; not again and again
};

}  // namespace swarmlab::worker
