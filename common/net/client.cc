#include "common/net/client.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "common/net/dealer.h"
#include "common/os/clock.h"

namespace swarmlab::net {
namespace {

using Reply = Result<std::string>;

constexpr Milliseconds kPostIsNews{5'000};  // older ones are not worth sending any more

// Signals are for the threads that wait for them.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

// Requests by id and by when they end. Not thread-safe.
class Waiting {
 public:
  bool add(std::uint64_t id, Deadline::TimePoint due, std::promise<Reply> promise) {
    if (!requests_.try_emplace(id, Request{due, std::move(promise)}).second) return false;
    by_due_.emplace(due, id);
    return true;
  }

  [[nodiscard]] bool contains(std::uint64_t id) const { return requests_.contains(id); }

  /// \return whether that request waited.
  bool end(std::uint64_t id, Reply reply) {
    auto request = requests_.extract(id);
    if (request.empty()) return false;
    by_due_.erase({request.mapped().due, id});
    request.mapped().promise.set_value(std::move(reply));
    return true;
  }

  void end_all(const Error& error) {
    while (!by_due_.empty()) end(by_due_.begin()->second, tl::unexpected(error));
  }

  void end_those_due(Deadline::TimePoint now) {
    while (!by_due_.empty() && by_due_.begin()->first <= now) {
      end(by_due_.begin()->second, fail(ErrorCode::unavailable, "no reply in time"));
    }
  }

  [[nodiscard]] std::optional<Deadline::TimePoint> next_due() const {
    return by_due_.empty() ? std::nullopt : std::optional(by_due_.begin()->first);
  }

 private:
  struct Request {
    Deadline::TimePoint due;
    std::promise<Reply> promise;
  };
  std::map<std::uint64_t, Request> requests_;
  std::set<std::pair<Deadline::TimePoint, std::uint64_t>> by_due_;
};

struct Unsent {
  std::uint64_t id;  // 0: a post
  std::string bytes;
  Deadline until;  // of a post
};

}  // namespace

struct Client::Impl {
  Impl(Dealer connected, ClientOptions chosen)
      : dealer(std::move(connected)), waker(dealer.waker()), options(std::move(chosen)) {
    thread = std::thread([this] {
      block_signals();
      run();
    });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  Impl(Impl&&) = delete;
  Impl& operator=(Impl&&) = delete;
  ~Impl() {
    end("the client was closed");
    thread.join();
  }

  std::future<Reply> request(std::uint64_t id, std::string bytes, Milliseconds timeout);
  void post(std::string bytes);
  void end(const std::string& why);

  void run();
  Result<bool> turn();  // false: it has ended
  Result<void> send_unsent(const std::lock_guard<std::mutex>&);
  void take_in(std::string bytes);
  [[nodiscard]] std::size_t most_unsent() const {
    return static_cast<std::size_t>(std::max(options.socket.queued_messages, 1));
  }

  Dealer dealer;  // of the thread
  const Waker waker;
  const ClientOptions options;
  std::atomic<std::uint64_t> last_id{0};

  std::mutex mutex;  // guards what follows
  Waiting waiting;
  std::deque<Unsent> unsent;
  std::optional<std::string> ended;  // why

  std::thread thread;
};

std::future<Reply> Client::Impl::request(std::uint64_t id, std::string bytes,
                                         Milliseconds timeout) {
  std::promise<Reply> promise;
  std::future<Reply> future = promise.get_future();
  const auto refuse = [&](tl::unexpected<Error> error) {
    promise.set_value(std::move(error));
    return std::move(future);
  };
  if (id == 0) return refuse(fail(ErrorCode::invalid_input, "request ids begin with 1"));
  if (bytes.size() > options.socket.max_message_bytes) {
    return refuse(fail(ErrorCode::invalid_input, "a request of {} bytes, at most {} can be sent",
                       bytes.size(), options.socket.max_message_bytes));
  }
  {
    const std::lock_guard lock(mutex);
    if (ended) return refuse(fail(ErrorCode::unavailable, "{}", *ended));
    if (waiting.contains(id)) {
      return refuse(fail(ErrorCode::conflict, "request {} waits already", id));
    }
    if (unsent.size() >= most_unsent()) {
      return refuse(fail(ErrorCode::unavailable, "{} requests wait to be sent", unsent.size()));
    }
    const Deadline deadline = Deadline::after(timeout);
    waiting.add(id, *deadline.point(), std::move(promise));
    unsent.push_back({id, std::move(bytes), deadline});
  }
  waker.wake();
  return future;
}

void Client::Impl::post(std::string bytes) {
  {
    const std::lock_guard lock(mutex);
    if (ended || unsent.size() >= most_unsent()) return;
    unsent.push_back({0, std::move(bytes), Deadline::after(kPostIsNews)});
  }
  waker.wake();
}

void Client::Impl::end(const std::string& why) {
  {
    const std::lock_guard lock(mutex);
    if (!ended) ended = why;
    waiting.end_all(Error{ErrorCode::unavailable, *ended});
  }
  waker.wake();
}

void Client::Impl::run() {
  for (;;) {
    const Result<bool> goes_on = turn();
    if (!goes_on) end(goes_on.error().message);
    if (!goes_on.value_or(false)) return;
  }
}

// Sends what can be sent, ends what is due, then waits for the next thing to do.
Result<bool> Client::Impl::turn() {
  Deadline::TimePoint due = Deadline::TimePoint::max();
  Until until = Until::message;
  {
    const std::lock_guard lock(mutex);
    waiting.end_those_due(std::chrono::steady_clock::now());
    if (const auto why = dealer.trouble()) waiting.end_all(Error{ErrorCode::unavailable, *why});
    SWARMLAB_CHECK(send_unsent(lock));
    if (ended) return false;
    due = waiting.next_due().value_or(due);
    if (!unsent.empty()) until = Until::message_or_room;
  }
  Milliseconds wait{-1};
  if (due != Deadline::TimePoint::max()) {
    const auto left = due - std::chrono::steady_clock::now();
    wait = std::max(std::chrono::ceil<Milliseconds>(left), Milliseconds(0));
  }
  SWARMLAB_TRY(reply, dealer.receive(wait, until));
  if (reply) take_in(*std::move(reply));
  return true;
}

// What was given up meanwhile is not sent: after an outage the peer would get it all at once.
Result<void> Client::Impl::send_unsent(const std::lock_guard<std::mutex>& /*held*/) {
  const auto is_given_up = [this](const Unsent& one) {
    return one.id == 0 ? one.until.expired() : !waiting.contains(one.id);
  };
  for (; !unsent.empty(); unsent.pop_front()) {
    if (is_given_up(unsent.front())) continue;
    SWARMLAB_TRY(sent, dealer.send(unsent.front().bytes));
    if (sent == Sent::queued) continue;
    std::erase_if(unsent, is_given_up);
    return {};
  }
  return {};
}

void Client::Impl::take_in(std::string bytes) {
  const std::uint64_t id = options.id_of(bytes).value_or(0);
  if (id != 0) {
    const std::lock_guard lock(mutex);
    waiting.end(id, std::move(bytes));
    return;  // if nobody waited: a late reply, or a second one
  }
  if (options.on_unsolicited) options.on_unsolicited(std::move(bytes));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::connect(const std::string& address, ClientOptions options) {
  if (!options.id_of) return fail(ErrorCode::invalid_input, "a client needs id_of");
  SWARMLAB_TRY(dealer, Dealer::connect(address, options.socket, options.credentials));
  return Client(std::make_unique<Impl>(std::move(dealer), std::move(options)));
}

std::uint64_t Client::next_id() {
  return impl_->last_id.fetch_add(1) + 1;
}

std::future<Result<std::string>> Client::request(std::uint64_t id, std::string bytes,
                                                 Milliseconds timeout) {
  return impl_->request(id, std::move(bytes), timeout);
}

Result<std::string> Client::call(std::uint64_t id, std::string bytes, Milliseconds timeout) {
  return request(id, std::move(bytes), timeout).get();
}

void Client::post(std::string bytes) {
  impl_->post(std::move(bytes));
}

void Client::close() {
  impl_->end("the client was closed");
}

}  // namespace swarmlab::net
