#include "worker/server/living_agent.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <string_view>
#include <tuple>

namespace swarmlab::worker {
namespace {

using sandbox::HowEnded;
using sandbox::SandboxRequest;
using sandbox::SandboxResult;

constexpr Milliseconds kUntilNextLookAtSignal{20};

// Whatever there is: who writes a lot only makes us look once.
void forget_events(int watch) {
  std::array<char, 4096> events{};
  while (::read(watch, events.data(), events.size()) > 0) {
  }
}

// What differs between experiments and is told by the handshake too.
bool is_of_one_experiment(const std::string& variable) {
  static const std::set<std::string, std::less<>> names = {"SWARMLAB_EXPERIMENT", "SWARMLAB_PARENT",
                                                           "SWARMLAB_SESSION", "SWARMLAB_LAST"};
  return names.contains(variable);
}

std::vector<std::pair<std::string, std::string>> lasting(const SandboxRequest& request) {
  auto env = request.env;
  std::erase_if(env, [](const auto& variable) { return is_of_one_experiment(variable.first); });
  return env;
}

std::set<std::uint16_t> ports_of(const SandboxRequest& request) {
  std::set<std::uint16_t> ports;
  for (const sandbox::Gate& gate : request.gates) ports.insert(gate.port);
  return ports;
}

}  // namespace

LivingAgent::LivingAgent(Of of, SandboxRequest request, UniqueFd watch, CancelSource kill,
                         CancelSource ended)
    : of_(std::move(of)),
      request_(std::move(request)),
      watch_(std::move(watch)),
      kill_(std::move(kill)),
      ended_(std::move(ended)) {}

Result<std::unique_ptr<LivingAgent>> LivingAgent::make(Of of, SandboxRequest request) {
  UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!watch) return fail(ErrorCode::unavailable, "inotify: {}", std::strerror(errno));
  // What stands between (gVisor's file server) may close a file long after who wrote it.
  constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_TO | IN_CREATE;
  if (::inotify_add_watch(watch.get(), of.folder.c_str(), kEvents) < 0) {
    return fail(ErrorCode::unavailable, "{}: inotify: {}", of.folder, std::strerror(errno));
  }
  SWARMLAB_TRY(kill, CancelSource::make());
  SWARMLAB_TRY(ended, CancelSource::make());
  SWARMLAB_TRY(reins, sandbox::Reins::make());
  std::unique_ptr<LivingAgent> agent(new LivingAgent(
      std::move(of), std::move(request), std::move(watch), std::move(kill), std::move(ended)));
  agent->request_.reins = std::move(reins);
  agent->listen();
  return agent;
}

LivingAgent::~LivingAgent() {
  kill_.cancel();
  if (thread_.joinable()) thread_.join();
}

bool LivingAgent::fits(const SandboxRequest& request) const {
  return request.command == request_.command && request.args == request_.args &&
         request.folder == request_.folder && request.driver == request_.driver &&
         request.image == request_.image && request.mounts == request_.mounts &&
         request.path_first == request_.path_first && request.limits == request_.limits &&
         lasting(request) == lasting(request_) && ports_of(request) == ports_of(request_);
}

// Its ears and gates lead to what belongs to the turn.
void LivingAgent::listen() {
  request_.timeout = Milliseconds(0);
  request_.stop = {};
  request_.hear = [heard = heard_](bool is_err, std::string_view bytes) {
    const std::scoped_lock lock(heard->mutex);
    auto& kept = is_err ? heard->err : heard->out;
    if (!kept) return;
    kept->append(bytes);
    if (is_err) return;
    heard->times.note(bytes, std::chrono::duration_cast<Milliseconds>(
                                 std::chrono::steady_clock::now() - heard->begin));
  };
  for (sandbox::Gate& gate : request_.gates) {
    gate.take = [exchange = exchange_, port = gate.port](UniqueFd connection) {
      const std::scoped_lock lock(exchange->mutex);
      const auto take = exchange->takes.find(port);
      if (take != exchange->takes.end()) take->second(std::move(connection));
    };
  }
}

void LivingAgent::connect(const SandboxRequest& request) {
  const std::scoped_lock lock(exchange_->mutex);
  for (const sandbox::Gate& gate : request.gates) exchange_->takes[gate.port] = gate.take;
}

