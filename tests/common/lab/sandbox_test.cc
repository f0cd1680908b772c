// [sandbox] of a lab.toml: what it makes of a lab's needs and of its scores.
#include "common/model/sandbox.h"

#include <gtest/gtest.h>

#include "common/lab/lab.h"
#include "common/lab/lab_check.h"
#include "common/lab/relevance.h"

namespace swarmlab {
namespace {

using Labels = std::vector<std::string>;

constexpr const char* kLab = "[artifact]\neditable = ['a/**']\n[evaluator]\ncommand = 'x'\n";

LabSettings settings_of(const std::string& more) {
  const auto lab = read_lab(kLab + more, "labs/x");
  EXPECT_TRUE(lab.has_value()) << (lab ? "" : lab.error().message);
  return lab ? *lab : LabSettings();
}

TEST(LabSandbox, NeedsNothingUnlessItSaysSo) {
  EXPECT_EQ(settings_of("").needs.labels, Labels());
}

TEST(LabSandbox, NeedsWorkersWithItsDriver) {
  EXPECT_EQ(settings_of("[sandbox]\ndriver = 'podman'").needs.labels, Labels({"sandbox=podman"}));
  EXPECT_EQ(settings_of("[sandbox]\ndriver = 'runner'").needs.labels, Labels({"sandbox=runner"}));
  EXPECT_EQ(settings_of("[sandbox]\ndriver = 'runsc'\nimage = 'x'").needs.labels,
            Labels({"sandbox=runsc"}));
}

TEST(LabSandbox, AWorkerWithGvisorHasContainers) {
  EXPECT_EQ(labels_of({SandboxDriver::runsc}), Labels({"sandbox=runsc", "sandbox=container"}));
}

TEST(LabSandbox, NeedsAnyEngineForAnImage) {
  EXPECT_EQ(settings_of("[sandbox]\nimage = 'python:3.12'").needs.labels,
            Labels({"sandbox=container"}));
}

TEST(LabSandbox, IsWhatLargerScalesNeedToo) {
  const LabSettings settings = settings_of(
      "[resources]\nlabels = ['fast']\n[sandbox]\ndriver = 'docker'\n"
      "[[scale]]\nname = 'small'\n[[scale]]\nname = 'large'\nlabels = ['huge']");
  EXPECT_EQ(settings.needs.labels, Labels({"fast", "sandbox=docker"}));
  ASSERT_TRUE(settings.scales.at(1).needs.has_value());
  EXPECT_EQ(settings.scales.at(1).needs->labels, Labels({"huge", "sandbox=docker"}));
}

TEST(LabSandbox, HasItsContextBesideTheDockerfileUnlessItSaysWhere) {
  const SandboxSettings beside = settings_of("[sandbox]\ndockerfile = 'image/Dockerfile'").sandbox;
  EXPECT_EQ(beside.dockerfile, "labs/x/image/Dockerfile");
  EXPECT_EQ(beside.build_context, "labs/x/image");
  const SandboxSettings above =
      settings_of("[sandbox]\ndockerfile = 'Dockerfile'\nbuild_context = '../images'").sandbox;
  EXPECT_EQ(above.build_context, "labs/images");
}

TEST(LabSandbox, IsWhatScoresDependOn) {
  const std::vector<std::string> files = {"labs/x/lab.toml", "labs/x/a/b", "labs/x/Dockerfile",
                                          "labs/images/tool", "labs/other/z"};
  const std::string toml =
      std::string(kLab) + "[sandbox]\ndockerfile = 'Dockerfile'\nbuild_context = '../images'";
  const auto lab = check_lab(toml, "labs/x", files);
  ASSERT_TRUE(lab.has_value()) << lab.error().message;
  const auto relevance = Relevance::of(*lab, files);
  ASSERT_TRUE(relevance.has_value());
  EXPECT_TRUE(relevance->matters("labs/images/tool"));
  EXPECT_TRUE(relevance->matters("labs/x/Dockerfile"));
  EXPECT_FALSE(relevance->editable("labs/x/Dockerfile"));
  EXPECT_FALSE(relevance->matters("labs/other/z"));
  EXPECT_NE(evaluator_text(lab->settings, *relevance, {}).find("dockerfile labs/x/Dockerfile"),
            std::string::npos);
}

TEST(LabSandbox, HasADockerfileThatIsThere) {
  const auto lab = check_lab(std::string(kLab) + "[sandbox]\ndockerfile = 'Dockerfile'", "",
                             {"lab.toml", "a/b"});
  ASSERT_FALSE(lab.has_value());
  EXPECT_NE(lab.error().message.find("[sandbox] dockerfile is \"Dockerfile\", expected a file"),
            std::string::npos)
      << lab.error().message;
}

}  // namespace
}  // namespace swarmlab
