// What the operator of a coordinator decides. It is no part of the state: each process has its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/model/resources.h"
#include "common/strong_id.h"

namespace swarmlab::swarm {

// A pool of workers (pool.h) that can be started, though none of it may ever have been here.
struct DeclaredPool {
  std::string name;
  std::vector<std::string> labels{};  // of its workers, beside the pool's own
  Resources machine{};                // of each; 0 of something: enough
  std::uint32_t slots = 1;            // of a worker, 1 or more
  std::uint64_t most_slots = 0;       // that are asked for; 0: no limit
  bool operator==(const DeclaredPool&) const = default;
};

struct Rules {
  Milliseconds lease = std::chrono::seconds(60);  // extended by every heartbeat
  Milliseconds grace = std::chrono::seconds(60);  // after a restart, before a lease expires
  Milliseconds worker_silence = std::chrono::seconds(15);   // then it gets nothing more
  Milliseconds retry_ask = std::chrono::milliseconds(200);  // when there is nothing to do
  // Of labs whose agents' provider fails: the first wait, each is twice as long, up to the last.
  Milliseconds first_backoff = std::chrono::seconds(10);
  Milliseconds most_backoff = std::chrono::minutes(10);
  Milliseconds most_retry_after = std::chrono::hours(1);  // of what a provider asks for
  std::uint32_t most_failures = 5;   // of different tasks in a row on one worker
  std::uint32_t most_expired = 100;  // leases at one tick: retries come little by little
  std::uint32_t most_absent = 1000;  // workers that are remembered though they are gone
  Milliseconds absent_after = std::chrono::minutes(10);  // of silence: a worker is gone
  std::vector<DeclaredPool> pools{};                     // by name, each once
};

}  // namespace swarmlab::swarm