// Nobody is called any more when this has returned.
void LivingAgent::disconnect() {
  const std::scoped_lock lock(exchange_->mutex);
  exchange_->takes.clear();
}

void LivingAgent::start() {
  thread_ = std::thread([this] {
    result_ = of_.sandbox.run(request_, kill_.token());
    request_.reins->end();
    ended_.cancel();
  });
}

// From the beginning, or from where it was held.
Result<void> LivingAgent::go() {
  {
    const std::scoped_lock lock(heard_->mutex);
    heard_->begin = std::chrono::steady_clock::now();
    heard_->out.emplace(request_.limits.output_bytes);
    heard_->err.emplace(request_.limits.output_bytes);
    heard_->times = {};
  }
  if (!thread_.joinable()) {
    start();
    return {};
  }
  is_held_ = false;
  return request_.reins->let_go();
}

LivingAgent::Why LivingAgent::wait(const Turn& turn, Deadline deadline,
                                   std::optional<Signal>& signal) {
  const CancelToken ended = ended_.token();
  for (;;) {
    std::array<pollfd, 4> fds{{{.fd = watch_.get(), .events = POLLIN, .revents = 0},
                               {.fd = ended.fd(), .events = POLLIN, .revents = 0},
                               {.fd = turn.cancel.fd(), .events = POLLIN, .revents = 0},
                               {.fd = turn.request.stop.fd(), .events = POLLIN, .revents = 0}}};
    if (::poll(fds.data(), fds.size(), deadline.poll_timeout()) < 0 && errno != EINTR) {
      return Why::cancelled;
    }
    if (ended.cancelled()) return Why::ended;
    if (turn.cancel.cancelled()) return Why::cancelled;
    if (deadline.expired() || turn.request.stop.cancelled()) return Why::out_of_time;
    if (fds[0].revents == 0) continue;
    forget_events(watch_.get());
    signal = read_signal(of_.folder);
    if (signal) return Why::signalled;
    // It may write there as fast as it likes.
    std::ignore = turn.cancel.wait(kUntilNextLookAtSignal);
  }
}

// Kills it if it lives, and waits until all of it is dead.
Result<SandboxResult> LivingAgent::bury() {
  kill_.cancel();
  thread_.join();
  return *std::move(result_);
}

void LivingAgent::add_heard(SandboxResult& result) {
  const std::scoped_lock lock(heard_->mutex);
  result.out = heard_->out->text();
  result.err = heard_->err->text();
  result.out_times = heard_->times;
  result.took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - heard_->begin);
  heard_->out.reset();
  heard_->err.reset();
}

Result<LivingAgent::Done> LivingAgent::conclude(const Turn& turn, Why why,
                                                std::optional<Signal> signal) {
  if (why == Why::ended) signal = read_signal(of_.folder);
  Done done{.result = {}, .signal = std::move(signal)};
  if (why == Why::signalled && turn.keep && request_.reins->hold()) {
    is_held_ = true;
    add_heard(done.result);
    return done;
  }
  SWARMLAB_TRY(ended, bury());
  done.result = std::move(ended);
  add_heard(done.result);
  // Of what we ended the run itself says only that we did.
  const bool was_killed = done.result.how == HowEnded::cancelled;
  if (was_killed && why == Why::out_of_time) done.result.how = HowEnded::timed_out;
  const bool ended_by_itself =
      done.result.how == HowEnded::exited || done.result.how == HowEnded::signaled;
  // What it did after that is none of the experiment's matter.
  if (done.signal && (ended_by_itself || (was_killed && why == Why::signalled))) {
    done.result.how = HowEnded::exited;
    done.result.code = 0;
  }
  return done;
}

Result<LivingAgent::Done> LivingAgent::work(const Turn& turn) {
  connect(turn.request);
  std::optional<Signal> signal;
  Why why = Why::ended;
  if (go()) why = wait(turn, Deadline::after(turn.time), signal);
  auto done = conclude(turn, why, std::move(signal));
  disconnect();
  return done;
}

void LivingAgent::part(const std::string& text, Milliseconds grace) {
  if (answer_signal(of_.folder, text) && request_.reins->let_go()) {
    std::ignore = ended_.token().wait(grace);
  }
  is_held_ = false;
  std::ignore = bury();
}

}  // namespace swarmlab::worker
