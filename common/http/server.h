// HTTP for machines: a few paths, each answered by a function, on a port of its own.
//
// It has threads of its own and never waits for the daemon's: a function that answers reads what
// the daemon published. A client that does not read, or sends little by little, holds one of a few
// threads for some seconds and then loses its connection; connections beyond what is served wait at
// the kernel. Nothing of a request is used but its path.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/result.h"

namespace swarmlab::http {

struct Response {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
};

/// Any thread calls it, several at a time. It must not throw, and not wait.
using Handler = std::function<Response()>;
using Handlers = std::map<std::string, Handler>;  // by path, such as "/metrics"

// Where it listens.
struct Address {
  std::string host = "127.0.0.1";  // an IP address, or localhost
  std::uint16_t port = 0;          // 0: any that is free
  bool operator==(const Address&) const = default;
};

/// "9464", "127.0.0.1:9464" or "[::1]:9464". \return invalid_input if it is none of these
[[nodiscard]] Result<Address> address_from(const std::string& text);

/// Whether only this machine can reach it.
[[nodiscard]] bool stays_here(const Address& address);

class Server {
 public:
  /// Listens, and answers GET and HEAD from now on; other paths and methods are refused.
  /// \return  conflict if the port is in use or the address is not this machine's
  static Result<std::unique_ptr<Server>> start(const Address& address, Handlers handlers);

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;
  ~Server();  // answers nobody any more; waits for what is being answered, some seconds at most

  /// "http://127.0.0.1:9464"
  [[nodiscard]] std::string url() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::http
