#include "tests/simulation/world.h"

#include <cstdio>
#include <utility>

namespace swarmlab::simulation {

void World::after(Micros delay, std::function<void()> action) {
  events_.push({now_ + delay, ++order_, std::move(action)});
}

bool World::step() {
  if (events_.empty()) return false;
  // The queue gives its first only to be read; it is popped at once.
  Event event = std::move(const_cast<Event&>(events_.top()));
  events_.pop();
  now_ = event.at;
  ++steps_;
  hash_ = mix(hash_, static_cast<std::uint64_t>(now_.count()));
  event.action();
  return true;
}

void World::mix_in(std::string_view bytes) {
  // Words at a time: messages are most of what goes in here.
  std::uint64_t word = 0;
  std::size_t place = 0;
  for (const char c : bytes) {
    word = (word << 8U) | static_cast<unsigned char>(c);
    if (++place % 8 != 0) continue;
    hash_ = (hash_ ^ word) * 1099511628211ULL;
    hash_ ^= hash_ >> 29U;
    word = 0;
  }
  hash_ = mix(hash_, word + bytes.size());
}

void World::take_line() {
  mix_in(line_);
  if (!tells_) return;
  std::printf("%10.3f #%llu %s\n", static_cast<double>(now_.count()) / 1e6,
              static_cast<unsigned long long>(steps_), line_.c_str());
}

void World::violate(std::string what) {
  note("VIOLATION: {}", what);
  if (!violation_) violation_ = std::move(what);
}

}  // namespace swarmlab::simulation
