// What one seed chose: how large the swarm is, what goes wrong and how often, which limits are
// tiny. Each fault is off in many seeds: what is always on hides what only happens without it.
#pragma once

#include <cstdint>
#include <string>

#include "common/strong_id.h"
#include "tests/simulation/world.h"

namespace swarmlab::simulation {

struct Plan {
  std::uint64_t seed = 0;
  std::uint64_t steps = 2000;  // of the time in which things go wrong

  // The swarm.
  std::uint32_t workers = 2;
  std::uint32_t slots = 1;          // of each worker, at most
  std::uint32_t older_workers = 0;  // speak the oldest protocol
  std::uint32_t labs = 1;
  std::uint32_t experiments = 20;  // of each lab
  std::uint32_t max_restarts = 3;
  bool costs_money = false;
  bool limited_money = false;
  bool ladder = false;         // labs have three scales and a holdout
  bool noisy = false;          // runs of the evaluator differ: candidates are measured again
  bool several = false;        // labs have two metrics
  bool simple = false;         // labs with one want what is small
  Milliseconds attempt{5000};  // how long one takes, about
  Milliseconds lease{20'000};
  Milliseconds grace{20'000};
  Milliseconds tick{250};
  std::uint32_t choices = 40;  // trees that agents find: few of them are duplicates

  // The network.
  Micros delay{500};       // at least
  Micros jitter{500};      // and up to this more
  std::uint32_t loss = 0;  // per million, as all that follow
  std::uint32_t duplicates = 0;
  std::uint32_t late = 0;  // seconds late, so that others overtake it

  // What agents and evaluators do.
  std::uint32_t fails = 50'000;       // crash, timeout, guard: an outcome
  std::uint32_t broken = 0;           // the worker's own failure
  std::uint32_t poison = 0;           // kills its worker
  std::uint32_t large_packs = 5'000;  // of several chunks

  // Faults: how much time passes between two of a kind, on average. 0: none.
  Milliseconds coordinator_crash{0};
  Milliseconds worker_crash{0};
  Milliseconds partition{0};
  Milliseconds zombie{0};
  Milliseconds wall_jump{0};
  Milliseconds full_disk{0};
  Milliseconds failed_sync{0};
  Milliseconds steering{0};  // by the operator: pause, resume, a new evaluator
  Milliseconds drain{0};
  std::uint32_t crash_in_turn = 0;     // within what a turn writes
  std::uint32_t crash_in_spool = 0;    // within what a put() writes
  std::uint32_t power_loss = 500'000;  // of the crashes: what was not synced is gone
  std::uint32_t failed_ingest = 0;

  // Rare paths.
  std::uint32_t burst = 4096;  // letters a turn
  bool slow_turns = false;     // letters gather for long before a turn
  bool tidies = true;
};

[[nodiscard]] Plan plan_of(std::uint64_t seed);

/// All of it, in one line.
[[nodiscard]] std::string text_of(const Plan& plan);

}  // namespace swarmlab::simulation
