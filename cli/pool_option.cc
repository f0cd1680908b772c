#include "cli/pool_option.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>

#include "common/lab/units.h"
#include "coordinator/swarm/pool.h"

namespace swarmlab::cli {

namespace {

constexpr const char* kExpected =
    "expected a name and then words such as labels=h100+fast gpus=8 cpus=32 memory=512GB slots=2 "
    "max=16";

template <class Number>
bool read_number(std::string_view text, Number least, Number& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  return error == std::errc() && end == text.data() + text.size() && to >= least;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream{std::string(text)};
  for (std::string part; std::getline(stream, part, at);) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

bool read_cpus(std::string_view value, std::uint32_t& millis) {
  constexpr double kMost = 65536;
  double cpus = 0;
  if (!read_number(value, 0.0, cpus) || !std::isfinite(cpus) || cpus > kMost) return false;
  millis = static_cast<std::uint32_t>(std::llround(cpus * 1000));
  return true;
}

// One "key=value" of a pool; false: it makes no sense.
bool read_word(std::string_view key, std::string_view value, swarm::DeclaredPool& pool) {
  if (key == "labels") {
    pool.labels = split(value, '+');
    return !pool.labels.empty() && std::ranges::none_of(pool.labels, [](const auto& label) {
      return label.starts_with(swarm::kPoolLabel);
    });
  }
  if (key == "gpus") return read_number<std::uint32_t>(value, 0, pool.machine.gpus);
  if (key == "cpus") return read_cpus(value, pool.machine.cpu_millis);
  if (key == "memory") {
    const auto bytes = parse_size(value);
    if (bytes) pool.machine.memory_bytes = *bytes;
    return bytes.has_value();
  }
  if (key == "slots") return read_number<std::uint32_t>(value, 1, pool.slots);
  return key == "max" && read_number<std::uint64_t>(value, 1, pool.most_slots);
}

Result<swarm::DeclaredPool> declared_pool(const std::string& text) {
  const auto wrong = [&text](std::string_view what) {
    return fail(ErrorCode::invalid_input, "--pool \"{}\": \"{}\" makes no sense, {}", text, what,
                kExpected);
  };
  const std::vector<std::string> words = split(text, ' ');
  swarm::DeclaredPool pool;
  if (words.empty() || !is_pool_name(words.front())) {
    return wrong(words.empty() ? std::string_view() : std::string_view(words.front()));
  }
  pool.name = words.front();
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos ||
        !read_word(word.substr(0, equals), word.substr(equals + 1), pool)) {
      return wrong(word);
    }
  }
  return pool;
}

}  // namespace

bool is_pool_name(std::string_view name) {
  constexpr std::size_t kMostBytes = 63;
  return !name.empty() && name.size() <= kMostBytes && name != swarm::kNoPool &&
         std::ranges::all_of(name, [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' ||
                  c == '_' || c == '+';
         });
}

Result<std::vector<swarm::DeclaredPool>> declared_pools(const std::vector<std::string>& texts) {
  std::vector<swarm::DeclaredPool> pools;
  for (const std::string& text : texts) {
    SWARMLAB_TRY(pool, declared_pool(text));
    if (std::ranges::find(pools, pool.name, &swarm::DeclaredPool::name) != pools.end()) {
      return fail(ErrorCode::invalid_input, "--pool {} is there twice, expected each once",
                  pool.name);
    }
    pools.push_back(std::move(pool));
  }
  return pools;
}

}  // namespace swarmlab::cli
