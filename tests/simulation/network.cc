#include "tests/simulation/network.h"

#include <utility>

#include "common/wire/message.h"

namespace swarmlab::simulation {

std::string Network::connect(Place place, ToPeer deliver) {
  std::string peer = fmt::format("peer{}", ++last_peer_);
  peers_.emplace(peer, Peer{.place = place, .deliver = std::move(deliver)});
  return peer;
}

Micros Network::delay() {
  const auto jitter = static_cast<std::uint64_t>(plan_.jitter.count());
  Micros delay = plan_.delay + Micros(world_.random.below(jitter + 1));
  if (!good_ && world_.random.chance(plan_.late)) {
    delay += Micros(world_.random.between(1'000'000, 20'000'000));
  }
  return delay;
}

void Network::carry(bool is_cut, const std::function<void()>& deliver) {
  if (is_cut) return;
  if (!good_ && world_.random.chance(plan_.loss)) return;
  const int copies = !good_ && world_.random.chance(plan_.duplicates)
                         ? static_cast<int>(world_.random.between(2, 3))
                         : 1;
  for (int copy = 0; copy < copies; ++copy) world_.after(delay(), deliver);
}

void Network::send_to_coordinator(const std::string& peer, std::string bytes) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  const Place place = found->second.place;
  carry(cuts_[place].up, [this, place, peer, bytes = std::move(bytes)] {
    if (!cuts_[place].up) to_coordinator_(peer, bytes);
  });
}

void Network::send_to_peer(const std::string& peer, std::string bytes) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return;  // it is gone
  const Place place = found->second.place;
  carry(cuts_[place].down, [this, place, peer, bytes = std::move(bytes)] {
    const auto there = peers_.find(peer);
    if (there != peers_.end() && !cuts_[place].down) there->second.deliver(bytes);
  });
}

struct SimulatedChannel::State {
  struct Request {
    std::optional<Result<std::string>> reply;
    std::optional<Process::Ticket> waiter;
  };
  std::weak_ptr<Process> process;
  std::string peer;
  std::map<std::uint64_t, Request> requests;
  std::uint64_t last_id = 0;
  bool closed = false;

  void end(std::uint64_t id, Result<std::string> reply) {
    const auto found = requests.find(id);
    if (found == requests.end() || found->second.reply) return;  // late, or the second one
    found->second.reply = std::move(reply);
    const auto process_here = process.lock();
    if (process_here && found->second.waiter) process_here->wake(*found->second.waiter);
  }

  Result<std::string> wait_for(std::uint64_t id) {
    Request& request = requests.at(id);
    while (!request.reply) {
      const auto process_here = process.lock();
      request.waiter = process_here->ticket();
      process_here->block(*request.waiter);
    }
    Result<std::string> reply = *std::move(request.reply);
    requests.erase(id);
    return reply;
  }
};

SimulatedChannel::SimulatedChannel(Process& process, Network& network, Place place)
    : process_(process), network_(network), state_(std::make_shared<State>()) {
  state_->process = process.weak_from_this();
  state_->peer = network.connect(place, [weak = std::weak_ptr(state_)](std::string bytes) {
    const auto state = weak.lock();
    const auto there = state ? state->process.lock() : nullptr;
    if (!there || !there->alive()) return;
    there->when_awake([weak, bytes = std::move(bytes)] {
      const auto here = weak.lock();
      const auto id = wire::request_id_of(bytes);
      if (here && id) here->end(*id, bytes);
    });
  });
}

SimulatedChannel::~SimulatedChannel() {
  network_.disconnect(state_->peer);
}

std::uint64_t SimulatedChannel::next_id() {
  return ++state_->last_id;
}

std::future<Result<std::string>> SimulatedChannel::request(std::uint64_t id, std::string bytes,
                                                           Milliseconds timeout) {
  State::Request& request = state_->requests[id];
  if (state_->closed) {
    request.reply = fail(ErrorCode::unavailable, "the channel was closed");
  } else {
    network_.send_to_coordinator(state_->peer, std::move(bytes));
    process_.world().after(timeout, [weak = std::weak_ptr(state_), id] {
      const auto state = weak.lock();
      const auto process = state ? state->process.lock() : nullptr;
      if (!process) return;
      process->when_awake([weak, id] {
        const auto here = weak.lock();
        if (here) here->end(id, fail(ErrorCode::unavailable, "no reply in time"));
      });
    });
  }
  return std::async(std::launch::deferred, [state = state_, id] { return state->wait_for(id); });
}

void SimulatedChannel::close() {
  state_->closed = true;
  for (auto& [id, request] : state_->requests) {
    state_->end(id, fail(ErrorCode::unavailable, "the channel was closed"));
  }
}

}  // namespace swarmlab::simulation
