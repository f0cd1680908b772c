// Random swarms: after every step the invariants of state.h must hold, and once the trouble ends,
// everything must end.
//
// Seeds are 0, 1, 2, ...: every run sees the same swarms. A failure prints its seed and all that
// happened; SWARMLAB_SEED=... runs that sequence alone, SWARMLAB_SEQUENCES=... more of them.
#include <csignal>
#include <cstdlib>

#include "tests/coordinator/swarm/demand_check.h"
#include "tests/coordinator/swarm/random_swarm.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace swarmlab::swarm {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kSequences = 2'000;  // each takes ten times as long
#else
constexpr std::uint64_t kSequences = 10'000;
#endif
constexpr int kSteps = 80;
constexpr int kDemandEvery = 16;  // steps

// A broken assertion in the core must tell its story too: abort() comes on our own thread, so that
// what runs can be read.
const RandomSwarm* running = nullptr;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

void tell_story(int /*signal*/) {
  if (running != nullptr) std::fputs(running->story().c_str(), stderr);
}

// What went wrong, or nothing.
std::string run(std::uint64_t seed, bool tell_all) {
  RandomSwarm random(seed);
  running = &random;
  random.begin();
  for (int step = 0; step < kSteps && random.swarm.violation.empty(); ++step) {
    random.happen();
    if (step % kDemandEvery != 0 || !random.swarm.violation.empty()) continue;
    random.swarm.violation =
        wrong_in_demand(random.swarm.state, random.swarm.rules, random.swarm.now);
  }
  if (random.swarm.violation.empty()) random.drain();
  running = nullptr;
  const std::string& violation = random.swarm.violation;
  if (tell_all || !violation.empty()) std::fputs(random.story().c_str(), stderr);
  return violation;
}

std::optional<std::uint64_t> number_from(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

TEST(SwarmInvariants, HoldAfterEveryStepOfRandomSwarmsAndEverythingEnds) {
  auto* const before = std::signal(SIGABRT, tell_story);
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_set_death_callback([] { tell_story(0); });
#endif
  const std::optional<std::uint64_t> only = number_from("SWARMLAB_SEED");
  const std::uint64_t first = only.value_or(0);
  const std::uint64_t end =
      only ? first + 1 : number_from("SWARMLAB_SEQUENCES").value_or(kSequences);
  std::printf("SWARMLAB_SEED=%llu to %llu\n", static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(end - 1));
  for (std::uint64_t seed = first; seed < end; ++seed) {
    const std::string violation = run(seed, only.has_value());
    ASSERT_EQ(violation, "") << "SWARMLAB_SEED=" << seed << " reproduces it";
  }
  std::signal(SIGABRT, before);
}

TEST(SwarmInvariants, ASeedTellsTheSameStoryEachTime) {
  const auto story = [](std::uint64_t seed) {
    RandomSwarm random(seed);
    random.begin();
    for (int step = 0; step < kSteps; ++step) random.happen();
    random.drain();
    return random.story();
  };
  for (std::uint64_t seed = 0; seed < 50; ++seed) ASSERT_EQ(story(seed), story(seed));
}

}  // namespace
}  // namespace swarmlab::swarm
