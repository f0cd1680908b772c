// What holds for every policy, whatever happened before.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "common/model/names.h"
#include "common/result.h"
#include "tests/coordinator/policy/kept_lab.h"

namespace swarmlab::policy {
namespace {

template <class T>
T below(T end) {
  return *rc::gen::inRange<T>(0, end);
}

Search any_search() {
  return {.width = 1 + below(6U),
          .exploration = below(5U) / 2.0,
          .islands = 1 + below(5U),
          .migration_every = below<std::uint64_t>(4),
          .reset_every = below<std::uint64_t>(6),
          .max_parent_age = below<std::uint64_t>(2) * (1 + below<std::uint64_t>(12)),
          .seed = below<std::uint64_t>(100)};
}

PolicyKind any_policy() {
  return kPolicies[below(kPolicies.size())];
}

// A worker asks; one that began before is decided; now and then a person changes the policy.
class History {
 public:
  KeptLab lab;

  explicit History(KeptLab start) : lab(std::move(start)) { lab.keep(1, 50.0); }

  void happen() {
    switch (below(8)) {
      case 0:
      case 1:
      case 2:
        return begin();
      case 3:
        if (below(4) == 0) lab.choose(any_policy(), any_search());
        return;
      default:
        return decide();
    }
  }

 private:
  std::vector<std::pair<std::uint64_t, std::uint64_t>> running_;  // number, parent

  void begin() {
    const std::uint64_t number = lab.next;
    running_.emplace_back(number, lab.begin_next().parent.value());
  }

