#include "tests/simulation/plan.h"

#include <fmt/format.h>

namespace swarmlab::simulation {
namespace {

// What is on in about half of the seeds, and then this often.
template <class Value>
void sometimes(Random& random, Value& value, std::initializer_list<Value> choices) {
  const std::uint64_t drawn = random.below(2 * choices.size());
  if (drawn < choices.size()) value = choices.begin()[drawn];
}

template <class Value>
void one_of(Random& random, Value& value, std::initializer_list<Value> choices) {
  value = choices.begin()[random.below(choices.size())];
}

Milliseconds seconds(std::uint64_t count) {
  return std::chrono::seconds(count);
}

void choose_swarm(Random& random, Plan& plan) {
  plan.workers = static_cast<std::uint32_t>(random.between(1, 5));
  plan.slots = static_cast<std::uint32_t>(random.between(1, 3));
  if (random.one_in(3)) plan.older_workers = static_cast<std::uint32_t>(random.below(plan.workers));
  plan.labs = random.one_in(4) ? 2 : 1;
  plan.experiments = static_cast<std::uint32_t>(random.between(5, 80));
  plan.max_restarts = static_cast<std::uint32_t>(random.below(5));
  plan.costs_money = random.one_in(2);
  plan.limited_money = plan.costs_money && random.one_in(3);
  one_of(random, plan.attempt, {seconds(1), seconds(4), seconds(10), seconds(30)});
  one_of(random, plan.lease, {seconds(4), seconds(10), seconds(20), seconds(60)});
  one_of(random, plan.grace, {plan.lease, seconds(20), seconds(60)});
  one_of(random, plan.tick, {Milliseconds(250), Milliseconds(250), seconds(1), seconds(3)});
  one_of(random, plan.choices, {3U, 40U, 1000U});
  one_of(random, plan.fails, {0U, 50'000U, 300'000U});
  sometimes(random, plan.broken, {10'000U, 100'000U});
  sometimes(random, plan.poison, {5'000U, 50'000U});
}

void choose_network(Random& random, Plan& plan) {
  one_of(random, plan.delay, {Micros(50), Micros(500), Micros(20'000), Micros(150'000)});
  one_of(random, plan.jitter, {Micros(10), Micros(1000), Micros(50'000), Micros(1'500'000)});
  sometimes(random, plan.loss, {10'000U, 50'000U, 200'000U});
  sometimes(random, plan.duplicates, {10'000U, 100'000U, 500'000U});
  sometimes(random, plan.late, {10'000U, 100'000U});
}

void choose_faults(Random& random, Plan& plan) {
  sometimes(random, plan.coordinator_crash, {seconds(8), seconds(25), seconds(60)});
  sometimes(random, plan.worker_crash, {seconds(5), seconds(20), seconds(60)});
  sometimes(random, plan.partition, {seconds(5), seconds(20), seconds(60)});
  sometimes(random, plan.zombie, {seconds(15), seconds(45)});
  sometimes(random, plan.wall_jump, {seconds(10), seconds(40)});
  sometimes(random, plan.full_disk, {seconds(20), seconds(60)});
  sometimes(random, plan.failed_sync, {seconds(30), seconds(60)});
  sometimes(random, plan.steering, {seconds(10), seconds(30)});
  sometimes(random, plan.drain, {seconds(20), seconds(60)});
  sometimes(random, plan.crash_in_turn, {2'000U, 10'000U});
  sometimes(random, plan.crash_in_spool, {20'000U, 200'000U});
  sometimes(random, plan.failed_ingest, {10'000U});
  one_of(random, plan.power_loss, {0U, 500'000U, 1'000'000U});
}

void choose_rare_paths(Random& random, Plan& plan) {
  sometimes(random, plan.burst, {1U, 3U});
  plan.slow_turns = random.one_in(4);
  plan.tidies = !random.one_in(4);
}

}  // namespace

Plan plan_of(std::uint64_t seed) {
  Random random(seed ^ 0x5eedULL);
  Plan plan;
  plan.seed = seed;
  choose_swarm(random, plan);
  choose_network(random, plan);
  choose_faults(random, plan);
  choose_rare_paths(random, plan);
  plan.noisy = seed % 4 == 3;
  plan.ladder = seed % 3 == 2;  // older workers get nothing of such labs
  plan.several = seed % 8 >= 6;
  plan.simple = seed % 5 >= 3 && !plan.several;
  return plan;
}

std::string text_of(const Plan& plan) {
  return fmt::format(
      "seed={} steps={} workers={} slots={} older={} labs={} experiments={} restarts={} money={} "
      "limited={} attempt={} lease={} grace={} tick={} choices={} delay={} jitter={} loss={} "
      "duplicates={} late={} fails={} broken={} poison={} coordinator_crash={} worker_crash={} "
      "partition={} zombie={} wall_jump={} full_disk={} failed_sync={} steering={} drain={} "
      "crash_in_turn={} crash_in_spool={} power_loss={} failed_ingest={} burst={} slow_turns={} "
      "tidies={} noisy={} ladder={} several={} simple={}",
      plan.seed, plan.steps, plan.workers, plan.slots, plan.older_workers, plan.labs,
      plan.experiments, plan.max_restarts, plan.costs_money, plan.limited_money,
      plan.attempt.count(), plan.lease.count(), plan.grace.count(), plan.tick.count(), plan.choices,
      plan.delay.count(), plan.jitter.count(), plan.loss, plan.duplicates, plan.late, plan.fails,
      plan.broken, plan.poison, plan.coordinator_crash.count(), plan.worker_crash.count(),
      plan.partition.count(), plan.zombie.count(), plan.wall_jump.count(), plan.full_disk.count(),
      plan.failed_sync.count(), plan.steering.count(), plan.drain.count(), plan.crash_in_turn,
      plan.crash_in_spool, plan.power_loss, plan.failed_ingest, plan.burst, plan.slow_turns,
      plan.tidies, plan.noisy, plan.ladder, plan.several, plan.simple);
}

}  // namespace swarmlab::simulation
