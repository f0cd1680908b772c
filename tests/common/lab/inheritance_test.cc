// What a lab inherits from the lab.toml of the folders above it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/lab/lab.h"
#include "common/lab/lab_check.h"
#include "common/lab/relevance.h"
#include "common/lab/scope.h"

namespace swarmlab {
namespace {

using Files = std::vector<std::string>;

const std::string kRoot =
    "[lab]\nabstract = true\n"
    "[metric]\nname = 'loss'\nmin_improvement = 0.5\n"
    "[evaluator]\ncommand = 'python3 measure.py artifact'\ntimeout = '20s'\n"
    "[guard]\ncommand = 'sh tools/guard.sh'\n"
    "[agent]\ncommand = 'sh agent.sh'\nargs = ['a', 'b']\n";
const std::string kLeaf = "[artifact]\neditable = ['artifact/**']\n";

const Files kFiles{"lab.toml",
                   "measure.py",
                   "agent.sh",
                   "helper.py",
                   "tools/guard.sh",
                   "AGENT.md",
                   "README.md",
                   "nets/tiny/lab.toml",
                   "nets/tiny/artifact/value.txt",
                   "nets/tiny/notes.txt",
                   "nets/base/lab.toml",
                   "nets/base/measure.py"};

LabTexts tiny(const std::string& root, const std::string& leaf,
              const std::vector<std::string>& set = {}) {
  return {.files = {{.folder = "", .text = root}, {.folder = "nets/tiny", .text = leaf}},
          .set = set,
          .root_name = "repo"};
}

LabSettings settings(const LabTexts& texts) {
  const auto lab = check_lab(texts, kFiles);
  EXPECT_TRUE(lab) << lab.error().message;
  return lab ? lab->settings : LabSettings{};
}

std::string errors(const LabTexts& texts) {
  const auto lab = check_lab(texts, kFiles);
  return lab ? "none" : lab.error().message;
}

std::string name_of(const std::vector<LabText>& files) {
  const auto node = read_lab_node({.files = files, .root_name = "repo"});
  return node ? node->name : node.error().message;
}

TEST(Inheritance, GivesWhatTheLabDoesNotSay) {
  const LabSettings lab = settings(tiny(kRoot, kLeaf));
  EXPECT_EQ(lab.metric.name, "loss");
  EXPECT_EQ(lab.evaluator.timeout, std::chrono::seconds(20));
  EXPECT_EQ(lab.artifact.editable, Files{"nets/tiny/artifact/**"});
}

TEST(Inheritance, GoesKeyByKeyAndTakesListsAsAWhole) {
  const LabSettings lab =
      settings(tiny(kRoot, kLeaf + "[metric]\nname = 'bits'\n[agent]\nargs = ['c']\n"));
  EXPECT_EQ(lab.metric.name, "bits");
  EXPECT_EQ(lab.metric.min_improvement.amount, 0.5);
  EXPECT_EQ(lab.agent.args, Files{"c"});
  EXPECT_EQ(lab.agent.command, "sh ../../agent.sh");
}

TEST(Inheritance, TakesTablesInListsAsAWhole) {
  const std::string root = kRoot + "[[constraint]]\nmetric = 'a'\nmax = 1\n";
  EXPECT_EQ(settings(tiny(root, kLeaf)).constraints.size(), 1U);
  const LabSettings lab = settings(tiny(root, kLeaf + "[[constraint]]\nmetric = 'b'\nmin = 2\n"));
  ASSERT_EQ(lab.constraints.size(), 1U);
  EXPECT_EQ(lab.constraints.front().metric, "b");
}

TEST(Inheritance, OfAChainIsDecidedByTheNearest) {
  const LabTexts texts{
      .files = {{.folder = "", .text = kRoot},
                {.folder = "nets",
                 .text = "[metric]\nname = 'mid'\n"
                         "max_repeats = 7\n"},
                {.folder = "nets/tiny", .text = kLeaf + "[metric]\nname = 'own'\n"}}};
  const LabSettings lab = settings(texts);
  EXPECT_EQ(lab.metric.name, "own");
  EXPECT_EQ(lab.metric.max_repeats, 7U);
  EXPECT_EQ(lab.metric.min_improvement.amount, 0.5);
}

TEST(Inheritance, ReadsPathsWhereTheyAreWritten) {
  const LabSettings lab =
      settings(tiny("[lab]\nabstract = true\nagent_instructions = 'AGENT.md'\n"
                    "[evaluator]\ndata = 'tools'\n[backend]\nmodule = 'measure.py'\n"
                    "[agent]\ncommand = 'true'\n[artifact]\nfrozen = ['nets/*/notes.txt']\n",
                    kLeaf));
  EXPECT_EQ(lab.agent.instructions, "../../AGENT.md");
  EXPECT_EQ(lab.evaluator.data.path, "tools");
  EXPECT_EQ(std::get<PythonBackend>(lab.evaluator.how).module, "../../measure.py");
  EXPECT_EQ(std::ranges::count(lab.artifact.frozen, "nets/*/notes.txt"), 1);
  EXPECT_EQ(lab.results_file, "results.tsv");
}

TEST(Inheritance, LeadsCommandsToTheScriptsBesideTheFileThatNamesThem) {
  const LabSettings lab = settings(tiny(kRoot, kLeaf));
  EXPECT_EQ(std::get<CommandEvaluator>(lab.evaluator.how).command,
            "python3 ../../measure.py artifact");
  EXPECT_EQ(lab.guard->command, "sh ../../tools/guard.sh");
  const LabSettings own = settings(tiny(kRoot, kLeaf + "[guard]\ncommand = 'sh guard.sh'\n"));
  EXPECT_EQ(own.guard->command, "sh guard.sh");
}

TEST(Inheritance, LetsALabScoreInAnotherWayThanThoseAboveIt) {
  const LabSettings command = settings(
      tiny("[backend]\nmodule = 'measure.py'\n", kLeaf + "[evaluator]\ncommand = 'sh score.sh'\n"));
  EXPECT_TRUE(std::holds_alternative<CommandEvaluator>(command.evaluator.how));
  const LabSettings backend =
      settings(tiny(kRoot, kLeaf + "[backend]\nmodule = '../base/measure.py'\n"));
  EXPECT_TRUE(std::holds_alternative<PythonBackend>(backend.evaluator.how));
  EXPECT_EQ(backend.evaluator.timeout, std::chrono::seconds(20));
}

TEST(Inheritance, SaysWhichFileAndLineIsWrong) {
  EXPECT_EQ(errors(tiny("[metric]\nconfidence = 2\n[evaluator]\ncommand = 'x'\n", kLeaf)),
            "lab.toml:2: [metric] confidence is 2, expected a number from 0 (off) to below 1");
  EXPECT_EQ(
      errors(tiny(kRoot, kLeaf + "[metric]\nconfidence = 2\n")),
      "nets/tiny/lab.toml:4: [metric] confidence is 2, expected a number from 0 (off) to below 1");
  EXPECT_EQ(errors(tiny(kRoot + "[metric2]\nx = 1\n", kLeaf)),
            "lab.toml:14: [metric2] is no known table, expected [metric]");
  EXPECT_NE(errors(tiny("[metric\n", kLeaf)).find("lab.toml:1: not valid TOML"), std::string::npos);
  EXPECT_EQ(errors(tiny("[evaluator]\ncommand = 'x'\ndata = 'gone'\n", kLeaf)),
            "lab.toml:3: [evaluator] data is \"gone\", expected a folder with files: nothing in "
            "the commit is below it");
}

TEST(Inheritance, OfAnAbstractFolderAloneIsNoLab) {
  const auto lab = read_lab({.files = {{.folder = "", .text = kRoot}}});
  ASSERT_FALSE(lab);
  EXPECT_EQ(lab.error().message,
            "lab.toml:2: [lab] abstract is true: it is no lab itself, expected one below it");
  EXPECT_EQ(errors(tiny("[lab]\nabstract = 1\n", kLeaf)).substr(0, 58),
            "lab.toml:2: [lab] abstract is 1, expected true or false");
}

TEST(Inheritance, FreezesEveryFileThatSettingsComeFrom) {
  const LabSettings lab = settings(tiny(kRoot, "[artifact]\neditable = ['../../**']\n"));
  const auto scope = Scope::from(lab.artifact);
  ASSERT_TRUE(scope);
  for (const char* path : {"lab.toml", "nets/tiny/lab.toml", "measure.py", "tools/guard.sh"}) {
    EXPECT_FALSE(scope->editable(path)) << path;
  }
  EXPECT_TRUE(scope->editable("helper.py"));
}

TEST(Inheritance, OfOneFileChangesNothing) {
  const std::string text = kLeaf + "[evaluator]\ncommand = 'sh measure.sh'\n";
  EXPECT_EQ(read_lab({.files = {{.folder = "a/b", .text = text}}}).value(),
            read_lab(text, "a/b").value());
  EXPECT_EQ(read_lab(text, "a/b").value().name, "b");
}

TEST(LabNames, AreThoseOfTheFoldersInTheTree) {
  const std::string abstract = "[lab]\nabstract = true\n";
  EXPECT_EQ(name_of({{"", ""}}), "repo");
  EXPECT_EQ(name_of({{"nets/tiny", ""}}), "tiny");
  EXPECT_EQ(name_of({{"", abstract}, {"nets/tiny", ""}}), "nets/tiny");
  EXPECT_EQ(name_of({{"nets", abstract}, {"nets/tiny", ""}}), "nets/tiny");
  EXPECT_EQ(name_of({{"", abstract}, {"nets", abstract}, {"nets/tiny", ""}}), "nets/tiny");
  EXPECT_EQ(name_of({{"", ""}, {"nets/tiny", ""}}), "repo/nets/tiny");
  EXPECT_EQ(name_of({{"", abstract + "name = 'lm'\n"}, {"nets/tiny", "[lab]\nname = 'small'\n"}}),
            "lm/small");
}

TEST(LabNames, AreNotInherited) {
  EXPECT_EQ(settings(tiny(kRoot + "", kLeaf)).name, "nets/tiny");
  const auto node = read_lab_node(tiny("[lab]\nabstract = true\nname = 'lm'\n", kLeaf));
  ASSERT_TRUE(node);
  EXPECT_EQ(node->name, "lm/nets/tiny");
  EXPECT_FALSE(node->abstract);
}

TEST(SetOnTheCommandLine, GoesBeforeTheFiles) {
  const LabSettings lab = settings(
      tiny(kRoot, kLeaf + "[stop]\nmax_iterations = 9\n",
           {"search.policy=best-of-n", "stop.max_iterations = 4", "agent.args=[\"x\"]",
            "metric.min_improvement=1%", "evaluator.timeout=5s", "stop.max_iterations=5"}));
  EXPECT_EQ(lab.policy, PolicyKind::best_of_n);
  EXPECT_EQ(lab.stop.max_iterations, 5U);
  EXPECT_EQ(lab.agent.args, Files{"x"});
  EXPECT_TRUE(lab.metric.min_improvement.relative);
  EXPECT_EQ(lab.evaluator.timeout, std::chrono::seconds(5));
}

TEST(SetOnTheCommandLine, IsCheckedLikeTheFile) {
  EXPECT_EQ(errors(tiny(kRoot, kLeaf, {"search.policy=best"})),
            "--set search.policy=best: [search] policy is \"best\", expected one of "
            "\"greedy\", \"best-of-n\", \"beam\", \"ucb\", \"islands\"");
  EXPECT_EQ(errors(tiny(kRoot, kLeaf, {"search.polcy=greedy"})),
            "--set search.polcy=greedy: [search] polcy is no known key, expected policy");
  for (const char* wrong :
       {"policy=greedy", "search.policy", ".policy=greedy", "search.=greedy", "a.b=1\nc=2", ""}) {
    EXPECT_EQ(errors(tiny(kRoot, kLeaf, {wrong})),
              "--set " + std::string(wrong) +
                  ": expected TABLE.KEY=VALUE such as search.policy=best-of-n");
  }
  EXPECT_EQ(errors(tiny(kRoot, kLeaf, {"lab.name=x"})),
            "--set lab.name=x: lab.name cannot be set for a branch");
}

TEST(Relevance, HasWhatIsScoredFromAboveButNoOtherLab) {
  const auto lab = check_lab(tiny(kRoot, kLeaf), kFiles);
  ASSERT_TRUE(lab) << lab.error().message;
  EXPECT_EQ(lab->scored_from, Files{""});
  const auto relevance = Relevance::of(*lab, kFiles);
  ASSERT_TRUE(relevance);
  for (const char* path : {"measure.py", "helper.py", "tools/guard.sh", "nets/tiny/notes.txt",
                           "nets/tiny/artifact/value.txt"}) {
    EXPECT_TRUE(relevance->matters(path)) << path;
  }
  for (const char* path : {"lab.toml", "nets/tiny/lab.toml", "README.md", "nets/base/measure.py",
                           "nets/tiny/AGENT.md", "nets/tiny/results.tsv", ".swarmlab/store"}) {
    EXPECT_FALSE(relevance->matters(path)) << path;
  }
  EXPECT_TRUE(relevance->is_settings("lab.toml"));
  EXPECT_FALSE(relevance->is_settings("nets/base/lab.toml"));
}

TEST(Relevance, OfALabThatScoresItselfEndsAtItsFolder) {
  const auto lab = check_lab(
      tiny("[metric]\nname = 'm'\n", kLeaf + "[evaluator]\ncommand = 'sh measure.sh'\n"), kFiles);
  ASSERT_TRUE(lab) << lab.error().message;
  const auto relevance = Relevance::of(*lab, kFiles);
  ASSERT_TRUE(relevance);
  EXPECT_TRUE(relevance->matters("nets/tiny/notes.txt"));
  EXPECT_FALSE(relevance->matters("measure.py"));
}

TEST(EvaluatorText, ChangesWithWhatIsInherited) {
  const auto text_of = [](const std::string& root, const std::string& id) {
    const auto lab = check_lab(tiny(root, kLeaf), kFiles);
    const auto relevance = Relevance::of(*lab, kFiles);
    return evaluator_text(lab->settings, *relevance,
                          {{.path = "helper.py", .mode = 1, .id = id},
                           {.path = "nets/base/measure.py", .mode = 1, .id = "other"}});
  };
  EXPECT_EQ(text_of(kRoot, "a"), text_of(kRoot, "a"));
  EXPECT_NE(text_of(kRoot, "a"), text_of(kRoot, "b"));
  EXPECT_NE(text_of(kRoot, "a"), text_of(kRoot + "[limits]\nmemory = '1GB'\n", "a"));
  EXPECT_EQ(text_of(kRoot, "a").find("other"), std::string::npos);
}

}  // namespace
}  // namespace swarmlab
