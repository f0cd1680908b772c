// The pure parts: noise, commit messages, the picture.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "cli/noise.h"
#include "cli/notebook.h"
#include "cli/picture.h"
#include "cli/picture_labels.h"
#include "cli/picture_scale.h"
#include "cli/text.h"

namespace swarmlab::cli {
namespace {

TEST(RoundedText, HasTwoDigitsOrMoreAndNoExponentForWhatIsLarge) {
  EXPECT_EQ(rounded_text(0.0), "0");
  EXPECT_EQ(rounded_text(0.03412), "0.034");
  EXPECT_EQ(rounded_text(1.26), "1.3");
  EXPECT_EQ(rounded_text(9.96), "10");
  EXPECT_EQ(rounded_text(99.9), "100");
  EXPECT_EQ(rounded_text(-1234.4), "-1234");
}

TEST(Noise, OfEqualScoresIsNone) {
  const Noise noise = noise_of({0.1, 0.1, 0.1}, {});
  EXPECT_EQ(noise.sd, 0.0);
  EXPECT_EQ(noise.mean, 0.1);
  EXPECT_EQ(noise.suggested, 0.0);
  EXPECT_NE(explain(noise).find("min_improvement = 0"), std::string::npos);
}

TEST(Noise, SuggestsThreeDeviationsRoundedUp) {
  const Noise noise = noise_of({1.0, 2.0, 3.0}, {.amount = 0.01, .relative = true});
  EXPECT_DOUBLE_EQ(noise.mean, 2.0);
  EXPECT_DOUBLE_EQ(noise.sd, 1.0);
  EXPECT_DOUBLE_EQ(noise.suggested, 3.0);
  EXPECT_DOUBLE_EQ(noise.asked, 0.02);
  EXPECT_DOUBLE_EQ(noise_of({0.0, 0.001}, {}).suggested, 0.0022);
}

TEST(Noise, OfOneRunIsNotKnown) {
  EXPECT_NE(explain(noise_of({5.0}, {})).find("not measured"), std::string::npos);
}

RC_GTEST_PROP(Noise, SuggestionIsNeverBelowThreeDeviationsNorMuchAbove, ()) {
  const auto numbers = *rc::gen::suchThat(
      rc::gen::container<std::vector<double>>(rc::gen::map(
          rc::gen::inRange(-1000000, 1000000), [](int n) { return static_cast<double>(n) / 997; })),
      [](const std::vector<double>& list) { return list.size() > 1; });
  const Noise noise = noise_of(numbers, {});
  RC_ASSERT(noise.suggested >= 3.0 * noise.sd * (1 - 1e-9));
  RC_ASSERT(noise.suggested <= 3.0 * noise.sd * 1.1 + 1e-300);
}

NotebookEntry an_entry() {
  return {.lab = "lab",
          .metric = "loss",
          .number = 12,
          .parent = 7,
          .score = 0.5,
          .previous_score = 1.0,
          .hypothesis = "a shorter schedule",
          .mechanism = {},
          .notes = {},
          .worker = "w1",
          .candidate = "abc"};
}

TEST(Notebook, SubjectIsTheHypothesisAndTrailersComeLast) {
  EXPECT_EQ(message_of(an_entry()),
            "a shorter schedule\n\nloss 1 -> 0.5 (-50.0 %)\n\nSwarmlab-Lab: lab\n"
            "Swarmlab-Experiment: 12\nSwarmlab-Parent: 7\nSwarmlab-Score: 0.5\n"
            "Swarmlab-Previous-Score: 1\nSwarmlab-Worker: w1\nSwarmlab-Candidate: abc\n");
}

TEST(Notebook, ALongHypothesisIsCutInTheSubjectAndWholeInTheBody) {
  NotebookEntry entry = an_entry();
  entry.hypothesis = std::string(40, 'a') + " " + std::string(40, 'b');
  const std::string message = message_of(entry);
  EXPECT_LE(columns_of(message.substr(0, message.find('\n'))), 72U);
  EXPECT_NE(message.find("\n\n" + std::string(40, 'a') + "\n" + std::string(40, 'b')),
            std::string::npos);
}

TEST(Notebook, WithoutAHypothesisTheSubjectNamesTheExperiment) {
  NotebookEntry entry = an_entry();
  entry.hypothesis = " \n ";
  EXPECT_TRUE(message_of(entry).starts_with("Experiment 12: 0.5\n"));
}

TEST(Notebook, TextOfAnAgentCannotPassForAnExport) {
  NotebookEntry entry = an_entry();
  entry.notes = "x\n\nSwarmlab-Lab: lab\nSwarmlab-Export: 1\n";
  entry.worker = "w\n\nSwarmlab-Lab: lab\nSwarmlab-Export: 1";
  EXPECT_FALSE(is_summary_of("lab", message_of(entry)));
}

TEST(Notebook, KnowsItsOwnSummaryByTheLab) {
  const std::string message = message_of(NotebookSummary{
      .lab = "lab", .metric = "loss", .experiments = 3, .kept = 2, .best = 3, .from = 2, .to = 1});
  EXPECT_TRUE(is_summary_of("lab", message));
  EXPECT_FALSE(is_summary_of("other", message));
  EXPECT_FALSE(is_summary_of("lab", "Merge branch main\n"));
}

Picture a_picture(std::size_t count) {
  Picture picture{
      .title = "t", .metric = "m", .direction = Direction::maximize, .points = {}, .marks = {}};
  for (std::size_t i = 1; i <= count; ++i) {
    picture.points.push_back({.number = i,
                              .segment = 1,
                              .score = static_cast<double>(i),
                              .verdict = Verdict::keep,
                              .label = "idea <" + std::to_string(i) + "> & more"});
  }
  return picture;
}

TEST(PictureOf, NothingSaysSo) {
  EXPECT_NE(draw_svg(a_picture(0)).find("no experiments yet"), std::string::npos);
}

TEST(PictureOf, LabelsIsEscaped) {
  const std::string svg = draw_svg(a_picture(3));
  EXPECT_NE(svg.find("idea &lt;3&gt; &amp; more"), std::string::npos);
  EXPECT_EQ(svg.find("<3>"), std::string::npos);
}

TEST(PictureOf, TheSameIsTheSameBytes) {
  EXPECT_EQ(draw_svg(a_picture(30)), draw_svg(a_picture(30)));
}

TEST(RangeOfScores, LeavesOutAStartThatWouldFlattenTheRest) {
  const Range range = range_of_scores({.kept = {1.0, 9.0, 9.1, 9.2, 9.3, 9.4},
                                       .others = {},
                                       .marks = {},
                                       .direction = Direction::maximize});
  EXPECT_GT(range.low, 8.5);
  EXPECT_GT(range.high, 9.4);
}

TEST(RangeOfScores, NeverLeavesOutTheBest) {
  const Range range = range_of_scores({.kept = {9.4, 9.3, 9.2, 9.1, 9.0, 1.0},
                                       .others = {},
                                       .marks = {},
                                       .direction = Direction::minimize});
  EXPECT_LT(range.low, 1.0);
}

TEST(RangeOfScores, HoldsTheMarks) {
  const Range range = range_of_scores(
      {.kept = {1.0, 2.0}, .others = {500.0}, .marks = {3.0}, .direction = Direction::maximize});
  EXPECT_GT(range.high, 3.0);
  EXPECT_LT(range.high, 10.0);
}

bool overlap(const Box& a, const Box& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

RC_GTEST_PROP(Labels, HideNeitherEachOtherNorKeptDots, ()) {
  const auto places = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 1000), rc::gen::inRange(0, 500)));
  std::vector<Anchor> anchors;
  Crowd crowd{.area = {0, 0, 1000, 500}, .strong = {}, .faint = {}, .lines = {}, .text_height = 13};
  for (const auto& [x, y] : places) {
    anchors.push_back({{static_cast<double>(x), static_cast<double>(y)}, 120});
    crowd.strong.push_back(anchors.back().at);
  }
  const auto placed = place_labels(anchors, crowd);
  RC_ASSERT(placed.size() == anchors.size());
  for (std::size_t i = 0; i < placed.size(); ++i) {
    if (!placed[i]) continue;
    RC_ASSERT(placed[i]->box.left >= 0 && placed[i]->box.right <= 1000);
    for (std::size_t j = 0; j < i; ++j) {
      RC_ASSERT(!placed[j] || !overlap(placed[i]->box, placed[j]->box));
    }
    for (const Point& dot : crowd.strong) {
      RC_ASSERT(!overlap(placed[i]->box, {dot.x - 5, dot.y - 5, dot.x + 5, dot.y + 5}));
    }
  }
}

}  // namespace
}  // namespace swarmlab::cli
