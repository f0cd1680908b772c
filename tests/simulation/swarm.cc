#include "tests/simulation/swarm.h"

#include <algorithm>
#include <utility>

namespace swarmlab::simulation {
namespace {

// After the last fault all must be over in so much simulated time; and never may so many steps be
// taken without an experiment that ends. (One worker alone may need millions for a long lab.)
constexpr std::uint64_t kStepsToAdvance = 100'000;
constexpr Micros kTimeToEnd = std::chrono::hours(12);

}  // namespace

Swarm::Swarm(const Plan& plan, const std::string& folder, bool tells)
    : plan_(plan),
      world_(plan.seed, tells),
      network_(world_, plan_),
      coordinator_(world_, plan_, network_, truth_, folder),
      operator_(world_, plan_, network_, coordinator_.commits()) {
  for (Place place = 0; place < plan_.workers; ++place) {
    workers_.push_back(
        std::make_unique<SimulatedWorker>(world_, plan_, network_, truth_, place, folder));
  }
}

Outcome Swarm::run() {
  coordinator_.start();
  operator_.open_labs();
  operator_.watch([this](std::uint64_t sequence) {
    return sequence <= coordinator_.checker().ledger().last().value();
  });
  for (const auto& worker : workers_) worker->start();
  let_things_go_wrong();
  if (!world_.violation()) let_all_end();
  if (!world_.violation()) check_end();
  Outcome outcome{.violation = world_.violation(),
                  .hash = world_.hash(),
                  .steps = world_.steps(),
                  .experiments = coordinator_.checker().ledger().all_decided().size(),
                  .crashes = coordinator_.crashes(),
                  .reports = coordinator_.checker().acknowledged(),
                  .faults = faults_};
  return outcome;
}

Faults& Faults::operator+=(const Faults& more) {
  worker_crashes += more.worker_crashes;
  cuts += more.cuts;
  zombies += more.zombies;
  wall_jumps += more.wall_jumps;
  full_disks += more.full_disks;
  failed_syncs += more.failed_syncs;
  drains += more.drains;
  return *this;
}

SimulatedWorker& Swarm::any_worker() {
  return *workers_[world_.random.below(workers_.size())];
}

void Swarm::repeat(Milliseconds average, Fault fault, Count count) {
  if (average.count() == 0) return;
  const auto mean = static_cast<std::uint64_t>(Micros(average).count());
  world_.after(Micros(world_.random.between(mean / 10, 2 * mean)), [this, average, fault, count] {
    if (good_) return;
    (this->*fault)();
    if (count != nullptr) ++(faults_.*count);
    repeat(average, fault, count);
  });
}

void Swarm::crash_coordinator() {
  if (coordinator_.engine() == nullptr) return;
  if (world_.random.one_in(5)) {
    coordinator_.restart();
  } else {
    coordinator_.crash();
  }
}

void Swarm::crash_worker() {
  if (world_.random.one_in(8)) {  // half of them at once
    for (std::size_t i = 0; i < workers_.size(); i += 2) workers_[i]->crash();
  } else {
    any_worker().crash();
  }
}

void Swarm::cut() {
  const Place place = any_worker().place();
  const std::uint64_t how = world_.random.below(4);  // both ways, more often than one
  network_.cut(place, how != 1, how != 2);
  const auto lease = static_cast<std::uint64_t>(Micros(plan_.lease).count());
  const std::uint64_t most = world_.random.one_in(2) ? 2 * lease : lease / 2;
  world_.note("w{} is cut off, {}", place, how);
  world_.after(Micros(world_.random.between(100'000, most)), [this, place] {
    world_.note("w{} is reachable again", place);
    network_.heal(place);
  });
}

void Swarm::freeze() {
  SimulatedWorker& worker = any_worker();
  if (worker.is_frozen()) return;
  worker.freeze();
  const auto lease = static_cast<std::uint64_t>(Micros(plan_.lease).count());
  world_.after(Micros(world_.random.between(lease / 4, 3 * lease)), [&worker] { worker.thaw(); });
}

void Swarm::jump() {
  const Milliseconds jumps[] = {std::chrono::minutes(1), std::chrono::hours(1),
                                std::chrono::hours(24 * 365)};
  const Milliseconds by = jumps[world_.random.below(3)];
  const bool back = world_.random.one_in(2);
  world_.note("the wall clock jumps by {} ms", back ? -by.count() : by.count());
  coordinator_.jump(back ? -by : by);
}

void Swarm::fill_disk() {
  const Micros time(world_.random.between(1'000'000, 20'000'000));
  if (world_.random.one_in(2)) {
    world_.note("the coordinator's disk is full");
    coordinator_.fill_disk();
    world_.after(time, [this] { coordinator_.empty_disk(); });
    return;
  }
  SimulatedWorker& worker = any_worker();
  world_.note("{}'s disk is full", worker.name());
  worker.disk().fill();
  world_.after(time, [&worker] { worker.disk().empty(); });
}

void Swarm::fail_sync() {
  coordinator_.fail_next_sync();
}

void Swarm::steer() {
  operator_.steer();
}

void Swarm::drain() {
  operator_.drain(any_worker().name());
}

void Swarm::let_things_go_wrong() {
  repeat(plan_.coordinator_crash, &Swarm::crash_coordinator);
  repeat(plan_.worker_crash, &Swarm::crash_worker, &Faults::worker_crashes);
  repeat(plan_.partition, &Swarm::cut, &Faults::cuts);
  repeat(plan_.zombie, &Swarm::freeze, &Faults::zombies);
  repeat(plan_.wall_jump, &Swarm::jump, &Faults::wall_jumps);
  repeat(plan_.full_disk, &Swarm::fill_disk, &Faults::full_disks);
  repeat(plan_.failed_sync, &Swarm::fail_sync, &Faults::failed_syncs);
  repeat(plan_.steering, &Swarm::steer);
  repeat(plan_.drain, &Swarm::drain, &Faults::drains);
  while (world_.steps() < plan_.steps && !world_.violation()) {
    if (!world_.step()) break;
    if (world_.steps() % 16 == 0 && is_over()) break;
  }
}

void Swarm::let_all_end() {
  world_.note("nothing goes wrong any more");
  good_ = true;
  network_.be_good();
  network_.heal_all();
  coordinator_.be_good();
  for (const auto& worker : workers_) {
    worker->be_good();
    worker->disk().empty();
    worker->thaw();
  }
  help_to_end();
  std::uint64_t advanced = world_.steps();
  std::uint64_t ended = experiments_ended();
  const Micros most_time = world_.now() + kTimeToEnd;
  while (!world_.violation()) {
    if (world_.steps() % 16 == 0 && is_over()) return;
    if (const std::uint64_t now_ended = experiments_ended(); now_ended != ended) {
      ended = now_ended;
      advanced = world_.steps();
    }
    if (!world_.step() || world_.steps() > advanced + kStepsToAdvance || world_.now() > most_time) {
      tell_state();
      world_.violate("it does not end, though nothing goes wrong any more");
    }
  }
}

std::uint64_t Swarm::experiments_ended() {
  const server::Engine* engine = coordinator_.engine();
  std::uint64_t ended = 0;
  if (engine == nullptr) return ended;
  for (const auto& [id, lab] : engine->state().labs) ended += lab.counters.experiments;
  return ended;
}

// What a person would do in the morning: a lab that stayed paused, as the word to resume it came
// before the one to pause it, is resumed; one whose baseline was given up is opened again; workers
// that were put aside are let in again.
void Swarm::tell_state() {
  const server::Engine* engine = coordinator_.engine();
  if (engine == nullptr) return world_.note("the coordinator is down");
  for (const auto& [id, lab] : engine->state().labs) {
    world_.note("{}: status {} ({}), {} iterations, {} spent, {} reserved, baseline {}",
                lab.settings.name, static_cast<int>(lab.status), lab.stop_reason,
                lab.counters.iterations, lab.budget.spent.value(), lab.budget.reserved.value(),
                lab.segment.baseline_measured);
  }
  for (const auto& [id, task] : engine->state().tasks) {
    const auto deadline = engine->state().presence.deadlines.find(id);
    world_.note("task {}: lab {}, segment {}, leased by {}, until {}", id.value(), task.lab.value(),
                task.segment.value(), task.lease ? task.lease->worker.value() : "nobody",
                deadline == engine->state().presence.deadlines.end()
                    ? std::string("none")
                    : fmt::format("{}", deadline->second.time_since_epoch().count()));
  }
  for (const auto& worker : workers_) world_.note("{}: {}", worker->name(), worker->told());
}

void Swarm::help_to_end() {
  world_.after(std::chrono::seconds(10), [this] {
    const server::Engine* engine = coordinator_.engine();
    if (engine != nullptr) {
      for (const auto& [id, lab] : engine->state().labs) {
        const auto number = static_cast<std::uint32_t>(std::stoul(lab.settings.name.substr(3)));
        if (lab.status == swarm::LabStatus::paused) operator_.resume(number);
        if (lab.status == swarm::LabStatus::stopped && !is_done(lab)) operator_.open_again(number);
      }
      for (const auto& [name, worker] : engine->state().workers) {
        if (worker.quarantine) operator_.release(name.value());
      }
    }
    help_to_end();
  });
}

bool Swarm::is_done(const swarm::Lab& lab) const {
  const bool out_of_money = plan_.limited_money && lab.budget.spent >= lab.settings.stop.max_cost;
  return lab.counters.iterations == plan_.experiments || out_of_money;
}

bool Swarm::is_over() {
  const server::Engine* engine = coordinator_.engine();
  if (engine == nullptr || !operator_.has_opened_all()) return false;
  const bool all_done = std::ranges::all_of(engine->state().labs, [this](const auto& lab) {
    return lab.second.status == swarm::LabStatus::stopped && is_done(lab.second);
  });
  const bool nothing_runs = std::ranges::none_of(
      engine->state().tasks, [](const auto& task) { return task.second.lease.has_value(); });
  return all_done && nothing_runs &&
         std::ranges::all_of(workers_, [](const auto& one) { return one->has_delivered_all(); });
}

void Swarm::check_end() {
  const server::Engine* engine = coordinator_.engine();
  coordinator_.checker().at_end(*engine);
  for (const auto& [id, lab] : engine->state().labs) {
    world_.require(is_done(lab), "the number of experiments is not exact");
    world_.require(lab.budget.reserved.value() == 0, "I4: money stays reserved");
  }
}

}  // namespace swarmlab::simulation
