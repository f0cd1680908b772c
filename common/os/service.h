// What systemd wants to hear from a daemon (sd_notify(3)): that it is ready, reloads, stops, what
// it does, and that its loop still turns. A datagram to $NOTIFY_SOCKET; without that variable
// nobody listens, and nothing is sent.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/os/unique_fd.h"
#include "common/result.h"
#include "common/strong_id.h"

namespace swarmlab {

/// Thread-safe. What cannot be sent is lost: a daemon does not fail for it.
class Service {
 public:
  // As the environment has them; empty: not set.
  struct Environment {
    std::string notify_socket{};  // a path, or "@name" of the abstract namespace
    std::string watchdog_usec{};
    std::string watchdog_pid{};
  };
  /// \return invalid_input if the socket's name is none. Nobody need listen there (yet).
  [[nodiscard]] static Result<Service> from(const Environment& environment);

  void ready() const { send("READY=1"); }
  /// To be followed by ready().
  void reloading() const;
  void stopping() const { send("STOPPING=1"); }
  /// One line, for people.
  void status(std::string_view text) const;
  void still_alive() const { send("WATCHDOG=1"); }

  /// How often still_alive() is to be called: half of the time after which systemd would restart
  /// us. Nothing if it does not watch.
  [[nodiscard]] std::optional<Milliseconds> watchdog_interval() const { return interval_; }

 private:
  Service() = default;
  void send(std::string_view message) const;

  UniqueFd socket_;      // none: nobody wants to hear
  std::string address_;  // the bytes of a sockaddr_un
  std::optional<Milliseconds> interval_;
};

}  // namespace swarmlab