  void decide() {
    if (running_.empty()) return begin();
    const auto place = running_.begin() + static_cast<std::ptrdiff_t>(below(running_.size()));
    const auto [number, parent] = *place;
    running_.erase(place);
    if (below(2) == 0) lab.keep(number, below(60), parent);
    lab.decide_one();
  }
};

constexpr int kSteps = 120;

RC_GTEST_PROP(AnyHistory, LeadsToWhatTheFactsAloneGive, ()) {
  History history(KeptLab(any_policy(), any_search()));
  for (int i = 0; i < kSteps; ++i) {
    history.happen();
    RC_ASSERT(history.lab.candidates == history.lab.remade());
  }
}

RC_GTEST_PROP(AnyHistory, LetsEveryPolicyPickOneThatIsKeptAndSayWhy, ()) {
  History history(KeptLab(any_policy(), any_search()));
  for (int i = 0; i < kSteps; ++i) {
    history.happen();
    for (const PolicyKind policy : kPolicies) {
      if (policy == PolicyKind::islands && history.lab.islands.empty()) continue;
      const Pick pick = pick_parent(policy, history.lab.view());
      RC_ASSERT(history.lab.frontier.contains(pick.parent));
      RC_ASSERT(pick.because.find(fmt::format("#{}", pick.parent.value())) != std::string::npos);
      RC_ASSERT(pick.because.find(name_of(policy)) != std::string::npos);
    }
  }
}

RC_GTEST_PROP(AnyHistory, RanksEveryKeptOneOnceAndFirstWhatIsPicked, ()) {
  History history(KeptLab(any_policy(), any_search()));
  for (int i = 0; i < kSteps; ++i) history.happen();
  for (const PolicyKind policy : kPolicies) {
    history.lab.policy = policy;
    Numbers order = history.lab.order();
    RC_ASSERT(order.front() == history.lab.parent());
    std::ranges::sort(order);
    RC_ASSERT(order.size() == history.lab.frontier.size());
    RC_ASSERT(std::ranges::adjacent_find(order) == order.end());
  }
}

RC_GTEST_PROP(AnyHistory, NeverGoesOnFromOneThatIsTooOldUnlessItIsTheBest, ()) {
  History history(KeptLab(any_policy(), any_search()));
  for (int i = 0; i < kSteps; ++i) {
    history.happen();
    const KeptLab& lab = history.lab;
    for (const PolicyKind policy : kPolicies) {
      if (policy == PolicyKind::best_of_n || lab.search.max_parent_age == 0) continue;
      const std::uint64_t parent = pick_parent(policy, lab.view()).parent.value();
      const std::uint64_t began_after = lab.next - 1 - parent;
      RC_ASSERT(parent == lab.best || began_after <= lab.search.max_parent_age);
    }
  }
}

RC_GTEST_PROP(AnyHistory, PicksTheSameAgainWithTheSameSeed, ()) {
  const auto policy = any_policy();
  const Search search = any_search();
  const auto scores = *rc::gen::container<std::vector<int>>(60, rc::gen::inRange(0, 50));
  const auto picks = [&] {
    KeptLab lab(policy, search);
    lab.keep(1, 25.0);
    std::vector<Pick> all;
    for (const int score : scores) {
      const std::uint64_t number = lab.next;
      all.push_back(lab.begin_next());
      if (score < 25) lab.keep(number, score, all.back().parent.value());
      lab.decide_one();
    }
    return all;
  };
  RC_ASSERT(picks() == picks());
}

// What is worth keeping is among the kept, and worse than the best: else it is simply the best that
// has to be beaten.
RC_GTEST_PROP(AnyHistory, HasReferencesBesideTheBestThatAreWorse, ()) {
  History history(KeptLab(any_policy(), any_search()));
  for (int i = 0; i < kSteps; ++i) history.happen();
  const KeptLab& lab = history.lab;
  for (const PolicyKind policy : kPolicies) {
    for (const auto& [parent, entry] : lab.frontier) {
      const auto reference =
          reference_beside_best(policy, lab.view(), ExperimentNumber(lab.next), parent);
      if (!reference) continue;
      RC_ASSERT(lab.frontier.at(*reference).score >
                lab.frontier.at(ExperimentNumber(lab.best)).score);
    }
  }
}

TEST(ParentAge, CountsExperimentsThatBeganAfter) {
  KeptLab lab(PolicyKind::beam, {.width = 2, .max_parent_age = 3});
  lab.keep(1, 5.0);
  lab.keep(2, 4.0, 1, 100);
  EXPECT_EQ(lab.parent(), 1U);
  lab.expect(5);  // 2, 3 and 4 began
  EXPECT_EQ(lab.parent(), 1U);
  lab.expect(6);
  EXPECT_EQ(lab.parent(), 2U);
  lab.expect(60);
  EXPECT_EQ(lab.parent(), 2U) << "the best is never too old";
  EXPECT_EQ(lab.order(), (Numbers{2, 1}));
}

TEST(ParentAge, OfTheFormerBestCountsOnceThereIsABetterOne) {
  KeptLab lab(PolicyKind::ucb, {.exploration = 1000, .max_parent_age = 3});
  lab.keep(1, 5.0);
  lab.keep(50, 4.0, 1, 7);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(lab.begin_next().parent, ExperimentNumber(50));
}

TEST(ParentAge, DoesNotTouchTheControl) {
  KeptLab lab(PolicyKind::best_of_n, {.max_parent_age = 3});
  lab.keep(1, 5.0);
  lab.keep(50, 4.0);
  EXPECT_EQ(lab.parent(), 1U);
}

TEST(ParentAge, OnAnIslandWithoutYoungOnesTheBestOfAllGoesOn) {
  KeptLab lab(PolicyKind::islands, {.islands = 4, .max_parent_age = 3});
  lab.keep(1, 5.0);
  lab.keep(2, 4.0);
  lab.expect(80);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(lab.begin_next().parent, ExperimentNumber(2));
}

TEST(ManyKept, TenThousandAreSearchedByEveryPolicy) {
  for (const PolicyKind policy : kPolicies) {
    KeptLab lab(policy, {.width = 16, .islands = 8});
    lab.keep(1, 1e6);
    for (std::uint64_t number = 2; number <= 10'000; ++number) {
      lab.keep(number, 1e6 - static_cast<double>(number), number - 1 - number % 3 / 2);
    }
    for (int i = 0; i < 10'000; ++i) {
      const Pick pick = lab.begin_next();
      ASSERT_TRUE(lab.frontier.contains(pick.parent));
      ASSERT_TRUE(policy == PolicyKind::best_of_n || pick.parent > ExperimentNumber(5'000));
    }
    EXPECT_TRUE(lab.candidates == lab.remade()) << name_of(policy);
    EXPECT_EQ(lab.candidates.visits(), 10'000U);
  }
}

}  // namespace
}  // namespace swarmlab::policy
