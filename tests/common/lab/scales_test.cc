// [[scale]] and [holdout] of lab.toml.
#include <gtest/gtest.h>

#include "common/lab/lab.h"
#include "common/lab/lab_check.h"
#include "common/lab/relevance.h"

namespace swarmlab {
namespace {

const std::string kLabWithScales =
    "[artifact]\neditable = [\"src/**\"]\n"
    "[evaluator]\ncommand = \"sh measure.sh\"\ntimeout = \"1m\"\n"
    "[agent]\ncommand = \"sh agent.sh\"\n";

Result<LabSettings> read_scales(const std::string& more) {
  return read_lab(kLabWithScales + more, "", "tower");
}

std::string wrong(const std::string& more) {
  const auto settings = read_scales(more);
  return settings ? "nothing is wrong" : settings.error().message;
}

const std::string kTwo = "[[scale]]\nname = \"small\"\n[[scale]]\nname = \"large\"\n";

TEST(Scales, TheFirstIsWhereExperimentsStart) {
  const auto settings = read_scales(
      "[[scale]]\nname = \"small\"\ntimeout = \"5s\"\nresources = { cpus = 2 }\n"
      "[[scale]]\nname = \"large\"\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->scale, "small");
  EXPECT_EQ(settings->evaluator.timeout, std::chrono::seconds(5));
  EXPECT_EQ(settings->needs.amount.cpu_millis, 2000U);
  EXPECT_EQ(settings->scales.size(), 2U);
  EXPECT_DOUBLE_EQ(settings->scales[1].promotion.fraction, 0.25) << "unless it says otherwise";
}

TEST(Scales, SayAllThatDiffersThere) {
  const auto settings =
      read_scales(kTwo +
                  "promote = \"top 10%\"\nfloor = 20\napprove = true\n"
                  "env = { DEPTH = \"24\" }\noverlay = \"scales/large\"\n"
                  "timeout = \"2h\"\nresources = { gpus = 8 }\nlabels = [\"h100\"]\n"
                  "max_experiments = 12\nmax_hours = 1.5\n");
  ASSERT_TRUE(settings) << settings.error().message;
  const Scale& large = settings->scales[1];
  EXPECT_DOUBLE_EQ(large.promotion.fraction, 0.1);
  EXPECT_EQ(large.promotion.floor, 20U);
  EXPECT_TRUE(large.promotion.approve);
  ASSERT_EQ(large.env.size(), 1U);
  EXPECT_EQ(large.env[0], (Variable{.name = "DEPTH", .value = "24"}));
  EXPECT_EQ(large.overlay, "scales/large");
  EXPECT_EQ(large.timeout, std::chrono::hours(2));
  EXPECT_EQ(large.needs->amount.gpus, 8U);
  EXPECT_EQ(large.needs->labels, std::vector<std::string>{"h100"});
  EXPECT_EQ(large.max_experiments, 12U);
  EXPECT_EQ(large.max_time, std::chrono::minutes(90));
  EXPECT_EQ(settings->evaluator.timeout, std::chrono::minutes(1)) << "only there";
}

TEST(Scales, PromoteByAMarginToo) {
  const auto relative = read_scales(kTwo + "promote = \"1%\"\n");
  ASSERT_TRUE(relative);
  EXPECT_EQ(relative->scales[1].promotion.fraction, 0.0);
  EXPECT_EQ(relative->scales[1].promotion.margin, (Improvement{.amount = 0.01, .relative = true}));
  const auto absolute = read_scales(kTwo + "promote = 0.5\n");
  ASSERT_TRUE(absolute);
  EXPECT_EQ(absolute->scales[1].promotion.margin, (Improvement{.amount = 0.5, .relative = false}));
}

TEST(Scales, AreRefusedWithWhatWasExpected) {
  EXPECT_NE(wrong("[[scale]]\n").find("has no name"), std::string::npos);
  EXPECT_NE(wrong("[[scale]]\nname = \"a\"\n[[scale]]\nname = \"a\"\n").find("no other scale has"),
            std::string::npos);
  EXPECT_NE(wrong("[[scale]]\nname = \"a\"\npromote = \"top 5%\"\n").find("first scale"),
            std::string::npos);
  EXPECT_NE(wrong("[[scale]]\nname = \"a\"\noverlay = \"scales/a\"\n").find("the lab's own"),
            std::string::npos);
  EXPECT_NE(wrong(kTwo + "promote = \"top 0%\"\n").find("top 25%"), std::string::npos);
  EXPECT_NE(wrong(kTwo + "promote = \"best\"\n").find("top 25%"), std::string::npos);
  EXPECT_NE(wrong(kTwo + "env = { SWARMLAB_SCALE = \"x\" }\n").find("SWARMLAB_SCALE"),
            std::string::npos);
  EXPECT_NE(wrong(kTwo + "env = { DEPTH = 24 }\n").find("DEPTH"), std::string::npos);
  EXPECT_NE(wrong(kTwo + "overlay = \"../elsewhere\"\n").find("overlay"), std::string::npos);
  EXPECT_NE(wrong(kTwo + "gpus = 8\n").find("gpus"), std::string::npos);
}

TEST(Scales, AnOverlayMustNotReplaceWhatAgentsEdit) {
  const std::string toml = kLabWithScales + kTwo + "overlay = \"scales/large\"\n";
  std::vector<std::string> files{"lab.toml", "measure.sh", "agent.sh", "src/a.py"};
  const auto missing = check_lab(toml, "", files);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("nothing in the commit is below it"), std::string::npos);
  files.push_back("scales/large/config.py");
  EXPECT_TRUE(check_lab(toml, "", files));
  files.push_back("scales/large/src/a.py");
  const auto over = check_lab(toml, "", files);
  ASSERT_FALSE(over);
  EXPECT_NE(over.error().message.find("agents may edit src/a.py"), std::string::npos);
}

TEST(Scales, AreWhatScoresDependOnWithTheFilesThatAreLaidOver) {
  const std::vector<std::string> files{"lab.toml", "measure.sh", "agent.sh", "src/a.py",
                                       "scales/large/config.py"};
  const auto text_of = [&](const std::string& more, const std::string& id) {
    const auto lab = check_lab(kLabWithScales + more, "", files);
    EXPECT_TRUE(lab);
    const auto relevance = Relevance::of(*lab, files);
    return evaluator_text(lab->settings, *relevance,
                          {{.path = "scales/large/config.py", .mode = 33188, .id = id}});
  };
  const std::string scales = kTwo + "overlay = \"scales/large\"\n";
  EXPECT_NE(text_of(scales, "1"), text_of(scales, "2"));
  EXPECT_NE(text_of(scales, "1"), text_of(scales + "env = { DEPTH = \"24\" }\n", "1"));
  EXPECT_EQ(text_of(scales, "1"), text_of(scales + "promote = \"top 5%\"\n", "1"));
}

TEST(Holdout, IsAFolderThatEveryWorkerHas) {
  const auto settings = read_scales("[holdout]\ndata = \"path:/srv/holdout\"\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->holdout.kind, DataSource::Kind::host_path);
  EXPECT_NE(wrong("[holdout]\ndata = \"data/holdout\"\n").find("agents would see"),
            std::string::npos);
  EXPECT_NE(wrong("[holdout]\n").find("has no data"), std::string::npos);
}

}  // namespace
}  // namespace swarmlab
