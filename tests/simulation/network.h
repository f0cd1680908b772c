// The network between workers and coordinator: messages that are lost, doubled, late, overtaken, or
// held up by a partition. And what a worker's end of it looks like to its code.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/net/channel.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/process.h"

namespace swarmlab::simulation {

// The place that a process runs at: partitions are between places and the coordinator.
using Place = std::uint32_t;

class Network {
 public:
  using ToCoordinator = std::function<void(std::string peer, std::string bytes)>;
  using ToPeer = std::function<void(std::string bytes)>;

  Network(World& world, const Plan& plan) : world_(world), plan_(plan) {}

  void on_letter(ToCoordinator deliver) { to_coordinator_ = std::move(deliver); }
  /// A new connection. \return  the peer that the coordinator sees
  std::string connect(Place place, ToPeer deliver);
  void disconnect(const std::string& peer) { peers_.erase(peer); }

  void send_to_coordinator(const std::string& peer, std::string bytes);
  void send_to_peer(const std::string& peer, std::string bytes);

  /// Until heal(): nothing passes in these directions.
  void cut(Place place, bool up, bool down) { cuts_[place] = {up, down}; }
  void heal(Place place) { cuts_.erase(place); }
  void heal_all() { cuts_.clear(); }
  /// From now on nothing is lost, doubled or late any more.
  void be_good() { good_ = true; }

 private:
  struct Peer {
    Place place;
    ToPeer deliver;
  };
  struct Cut {
    bool up = false;
    bool down = false;
  };
  // Calls `deliver` once, twice, later or never.
  void carry(bool is_cut, const std::function<void()>& deliver);
  [[nodiscard]] Micros delay();

  World& world_;
  const Plan& plan_;
  ToCoordinator to_coordinator_;
  std::map<std::string, Peer> peers_;
  std::map<Place, Cut> cuts_;
  std::uint64_t last_peer_ = 0;
  bool good_ = false;
};

// A channel of one process: requests end with a reply, or when their time is over.
class SimulatedChannel final : public net::Channel {
 public:
  SimulatedChannel(Process& process, Network& network, Place place);
  ~SimulatedChannel() override;
  SimulatedChannel(const SimulatedChannel&) = delete;
  SimulatedChannel& operator=(const SimulatedChannel&) = delete;
  SimulatedChannel(SimulatedChannel&&) = delete;
  SimulatedChannel& operator=(SimulatedChannel&&) = delete;

  [[nodiscard]] std::uint64_t next_id() override;
  [[nodiscard]] std::future<Result<std::string>> request(std::uint64_t id, std::string bytes,
                                                         Milliseconds timeout) override;
  void close() override;

 private:
  struct State;
  Process& process_;
  Network& network_;
  std::shared_ptr<State> state_;  // what comes late finds it
};

}  // namespace swarmlab::simulation
