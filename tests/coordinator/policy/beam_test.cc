#include <map>

#include "tests/coordinator/policy/kept_lab.h"

namespace swarmlab::policy {
namespace {

class Beam : public testing::Test {
 protected:
  KeptLab lab{PolicyKind::beam, {.width = 3}};

  // The lower the better: 5 is the best, 1 the worst.
  void five_kept() {
    for (std::uint64_t number = 1; number <= 5; ++number) {
      lab.keep(number, 10.0 - static_cast<double>(number), number - 1);
    }
  }
};

TEST_F(Beam, TakesTheBestInTurn) {
  five_kept();
  Numbers picked;
  for (int i = 0; i < 7; ++i) picked.push_back(lab.begin_next().parent.value());
  EXPECT_EQ(picked, (Numbers{5, 4, 3, 5, 4, 3, 5}));
}

TEST_F(Beam, SaysThePlaceAndTheVisits) {
  five_kept();
  lab.begin_next();
  EXPECT_EQ(lab.because(), "beam: #4, 6, place 2 of the best 3, 0 visits");
}

TEST_F(Beam, SpreadsWorkersThatAskAtTheSameTime) {
  five_kept();
  std::map<std::uint64_t, int> workers;
  for (int i = 0; i < 60; ++i) workers[lab.begin_next().parent.value()] += 1;
  EXPECT_EQ(workers, (std::map<std::uint64_t, int>{{3, 20}, {4, 20}, {5, 20}}));
}

TEST_F(Beam, LeavesOutWhatIsNoLongerAmongTheBest) {
  five_kept();
  lab.keep(6, 1.0, 5);
  lab.keep(7, 9.5, 5);
  EXPECT_EQ(lab.order(), (Numbers{6, 5, 4, 3, 2, 1, 7}));
}

TEST_F(Beam, IsNoWiderThanWhatIsKept) {
  lab.keep(1, 3.0);
  EXPECT_EQ(lab.because(), "beam: #1, 3, place 1 of the best 1, 0 visits");
}

TEST_F(Beam, OfWidthOneIsGreedy) {
  lab = KeptLab(PolicyKind::beam, {.width = 1});
  five_kept();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(lab.begin_next().parent, ExperimentNumber(5));
}

TEST_F(Beam, OfNoWidthIsStillOne) {
  lab = KeptLab(PolicyKind::beam, {.width = 0});
  five_kept();
  EXPECT_EQ(lab.parent(), 5U);
}

TEST_F(Beam, KeepsWhatBeatsItsParentAndGetsIn) {
  const auto to_beat = [this](std::uint64_t parent) {
    return reference_beside_best(lab.policy, lab.view(), ExperimentNumber(9),
                                 ExperimentNumber(parent));
  };
  lab.keep(1, 9.0);
  lab.keep(2, 8.0);
  EXPECT_EQ(to_beat(1), ExperimentNumber(1));  // the beam is not full: its parent
  lab.keep(3, 7.0);
  lab.keep(4, 6.0);
  EXPECT_EQ(to_beat(1), ExperimentNumber(2));  // the last of the beam
  EXPECT_EQ(to_beat(3), ExperimentNumber(3));
  EXPECT_EQ(to_beat(4), std::nullopt);  // the best itself
}

}  // namespace
}  // namespace swarmlab::policy
