#include "coordinator/swarm/fit.h"

#include <algorithm>
#include <limits>

#include "common/result.h"

namespace swarmlab::swarm {
namespace {

template <class Number>
Number sum(Number a, Number b) {
  constexpr Number kMost = std::numeric_limits<Number>::max();
  return a > kMost - b ? kMost : static_cast<Number>(a + b);
}

template <class Number>
Number rest(Number a, Number b) {
  return a < b ? Number{0} : static_cast<Number>(a - b);
}

std::string cpus(std::uint32_t millis) {
  return fmt::format("{:g}", static_cast<double>(millis) / 1000.0);
}

std::string memory(std::uint64_t bytes) {
  return fmt::format("{:.4g} GB", static_cast<double>(bytes) / 1e9);
}

std::string listed(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + text;
  return list;
}

// What is short, as the need and what there is; empty: nothing.
struct Shortage {
  std::string needs;
  std::string has;
};

Shortage shortage(const Resources& has, const Resources& needs) {
  if (has.gpus < needs.gpus) {
    return {fmt::format("gpus = {}", needs.gpus), fmt::format("{}", has.gpus)};
  }
  if (has.cpu_millis < needs.cpu_millis) {
    return {"cpus = " + cpus(needs.cpu_millis), cpus(has.cpu_millis)};
  }
  if (has.memory_bytes < needs.memory_bytes) {
    return {"memory = " + memory(needs.memory_bytes), memory(has.memory_bytes)};
  }
  return {};
}

// The first label that the worker has not; empty: it has them all.
std::string missing_label(const Worker& worker, const Needs& needs) {
  const std::vector<std::string>& has = worker.capacity.labels;
  const auto missing = std::ranges::find_if(needs.labels, [&has](const std::string& label) {
    return std::ranges::find(has, label) == has.end();
  });
  return missing == needs.labels.end() ? std::string() : *missing;
}

}  // namespace

Resources plus(const Resources& a, const Resources& b) {
  return {.cpu_millis = sum(a.cpu_millis, b.cpu_millis),
          .memory_bytes = sum(a.memory_bytes, b.memory_bytes),
          .gpus = sum(a.gpus, b.gpus)};
}

Resources minus(const Resources& a, const Resources& b) {
  return {.cpu_millis = rest(a.cpu_millis, b.cpu_millis),
          .memory_bytes = rest(a.memory_bytes, b.memory_bytes),
          .gpus = rest(a.gpus, b.gpus)};
}

bool covers(const Resources& has, const Resources& needs) {
  return has.cpu_millis >= needs.cpu_millis && has.memory_bytes >= needs.memory_bytes &&
         has.gpus >= needs.gpus;
}

Resources total_of(const Worker& worker) {
  return {.cpu_millis = worker.capacity.cpu_millis,
          .memory_bytes = worker.capacity.memory_bytes,
          .gpus = static_cast<std::uint32_t>(worker.capacity.gpus.size())};
}

Resources free_of(const State& state, const Worker& worker) {
  const auto taken = state.index.taken.find(worker.name);
  if (taken == state.index.taken.end()) return total_of(worker);
  return minus(total_of(worker), taken->second);
}

bool suits(const Worker& worker, const Needs& needs) {
  return covers(total_of(worker), needs.amount) && missing_label(worker, needs).empty();
}

bool fits(const State& state, const Worker& worker, const Needs& needs) {
  return covers(free_of(state, worker), needs.amount) && missing_label(worker, needs).empty();
}

std::string why_not(const State& state, const Worker& worker, const Needs& needs) {
  const std::string& name = worker.name.value();
  if (const std::string label = missing_label(worker, needs); !label.empty()) {
    return fmt::format("needs label {}, which worker {} has not", label, name);
  }
  if (const Shortage never = shortage(total_of(worker), needs.amount); !never.needs.empty()) {
    return fmt::format("needs {}; worker {} has {}", never.needs, name, never.has);
  }
  if (const Shortage now = shortage(free_of(state, worker), needs.amount); !now.needs.empty()) {
    return fmt::format("needs {}; worker {} has {} free", now.needs, name, now.has);
  }
  return {};
}

std::string why_nowhere(const State& state, const Needs& needs) {
  Resources largest;
  bool is_anyone = false;
  bool has_labels = false;
  for (const auto& [name, seen] : state.presence.workers) {
    const Worker& worker = state.workers.at(name);
    if (seen.leaving || worker.quarantine) continue;
    if (suits(worker, needs)) return {};
    is_anyone = true;
    if (!missing_label(worker, needs).empty()) continue;
    has_labels = true;
    const Resources total = total_of(worker);
    largest = {.cpu_millis = std::max(largest.cpu_millis, total.cpu_millis),
               .memory_bytes = std::max(largest.memory_bytes, total.memory_bytes),
               .gpus = std::max(largest.gpus, total.gpus)};
  }
  if (!is_anyone) return "no worker is here that could take work";
  if (!has_labels) {
    return fmt::format("needs label{} {}; no worker has {}", needs.labels.size() == 1 ? "" : "s",
                       listed(needs.labels), needs.labels.size() == 1 ? "it" : "them all");
  }
  const Shortage short_of = shortage(largest, needs.amount);
  if (short_of.needs.empty()) return "no worker has all that a task needs at once";
  return fmt::format("needs {}; the largest worker has {}", short_of.needs, short_of.has);
}

}  // namespace swarmlab::swarm
