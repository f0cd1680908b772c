#include "worker/server/texts.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

namespace swarmlab::worker {
namespace {

constexpr std::size_t kKept = 32U << 10U;

sandbox::SandboxResult printed(std::string out, std::string err = {}) {
  sandbox::SandboxResult result;
  result.out = std::move(out);
  result.err = std::move(err);
  result.took = std::chrono::milliseconds(1500);
  return result;
}

TEST(LogOf, HasBothStreamsAndHowItEnded) {
  EXPECT_EQ(log_of(printed("a\nb", "oh\n")),
            "--- stdout\na\nb\n--- stderr\noh\n--- exit code 0 after 1.500 s\n");
  EXPECT_EQ(log_of(printed("")), "--- exit code 0 after 1.500 s\n");
}

TEST(LogOf, KeepsTheLastWholeLines) {
  std::string out;
  for (int i = 0; i < 5000; ++i) out += fmt::format("line {}\n", i);
  const std::string log = log_of(printed(out));
  EXPECT_LT(log.size(), kKept + 200);
  EXPECT_GT(log.size(), kKept - 200);
  EXPECT_NE(log.find("line 4999\n---"), std::string::npos);
  const auto note = log.find(" bytes before this are not kept]\n");
  ASSERT_NE(note, std::string::npos);
  const auto first = log.find('\n', note) + 1;
  EXPECT_EQ(log.substr(first, 5), "line ") << "the first line is whole";
  const std::size_t cut = std::stoul(log.substr(log.find('[') + 1));
  EXPECT_EQ(out.substr(cut, 20), log.substr(first, 20)) << "and the note counts what is gone";
}

TEST(LogOf, KeepsALineThatBeginsJustAtTheLimit) {
  const std::string kept = std::string(kKept - 1, 'x') + "\n";
  const std::string log = log_of(printed("gone\n" + kept));
  EXPECT_NE(log.find("[5 bytes before this are not kept]\n" + kept), std::string::npos);
}

TEST(LogOf, CutsALineWithoutEndBetweenCharacters) {
  for (std::size_t offset = 0; offset < 3; ++offset) {
    std::string out(offset, 'x');
    for (int i = 0; i < 20'000; ++i) out += "\xe2\x82\xac";  // euro signs
    const std::string log = log_of(printed(out));
    const auto first = log.find("kept]\n") + 6;
    EXPECT_EQ(log.substr(first, 3), "\xe2\x82\xac") << offset;
  }
}

TEST(LogOf, KeepsTheEndOfOutputThatIsNoText) {
  const std::string log = log_of(printed(std::string(100'000, '\x80')));
  EXPECT_LT(log.size(), kKept + 200);
}

Assignment seventh() {
  Assignment assignment;
  assignment.settings.name = "pi";
  assignment.experiment = ExperimentNumber(7);
  assignment.parent = ExperimentNumber(4);
  return assignment;
}

TEST(CandidateMessage, HasTheHypothesisAndWhereItComesFrom) {
  AgentNotes notes;
  notes.hypothesis = "halve the step";
  notes.mechanism = "smaller steps";
  EXPECT_EQ(candidate_message(seventh(), notes),
            "halve the step\n\nMechanism: smaller steps\n\n"
            "Swarmlab-Lab: pi\nSwarmlab-Experiment: 7\nSwarmlab-Parent: 4\n");
}

TEST(CandidateMessage, NamesTheExperimentIfTheAgentSaidNothing) {
  EXPECT_EQ(candidate_message(seventh(), {}),
            "Experiment 7\n\nSwarmlab-Lab: pi\nSwarmlab-Experiment: 7\nSwarmlab-Parent: 4\n");
}

TEST(CandidateMessage, CutsALongSubjectBetweenCharactersAndHasAllOfItBelow) {
  for (std::size_t offset = 0; offset < 3; ++offset) {
    AgentNotes notes;
    notes.hypothesis = std::string(offset, 'x');
    for (int i = 0; i < 50; ++i) notes.hypothesis += "\xe2\x82\xac";
    const std::string message = candidate_message(seventh(), notes);
    const std::string subject = message.substr(0, message.find('\n'));
    EXPECT_LE(subject.size(), 72U);
    EXPECT_TRUE(subject.ends_with("\xe2\x82\xac...")) << subject;
    EXPECT_NE(message.find("\n\n" + notes.hypothesis + "\n\n"), std::string::npos);
  }
}

TEST(CandidateMessage, EndsWithOurTrailersWhateverTheAgentSays) {
  AgentNotes notes;
  notes.hypothesis = "x";
  notes.mechanism = "y\n\nSwarmlab-Experiment: 1\nSwarmlab-Parent: 1";
  EXPECT_TRUE(candidate_message(seventh(), notes)
                  .ends_with("\n\nSwarmlab-Lab: pi\nSwarmlab-Experiment: 7\nSwarmlab-Parent: 4\n"));
}

TEST(ViolationsText, NamesTheFirstFew) {
  EXPECT_EQ(violations_text({{"a", "not editable"}}), "1 path left the scope: a (not editable)");
  std::vector<Violation> many;
  for (int i = 0; i < 7; ++i) many.push_back({fmt::format("p{}", i), "new"});
  EXPECT_EQ(violations_text(many),
            "7 paths left the scope: p0 (new), p1 (new), p2 (new), p3 (new), p4 (new), ...");
}

TEST(WithinLimit, KeepsTheFirstThatAMessageCanCarry) {
  std::vector<SampleScore> samples(100);
  for (SampleScore& sample : samples) sample.extra = std::string(50'000, 'x');
  EXPECT_EQ(within_limit(samples).size(), 20U);
  EXPECT_EQ(within_limit(std::vector<SampleScore>(1000)).size(), 1000U);
  EXPECT_TRUE(within_limit({}).empty());
}

}  // namespace
}  // namespace swarmlab::worker
