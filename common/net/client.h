// Requests and their replies over one Dealer, from any thread: a reply belongs to the request whose
// id it repeats. One thread of the client's own does all the sending and receiving.
//
// A request whose reply does not come in time ends with `unavailable`; whether it arrived is
// unknown. To send it again, as often as wanted, is the caller's matter: the peer answers the same.
// A late reply to a request that ended is dropped.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/net/gate.h"
#include "common/net/socket_options.h"
#include "common/result.h"

namespace swarmlab::net {

struct ClientOptions {
  SocketOptions socket;
  std::optional<Credentials> credentials = std::nullopt;  // as Dealer::connect
  /// Reads the id of the request off a reply; nothing or 0: nobody asked for it. Called by the
  /// client's thread. wire::request_id_of is one.
  std::function<std::optional<std::uint64_t>(std::string_view)> id_of;
  /// Gets what nobody asked for. Called by the client's thread: must not wait. May be empty.
  std::function<void(std::string)> on_unsolicited;
};

/// Thread-safe.
class Client {
 public:
  static Result<Client> connect(const std::string& address, ClientOptions options);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();  // requests that wait end with `unavailable`

  /// An id that this client has not given out: 1, 2, 3 ...
  [[nodiscard]] std::uint64_t next_id();

  /// Sends `bytes`, whose request id is `id` (1 or more); the future has the bytes of the reply, or
  /// `unavailable` after `timeout`. `conflict` if a request of that id still waits.
  [[nodiscard]] std::future<Result<std::string>> request(std::uint64_t id, std::string bytes,
                                                         Milliseconds timeout);

  /// request(), and waits for it.
  [[nodiscard]] Result<std::string> call(std::uint64_t id, std::string bytes, Milliseconds timeout);

  /// Sends what needs no reply. Dropped if the peer does not keep up.
  void post(std::string bytes);

  /// Ends all requests that wait, and those that come, with `unavailable`. May be called again.
  void close();

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::net
