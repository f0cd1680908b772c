#include "common/net/doorman.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>

namespace swarmlab::net {
namespace {

constexpr const char* kZapPlace = "inproc://zeromq.zap.01";
constexpr std::string_view kVersion = "1.0";

// "For now": the peer hears nothing, the connection is closed when the time for the handshake is
// over, and the peer tries again by itself, so that it comes in once it is allowed. After 400
// ("no") its socket would never connect again, until its process is restarted: too much for a list
// that was empty for a second.
constexpr const char* kRefused = "300";
constexpr const char* kLetIn = "200";

// Frames of a request with CURVE.
enum Frame : std::size_t { version, request_id, domain, address, routing_id, mechanism, key, end };

// The key that asks to be let in; nothing if it is no request that we know.
std::optional<std::string> key_of(const std::vector<zmq::message_t>& request) {
  if (request.size() != end) return std::nullopt;
  const auto is = [&](Frame frame, std::string_view text) {
    return request.at(frame).to_string_view() == text;
  };
  std::array<std::uint8_t, keys::kKeyBytes> bytes{};
  if (!is(version, kVersion) || !is(domain, kZapDomain) || !is(mechanism, "CURVE") ||
      request.at(key).size() != bytes.size()) {
    return std::nullopt;
  }
  std::copy_n(request.at(key).data<std::uint8_t>(), bytes.size(), bytes.begin());
  return keys::PublicKey::of(bytes).text();
}

// False: a signal came first.
bool wait_for(std::array<zmq::pollitem_t, 2>& items) {
  try {
    return zmq::poll(items, std::chrono::milliseconds(-1)) > 0;
  } catch (const zmq::error_t& error) {
    if (error.num() == EINTR) return false;
    throw;
  }
}

std::vector<zmq::message_t> receive_all(zmq::socket_t& socket) {
  std::vector<zmq::message_t> parts;
  do {
    if (!socket.recv(parts.emplace_back())) break;
  } while (parts.back().more());
  return parts;
}

}  // namespace

Result<std::unique_ptr<Doorman>> Doorman::start(zmq::context_t& context,
                                                std::shared_ptr<const Gate> gate, Waker ended) {
  SWARMLAB_TRY(stopping, Waker::make());
  try {
    zmq::socket_t socket(context, zmq::socket_type::rep);
    socket.set(zmq::sockopt::linger, 0);
    socket.bind(kZapPlace);
    return std::unique_ptr<Doorman>(
        new Doorman(std::move(socket), std::move(gate), stopping, std::move(ended)));
  } catch (const zmq::error_t& error) {
    return fail(ErrorCode::internal, "{}: cannot listen: {}", kZapPlace, error.what());
  }
}

Doorman::Doorman(zmq::socket_t socket, std::shared_ptr<const Gate> gate, Waker stopping,
                 Waker ended)
    : socket_(std::move(socket)),
      gate_(std::move(gate)),
      stopping_(std::move(stopping)),
      ended_(std::move(ended)) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);  // signals are for the threads that wait for them
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Doorman::~Doorman() {
  stop();
}

void Doorman::stop() {
  stopping_.wake();
  if (thread_.joinable()) thread_.join();
}

// Whatever goes wrong ends the thread, and with its socket the door is shut: see the header.
void Doorman::run() {
  try {
    std::array<zmq::pollitem_t, 2> items{
        {{socket_.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, stopping_.fd(), ZMQ_POLLIN, 0}}};
    for (;;) {
      if (!wait_for(items)) continue;
      if (items[1].revents != 0) break;
      if (items[0].revents != 0) answer(receive_all(socket_));
    }
  } catch (const std::exception&) {
    // Told by alive(): the router gives an error at its next receive().
  }
  socket_.close();
  alive_ = false;
  ended_.wake();
}

// The reply: version, request id, status, text, user id, metadata. The user id is what every
// message of the connection carries from now on; it is the key, as names and roles may change.
void Doorman::answer(const std::vector<zmq::message_t>& request) {
  const std::optional<std::string> asks = key_of(request);
  const bool allowed = asks && gate_->allowed()->find(*asks) != nullptr;
  if (!allowed) ++refused_;
  const std::string id = request.size() > request_id ? request.at(request_id).to_string() : "";
  const std::array<std::string, 6> reply{
      std::string(kVersion), id, allowed ? kLetIn : kRefused, allowed ? "OK" : "not allowed",
      allowed ? *asks : "",  ""};
  for (std::size_t i = 0; i < reply.size(); ++i) {
    const bool last = i + 1 == reply.size();
    socket_.send(zmq::buffer(reply.at(i)), last ? zmq::send_flags::none : zmq::send_flags::sndmore);
  }
}

}  // namespace swarmlab::net
