// lab.toml against the files that are there.
#include "common/lab/lab_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace swarmlab {
namespace {

using Files = std::vector<std::string>;

constexpr const char* kCommand = "[evaluator]\ncommand = 'python3 score.py'\n";

std::string errors(const std::string& text, const Files& files, const std::string& folder = "") {
  const auto lab = check_lab(text, folder, files);
  return lab ? "none" : lab.error().message;
}

Files warnings(const std::string& text, const Files& files) {
  const auto lab = check_lab(text, "", files);
  EXPECT_TRUE(lab) << lab.error().message;
  return lab ? lab->warnings : Files{};
}

bool freezes(const std::string& text, const Files& files, const std::string& path) {
  const auto lab = check_lab(text, "", files);
  if (!lab) return false;
  const auto& frozen = lab->settings.artifact.frozen;
  return std::ranges::find(frozen, path) != frozen.end();
}

TEST(CheckLab, IsContentWhenEverythingIsThere) {
  EXPECT_EQ(errors(kCommand, {"lab.toml", "pipeline/a.py", "score.py"}), "none");
}

TEST(CheckLab, MissesABackend) {
  EXPECT_EQ(errors("[backend]\n", {"lab.toml", "pipeline/a.py"}),
            "lab.toml:1: [backend] module is \"backend.py\", expected a file: backend.py is not in "
            "the commit");
  EXPECT_EQ(errors("[lab]\n[backend]\nclass = 'A'\nmodule = '../eval/b.py'\n",
                   {"labs/x/pipeline/a.py"}, "labs/x"),
            "labs/x/lab.toml:4: [backend] module is \"../eval/b.py\", expected a file: "
            "labs/eval/b.py is not in the commit");
}

TEST(CheckLab, MissesInstructionsOnlyIfTheyAreNamed) {
  EXPECT_EQ(errors(std::string("[lab]\nagent_instructions = 'GO.md'\n") + kCommand, {"pipeline/a"}),
            "lab.toml:2: [lab] agent_instructions is \"GO.md\", expected a file: GO.md is not in "
            "the commit");
}

TEST(CheckLab, MissesData) {
  EXPECT_EQ(errors(std::string(kCommand) + "data = 'data'\n", {"pipeline/a", "data.csv"}),
            "lab.toml:3: [evaluator] data is \"data\", expected a folder with files: nothing in "
            "the commit is below it");
  EXPECT_EQ(errors(std::string(kCommand) + "data = 'data'\n", {"pipeline/a", "data/x"}), "none");
  EXPECT_EQ(errors(std::string(kCommand) + "data = 'path:/nowhere'\n", {"pipeline/a"}), "none");
}

TEST(CheckLab, MissesWhatMayBeEdited) {
  EXPECT_EQ(errors(kCommand, {"score.py"}),
            "lab.toml: [artifact] editable \"pipeline/**\" matches no file of the commit");
  EXPECT_EQ(
      errors(std::string(kCommand) + "[artifact]\neditable = [\n'a.py',\n'b/**']\n", {"a.py"}),
      "lab.toml:6: [artifact] editable \"b/**\" matches no file of the commit");
  EXPECT_EQ(errors(std::string(kCommand) + "[artifact]\neditable = ['*.py']\nfrozen = ['a*']\n",
                   {"a.py"}),
            "lab.toml:4: [artifact] editable matches only frozen files, expected one that is not: "
            "else an agent can change nothing");
}

TEST(CheckLab, SaysWhatFrozeTheLastThatCouldBeEdited) {
  EXPECT_EQ(errors(std::string(kCommand) + "[artifact]\neditable = ['*.py']\n", {"score.py"}),
            "lab.toml:4: [artifact] editable matches only frozen files, expected one that is not: "
            "else an agent can change nothing\n"
            "lab.toml:2: [evaluator] command runs score.py, so it is frozen; if agents are to "
            "edit it, add just it to [artifact] editable");
}

TEST(CheckLab, ReportsWhatIsWrongInTheFileAndWhatIsMissingTogether) {
  EXPECT_EQ(errors("[backend]\n[metric]\ndirektion = 'minimize'\n[evaluator]\ndata = 'd'\n",
                   {"pipeline/a"}),
            "lab.toml:1: [backend] module is \"backend.py\", expected a file: backend.py is not in "
            "the commit\n"
            "lab.toml:3: [metric] direktion is no known key, expected direction\n"
            "lab.toml:5: [evaluator] data is \"d\", expected a folder with files: nothing in the "
            "commit is below it");
}

TEST(CheckLab, FreezesTheScriptsThatScore) {
  const std::string all = std::string(kCommand) + "[artifact]\neditable = ['**']\n[guard]\n" +
                          "command = 'sh tests/guard.sh && pytest'\n";
  const Files files = {"score.py", "tests/guard.sh", "model.py"};
  EXPECT_TRUE(freezes(all, files, "score.py"));
  EXPECT_TRUE(freezes(all, files, "tests/guard.sh"));
  EXPECT_EQ(warnings(all, files),
            (Files{"lab.toml:2: [evaluator] command runs score.py, so it is frozen; if agents are "
                   "to edit it, add just it to [artifact] editable",
                   "lab.toml:6: [guard] command runs tests/guard.sh, so it is frozen; if agents "
                   "are to edit it, add just it to [artifact] editable"}));
}

TEST(CheckLab, LetsAScriptBeEditedThatIsNamedAndWarns) {
  const std::string text =
      "[evaluator]\ncommand = 'uv run train.py'\nparse = '^x: (.*)'\n"
      "[artifact]\neditable = ['train.py']\n";
  EXPECT_FALSE(freezes(text, {"train.py"}, "train.py"));
  EXPECT_EQ(warnings(text, {"train.py"}),
            (Files{"lab.toml:2: [evaluator] command runs train.py, which agents may edit: a score "
                   "is only as honest as that file"}));
}

TEST(CheckHasAgent, SaysWhatToWrite) {
  const auto lab = check_lab(kCommand, "labs/x", {"labs/x/pipeline/a"});
  ASSERT_TRUE(lab) << lab.error().message;
  EXPECT_EQ(check_has_agent(lab->settings).error().message,
            "labs/x/lab.toml: no agent, expected [agent] kind = \"claude\" (or \"codex\", \"pi\", "
            "\"opencode\"), or [agent] command = \"...\" in it to run the lab");
  const auto preset = check_lab(std::string(kCommand) + "\n[agent]\nkind = 'claude'\n", "labs/x",
                                {"labs/x/pipeline/a"});
  ASSERT_TRUE(preset) << preset.error().message;
  EXPECT_TRUE(check_has_agent(preset->settings));
}

// What this repository ships must be read by what it builds.
TEST(CheckLab, AcceptsTheExamplesAndTheTemplatesOfInit) {
  namespace fs = std::filesystem;
  const fs::path root = fs::path(__FILE__).parent_path().parent_path().parent_path().parent_path();
  int labs = 0;
  const auto read = [](const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  };
  // A lab or a tree of labs, as a repository of its own.
  const auto accept = [&](const fs::path& repository) {
    Files files;
    for (const auto& file : fs::recursive_directory_iterator(repository)) {
      if (file.is_regular_file()) files.push_back(fs::relative(file.path(), repository));
    }
    for (const std::string& file : files) {
      const fs::path path(file);
      if (path.filename() != "lab.toml") continue;
      LabTexts texts;
      for (const std::string& folder : folders_down_to(path.parent_path())) {
        const fs::path above = repository / folder / "lab.toml";
        if (fs::exists(above)) texts.files.push_back({.folder = folder, .text = read(above)});
      }
      const auto node = read_lab_node(texts);
      ASSERT_TRUE(node) << repository / file << ":\n" << node.error().message;
      if (node->abstract) continue;
      const auto lab = check_lab(texts, files);
      ASSERT_TRUE(lab) << repository / file << ":\n" << lab.error().message;
      EXPECT_EQ(lab->warnings, Files{}) << repository / file;
      EXPECT_TRUE(check_has_agent(lab->settings)) << repository / file;
      ++labs;
    }
  };
  for (const char* parent : {"examples", "cli/templates"}) {
    for (const auto& entry : fs::directory_iterator(root / parent)) {
      if (entry.is_directory()) accept(entry.path());
    }
  }
  EXPECT_GE(labs, 8);
}

}  // namespace
}  // namespace swarmlab
