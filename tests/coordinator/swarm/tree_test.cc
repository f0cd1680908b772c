// Labs form a tree: a part of it is steered as one, and a branch stays the branch that it is.
#include <gtest/gtest.h>

#include "coordinator/swarm/find.h"
#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::swarm {
namespace {

using Wish = SetLabStatus::Wish;

class Tree : public testing::Test {
 protected:
  SwarmUnderTest swarm;

  void SetUp() override {
    for (const char* name : {"models/tiny", "models/tiny/wide", "models/base", "modelspace"}) {
      swarm.open(settings_named(name));
    }
  }
  Reply steer(Wish wish, const std::string& place, bool below = true) {
    return swarm.tell(
        SetLabStatus{.lab = place, .wish = wish, .reason = "why", .who = "ann", .below = below});
  }
  // "name: before -> after", of those that were named.
  std::vector<std::string> told(Wish wish, const std::string& place, bool below = true) {
    const Reply reply = steer(wish, place, below);
    const auto* steered = std::get_if<LabsSteered>(&reply);
    if (steered == nullptr) return {SwarmUnderTest::said(reply)};
    std::vector<std::string> lines;
    for (const LabsSteered::One& one : steered->labs) {
      lines.push_back(swarm.state.labs.at(one.lab).settings.name + ": " + word(one.before) +
                      " -> " + word(one.after) + (one.why.empty() ? "" : " (refused)"));
    }
    return lines;
  }
  static std::string word(LabStatus status) {
    switch (status) {
      case LabStatus::running:
        return "running";
      case LabStatus::paused:
        return "paused";
      case LabStatus::stopping:
        return "stopping";
      case LabStatus::stopped:
        return "stopped";
    }
    return "?";
  }
  using Lines = std::vector<std::string>;
};

TEST_F(Tree, APlaceNamesTheLabsBelowItByWholeWords) {
  EXPECT_TRUE(is_below("models/tiny", "models"));
  EXPECT_TRUE(is_below("models", ""));
  EXPECT_FALSE(is_below("modelspace", "models"));
  EXPECT_FALSE(is_below("models", "models"));
}

TEST_F(Tree, APausedPlacePausesAllBelowItAndNothingElse) {
  EXPECT_EQ(told(Wish::pause, "models"),
            (Lines{"models/tiny: running -> paused", "models/tiny/wide: running -> paused",
                   "models/base: running -> paused"}));
  EXPECT_EQ(swarm.lab("modelspace").status, LabStatus::running);
}

TEST_F(Tree, ALabIsSteeredWithWhatIsBelowItOrAlone) {
  EXPECT_EQ(told(Wish::pause, "models/tiny", false), Lines{"models/tiny: running -> paused"});
  EXPECT_EQ(told(Wish::pause, "models/tiny"),
            (Lines{"models/tiny: paused -> paused", "models/tiny/wide: running -> paused"}));
}

TEST_F(Tree, TheSameWishAgainChangesNothing) {
  (void)steer(Wish::pause, "models");
  const Reply again = steer(Wish::pause, "models");
  EXPECT_TRUE(std::holds_alternative<LabsSteered>(again));
  EXPECT_TRUE(swarm.last.empty());
}

TEST_F(Tree, WhatCannotBePausedDoesNotKeepTheOthersFromIt) {
  (void)steer(Wish::stop, "models/base");
  EXPECT_EQ(told(Wish::pause, "models"),
            (Lines{"models/tiny: running -> paused", "models/tiny/wide: running -> paused",
                   "models/base: stopped -> stopped (refused)"}));
}

TEST_F(Tree, AWishThatNoLabCanFollowIsRefused) {
  (void)steer(Wish::stop, "models");
  const Reply reply = steer(Wish::pause, "models");
  ASSERT_TRUE(std::holds_alternative<Error>(reply));
  EXPECT_EQ(std::get<Error>(reply).code, ErrorCode::conflict);
}

TEST_F(Tree, TheEmptyPlaceIsTheWholeSwarm) {
  EXPECT_EQ(told(Wish::stop, "").size(), 4U);
  for (const auto& [id, lab] : swarm.state.labs) EXPECT_EQ(lab.status, LabStatus::stopped);
}

TEST_F(Tree, AnUnknownPlaceIsRefusedWithTheNamesThatThereAre) {
  const Reply reply = steer(Wish::pause, "model");
  ASSERT_TRUE(std::holds_alternative<Error>(reply));
  EXPECT_EQ(std::get<Error>(reply).code, ErrorCode::not_found);
  EXPECT_NE(std::get<Error>(reply).message.find("models/tiny"), std::string::npos);
}

class Branches : public testing::Test {
 protected:
  SwarmUnderTest swarm;

  void SetUp() override { swarm.open(settings_named("lab")); }
  static OpenLab branching(const std::string& name, std::uint64_t experiment) {
    OpenLab command{.settings = settings_named(name), .segment = measured_by(1), .who = "ann"};
    command.origin =
        LabOrigin{.parent = LabId(1), .experiment = ExperimentNumber(experiment), .set = {"a.b=1"}};
    return command;
  }
  Error refused(const OpenLab& command) {
    const Reply reply = swarm.tell(command);
    const auto* error = std::get_if<Error>(&reply);
    EXPECT_TRUE(swarm.last.empty());
    return error == nullptr ? Error{ErrorCode::internal, "no error"} : *error;
  }
};

TEST_F(Branches, ABranchKnowsWhereItBegan) {
  swarm.expect<LabIsOpen>(branching("lab/wide", 3));
  const Lab& lab = swarm.lab("lab/wide");
  EXPECT_EQ(lab.origin, branching("lab/wide", 3).origin);
  EXPECT_EQ(lab.status, LabStatus::running);
}

TEST_F(Branches, TheSameBranchAgainIsTheSameLab) {
  swarm.expect<LabIsOpen>(branching("lab/wide", 3));
  EXPECT_TRUE(swarm.expect<LabIsOpen>(branching("lab/wide", 3)).resumed);
  EXPECT_EQ(swarm.state.labs.size(), 2U);
}

TEST_F(Branches, ANameIsOfOneLabOnly) {
  swarm.expect<LabIsOpen>(branching("lab/wide", 3));
  EXPECT_EQ(refused(branching("lab/wide", 4)).code, ErrorCode::conflict);
  EXPECT_EQ(refused(branching("lab", 3)).code, ErrorCode::conflict);
  const OpenLab from_a_folder{
      .settings = settings_named("lab/wide"), .segment = measured_by(1), .who = "ann"};
  EXPECT_EQ(refused(from_a_folder).code, ErrorCode::conflict);
}

TEST_F(Branches, ABranchOfALabThatIsNotThereIsRefused) {
  OpenLab command = branching("other/wide", 3);
  command.origin->parent = LabId(9);
  EXPECT_EQ(refused(command).code, ErrorCode::not_found);
}

}  // namespace
}  // namespace swarmlab::swarm
