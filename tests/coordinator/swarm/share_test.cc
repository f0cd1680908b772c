// Workers' time is shared among labs by their weights.
#include "coordinator/swarm/share.h"

#include <array>
#include <random>

#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

struct Contest {
  std::vector<std::uint32_t> weights;
  std::vector<int> seconds;  // that a task of each lab takes, on average
  std::size_t slots = 1;
};

// The part of all slot time that each lab had.
std::vector<double> shares_of(const Contest& contest, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Lab> labs(contest.weights.size());
  for (std::size_t i = 0; i < labs.size(); ++i) {
    labs[i].id = LabId(i + 1);
    labs[i].settings.weight = contest.weights[i];
  }
  struct Turn {
    std::size_t lab = 0;
    std::int64_t left = 0;
    std::int64_t took = 0;
  };
  Shares shares;
  std::vector<std::optional<Turn>> slots(contest.slots);
  std::vector<double> time(labs.size());
  constexpr int kSeconds = 60'000;
  for (int second = 0; second < kSeconds; ++second) {
    for (std::optional<Turn>& slot : slots) {
      if (slot && slot->left == 0) {
        note_ended(shares, labs[slot->lab].id, std::chrono::seconds(slot->took));
        slot.reset();
      }
      if (!slot) {
        std::vector<Contender> contenders;
        for (const Lab& lab : labs) contenders.push_back({.lab = &lab, .running = 0});
        for (const auto& other : slots) {
          if (other) contenders[other->lab].running += 1;
        }
        const std::size_t lab = whose_turn(shares, contenders);
        note_granted(shares, labs[lab]);
        const auto most = static_cast<std::uint64_t>(2 * contest.seconds[lab] - 1);
        const auto takes = static_cast<std::int64_t>(1 + random() % most);
        slot = Turn{.lab = lab, .left = takes, .took = takes};
      }
      slot->left -= 1;
      time[slot->lab] += 1.0 / (kSeconds * static_cast<double>(contest.slots));
    }
  }
  return time;
}

TEST(Shares, ConvergeToTheWeightsWhateverTasksTakeAndHoweverFewSlotsThereAre) {
  const std::array<Contest, 7> contests{{
      {.weights = {1, 1}, .seconds = {20, 20}, .slots = 1},
      {.weights = {1, 3}, .seconds = {20, 20}, .slots = 1},
      {.weights = {1, 3}, .seconds = {20, 20}, .slots = 2},
      {.weights = {1, 1}, .seconds = {5, 50}, .slots = 1},
      {.weights = {1, 2, 5}, .seconds = {30, 10, 20}, .slots = 3},
      {.weights = {1, 2, 5}, .seconds = {10, 40, 20}, .slots = 16},
      {.weights = {1, 1, 1, 1, 4}, .seconds = {20, 20, 20, 20, 20}, .slots = 8},
  }};
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    for (const Contest& contest : contests) {
      const std::vector<double> shares = shares_of(contest, seed);
      double all = 0;
      for (const std::uint32_t weight : contest.weights) all += weight;
      for (std::size_t i = 0; i < shares.size(); ++i) {
        const double due = contest.weights[i] / all;
        EXPECT_NEAR(shares[i], due, due / 10) << "lab " << i << " of " << shares.size()
                                              << ", slots " << contest.slots << ", seed " << seed;
      }
    }
  }
}

TEST(Shares, ALabThatHadNoWorkForLongDoesNotCatchUp) {
  std::vector<Lab> labs(2);
  for (std::size_t i = 0; i < 2; ++i) labs[i].id = LabId(i + 1);
  Shares shares;
  for (int i = 0; i < 100; ++i) note_granted(shares, labs[0]);
  int second = 0;
  for (int i = 0; i < 20; ++i) {
    const std::array<Contender, 2> both{Contender{.lab = labs.data()}, Contender{.lab = &labs[1]}};
    const std::size_t lab = whose_turn(shares, both);
    if (lab == 1) ++second;
    note_granted(shares, labs[lab]);
  }
  EXPECT_NEAR(second, 10, 1);
}

TEST(Shares, ALabThatComesLaterGetsItsPlacesAtOnce) {
  std::vector<Lab> labs(2);
  for (std::size_t i = 0; i < 2; ++i) labs[i].id = LabId(i + 1);
  const std::array<Contender, 2> both{Contender{.lab = labs.data(), .running = 99},
                                      Contender{.lab = &labs[1], .running = 0}};
  EXPECT_EQ(whose_turn({}, both), 1U);
}

TEST(Shares, PausedLabsAreSkippedAndTheirWorkersGoToTheOthers) {
  SwarmUnderTest swarm;
  for (const char* name : {"a", "b"}) swarm.open(settings_named(name));
  swarm.arrive("w");
  swarm.tell(
      SetLabStatus{.lab = "a", .wish = SetLabStatus::Wish::pause, .reason = {}, .who = "ann"});
  EXPECT_EQ(swarm.work_for("w").lab, swarm.lab("b").id);
}

}  // namespace
}  // namespace swarmlab::swarm
