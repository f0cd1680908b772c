// The ZAP handler of a guarded router: ZeroMQ asks it about every connection, over
// inproc://zeromq.zap.01, on a thread of its own. It lets in those whose key the gate allows, and
// nobody else; a request that it does not understand is refused. For .cc files only.
//
// ZeroMQ's rule is https://rfc.zeromq.org/spec/27/. Without a handler it would let everybody in, if
// it were not for ZMQ_ZAP_ENFORCE_DOMAIN (set in socket.cc): with that, no handler means nobody.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "common/net/gate.h"
#include "common/net/waker.h"
#include "common/result.h"

namespace swarmlab::net {

/// Ends, with its thread, before the context that it was started in.
class Doorman {
 public:
  /// To be called before the context's router exists. `ended` is woken when the thread ends.
  static Result<std::unique_ptr<Doorman>> start(zmq::context_t& context,
                                                std::shared_ptr<const Gate> gate, Waker ended);
  Doorman(const Doorman&) = delete;
  Doorman& operator=(const Doorman&) = delete;
  Doorman(Doorman&&) = delete;
  Doorman& operator=(Doorman&&) = delete;
  ~Doorman();

  /// Ends the thread: from now on nobody new is let in.
  void stop();
  /// False once the thread has ended, for whatever reason.
  [[nodiscard]] bool alive() const { return alive_; }
  /// Connections that were refused. One that does not speak CURVE, or whose handshake is wrong,
  /// never comes this far.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  Doorman(zmq::socket_t socket, std::shared_ptr<const Gate> gate, Waker stopping, Waker ended);
  void run();
  void answer(const std::vector<zmq::message_t>& request);

  zmq::socket_t socket_;  // of the thread
  const std::shared_ptr<const Gate> gate_;
  const Waker stopping_;
  const Waker ended_;
  std::atomic<bool> alive_ = true;
  std::atomic<std::uint64_t> refused_ = 0;
  std::thread thread_;
};

/// The domain of our routers: other handlers are not asked, and ours answers for no other.
inline constexpr const char* kZapDomain = "swarmlab";

}  // namespace swarmlab::net
