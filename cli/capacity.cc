#include "cli/capacity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/pool_option.h"
#include "common/lab/units.h"
#include "common/model/sandbox.h"
#include "coordinator/swarm/pool.h"

namespace swarmlab::cli {

namespace {

constexpr double kMillis = 1000;
constexpr std::string_view kNone = "none";

bool is_word(std::string_view text) {
  constexpr std::size_t kMostBytes = 100;
  return !text.empty() && text.size() <= kMostBytes &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c != ',' && c != '\x7f'; });
}

// Comma between, each once.
Result<std::vector<std::string>> words_of(std::string_view flag, std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string word(text.substr(begin, end - begin));
    if (!is_word(word) || std::ranges::find(words, word) != words.end()) {
      return fail(ErrorCode::invalid_input,
                  "{} is \"{}\", expected words with commas between, each once", flag, text);
    }
    words.push_back(word);
    begin = end + 1;
  }
  return words;
}

}  // namespace

Result<Capacity> capacity_of(const HostFacts& facts, const CapacityFlags& flags) {
  constexpr double kMostCpus = 65536;
  if (!std::isfinite(flags.cpus) || flags.cpus < 0 || flags.cpus > kMostCpus) {
    return fail(ErrorCode::invalid_input, "--cpus is {}, expected 0 (all) to {}", flags.cpus,
                kMostCpus);
  }
  const double cpus = flags.cpus > 0 ? flags.cpus : facts.cores;
  Capacity capacity{.cpu_millis = static_cast<std::uint32_t>(std::llround(cpus * kMillis)),
                    .memory_bytes = facts.memory_bytes,
                    .gpus = facts.gpu_ids};
  if (!flags.memory.empty()) {
    const auto memory = parse_size(flags.memory);
    if (!memory) return within("--memory", memory.error());
    capacity.memory_bytes = *memory;
  }
  if (flags.gpus == kNone) {
    capacity.gpus.clear();
  } else if (!flags.gpus.empty()) {
    SWARMLAB_TRY(gpus, words_of("--gpus", flags.gpus));
    capacity.gpus = std::move(gpus);
  }
  if (!flags.labels.empty()) {
    SWARMLAB_TRY(labels, words_of("--labels", flags.labels));
    if (const auto own = std::ranges::find_if(labels, is_own_label); own != labels.end()) {
      return fail(ErrorCode::invalid_input, "--labels has {}, which a worker tells by itself",
                  *own);
    }
    capacity.labels = std::move(labels);
  }
  if (!flags.pool.empty()) {
    if (!is_pool_name(flags.pool)) {
      return fail(
          ErrorCode::invalid_input,
          "--pool is \"{}\", expected 1 to 63 letters, digits, \".\", \"-\", \"_\" and \"+\"",
          flags.pool);
    }
    capacity.labels.push_back(std::string(swarm::kPoolLabel) + flags.pool);
  }
  return capacity;
}

Capacity part_of(const Capacity& machine, std::size_t index, std::size_t count) {
  Capacity part{.cpu_millis = static_cast<std::uint32_t>(machine.cpu_millis / count),
                .memory_bytes = machine.memory_bytes / count,
                .gpus = {},
                .labels = machine.labels};
  for (std::size_t i = index; i < machine.gpus.size(); i += count) {
    part.gpus.push_back(machine.gpus[i]);
  }
  return part;
}

std::vector<std::string> flags_of(const Capacity& capacity) {
  std::string gpus;
  for (const std::string& id : capacity.gpus) gpus += (gpus.empty() ? "" : ",") + id;
  return {"--cpus",   fmt::format("{:.3f}", static_cast<double>(capacity.cpu_millis) / kMillis),
          "--memory", fmt::format("{}B", capacity.memory_bytes),
          "--gpus",   gpus.empty() ? std::string(kNone) : gpus};
}

}  // namespace swarmlab::cli
