#include "common/lab/lab.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

namespace swarmlab {
namespace {

using namespace std::chrono_literals;
using Globs = std::vector<std::string>;

constexpr const char* kCommand = "[evaluator]\ncommand = \"./score\"\n";

LabSettings read(const std::string& text, const std::string& folder = "") {
  Result<LabSettings> settings = read_lab(text, folder);
  EXPECT_TRUE(settings) << settings.error().message;
  return settings.value_or(LabSettings{});
}

TEST(Lab, HasDefaultsForAllButTheEvaluator) {
  LabSettings expected;
  expected.name = "x";
  expected.folder = "labs/x";
  expected.pipeline_dir = "labs/x/pipeline";
  expected.artifact.editable = {"labs/x/pipeline/**"};
  expected.artifact.frozen = {
      "labs/x/lab.toml", "labs/x/AGENT.md", "labs/x/results.tsv", ".git",         ".git/**",
      ".swarmlab",       ".swarmlab/**",    "lab.toml",           "labs/lab.toml"};
  expected.agent.instructions = "AGENT.md";
  expected.evaluator.how = CommandEvaluator{"./score", ParseKind::metric_lines, ""};
  EXPECT_EQ(read(kCommand, "labs/x"), expected);
}

TEST(Lab, ReadsAnAutoresearchLabFile) {
  const LabSettings lab = read(R"(
[lab]
name = "Book Snap!"
pipeline_dir = "../src/main/java"
agent_instructions = "INSTRUCTIONS.md"
results_file = "out/results.tsv"
[backend]
module = "eval/backend.py"
class = "Backend"
[sandbox]
build_context = "../.."
)",
                               "labs/x");
  EXPECT_EQ(lab.name, "Book Snap!");
  EXPECT_EQ(lab.pipeline_dir, "labs/src/main/java");
  EXPECT_EQ(lab.agent.instructions, "INSTRUCTIONS.md");
  EXPECT_EQ(lab.results_file, "out/results.tsv");
  EXPECT_EQ(std::get<PythonBackend>(lab.evaluator.how),
            (PythonBackend{"eval/backend.py", "Backend"}));
  EXPECT_EQ(lab.artifact.editable, Globs{"labs/src/main/java/**"});
  EXPECT_EQ(lab.artifact.frozen[1], "labs/x/eval/backend.py");
}

TEST(Lab, TakesTheDefaultsOfAnEmptyBackendTable) {
  EXPECT_EQ(std::get<PythonBackend>(read("[backend]\n").evaluator.how), PythonBackend{});
}

TEST(Lab, ReadsEveryTable) {
  const LabSettings lab = read(R"(
[artifact]
editable = ["train.py", "src/**"]
frozen = ["src/vendor/**"]
max_file_size = "512KiB"
[metric]
name = "val_bpb"
direction = "maximize"
min_improvement = 0.25
confidence = 0
max_repeats = 3
[[constraint]]
metric = "memory_gb"
max = 80
[[constraint]]
metric = "tokens"
min = 1.5
max = 2
[evaluator]
command = "uv run train.py"
parse = '^val_bpb:\s+(\S+)'
timeout = "90s"
data = "../elsewhere"
[guard]
command = "pytest -q"
timeout = "1m"
[agent]
kind = "command"
command = "python3 agent.py"
args = ["--effort", "high"]
timeout = "2h"
env = ["API_KEY"]
brief_tokens = 900
[limits]
memory = "1GiB"
processes = 10
file_size = "1MB"
disk = "0B"
output = "1KiB"
cpus = 1.5
[resources]
cpus = 2.5
memory = "16GB"
gpus = 2
labels = ["gpu=h100", "fast"]
[search]
policy = "islands"
width = 8
exploration = 0.5
islands = 6
migration_every = 0
reset_every = 90
max_parent_age = 500
merge = false
seed = 7
near_duplicates = "skip"
similarity = 0.8
simplicity = "metric:params"
simplify_after = 0
max_parallel = 6
weight = 3
[stop]
max_iterations = 7
max_hours = 0.5
max_cost = 1.25
target_score = -3
plateau_threshold = 0
max_restarts = 1
)",
                               "labs");
  EXPECT_EQ(lab.artifact.editable, (Globs{"labs/train.py", "labs/src/**"}));
  EXPECT_EQ(lab.artifact.frozen.front(), "labs/src/vendor/**");
  EXPECT_EQ(lab.artifact.max_file_bytes, 512U * 1024);
  EXPECT_EQ(lab.metric, (Metric{"val_bpb", Direction::maximize, {0.25, false}, 0.0, 3}));
  EXPECT_EQ(lab.constraints,
            (std::vector<Constraint>{{"memory_gb", std::nullopt, 80.0}, {"tokens", 1.5, 2.0}}));
  EXPECT_EQ(std::get<CommandEvaluator>(lab.evaluator.how),
            (CommandEvaluator{"uv run train.py", ParseKind::regex, "^val_bpb:\\s+(\\S+)"}));
  EXPECT_EQ(lab.evaluator.timeout, 90s);
  EXPECT_EQ(lab.evaluator.data, (DataSource{DataSource::Kind::folder, "elsewhere"}));
  EXPECT_EQ(lab.guard, (Guard{"pytest -q", 1min}));
  EXPECT_EQ(lab.agent, (Agent{AgentKind::command,
                              "python3 agent.py",
                              {"--effort", "high"},
                              "AGENT.md",
                              2h,
                              {"API_KEY"},
                              900}));
  EXPECT_EQ(lab.limits, (ResourceLimits{1U << 30U, 10, 1'000'000, 0, 1024, 1.5}));
  EXPECT_EQ(lab.needs, (Needs{{2500, 16'000'000'000, 2}, {"gpu=h100", "fast"}}));
  EXPECT_EQ(lab.policy, PolicyKind::islands);
  EXPECT_EQ(lab.search, (Search{.width = 8,
                                .exploration = 0.5,
                                .islands = 6,
                                .migration_every = 0,
                                .reset_every = 90,
                                .max_parent_age = 500,
                                .seed = 7,
                                .simplicity = {.counts = true, .metric = "params", .after = 0},
                                .merge = false,
                                .near_duplicates = NearDuplicates::skip,
                                .similarity = 0.8}));
  EXPECT_EQ(lab.max_parallel, 6U);
  EXPECT_EQ(lab.weight, 3U);
  EXPECT_EQ(lab.stop, (StopLimits{7, 30min, MicroUsd(1'250'000), -3.0, 0, 1}));
}

TEST(Lab, ReadsSeveralMetricsTheFirstIsThePrimaryOne) {
  const LabSettings lab = read(
      "[[metric]]\nname = 'latency'\nconfidence = 0.9\nworst = 50\n[[metric]]\nname = 'size'\n"
      "direction = 'maximize'\nmin_improvement = '2%'\n[evaluator]\ncommand = 'x'\n");
  EXPECT_EQ(lab.metric.name, "latency");
  EXPECT_EQ(lab.metric.confidence, 0.9);
  EXPECT_EQ(lab.metric.worst, 50.0);
  ASSERT_EQ(lab.more_metrics.size(), 1U);
  const Metric& size = lab.more_metrics.front();
  EXPECT_EQ(size.name, "size");
  EXPECT_EQ(size.direction, Direction::maximize);
  EXPECT_EQ(size.min_improvement, (Improvement{0.02, true}));
  EXPECT_FALSE(size.worst);
  EXPECT_EQ(read("[[metric]]\nname = 'x'\n[evaluator]\ncommand = 'x'\n").metric.name, "x");
}

TEST(Lab, TakesAnImprovementInPercent) {
  const auto metric = read(std::string(kCommand) + "[metric]\nmin_improvement = \"1%\"\n").metric;
  EXPECT_EQ(metric.min_improvement, (Improvement{0.01, true}));
}

TEST(Lab, KnowsTheThreeWaysToParse) {
  const auto parse_of = [](const std::string& parse) {
    return std::get<CommandEvaluator>(
               read(std::string(kCommand) + "parse = '" + parse + "'\n").evaluator.how)
        .parse;
  };
  EXPECT_EQ(parse_of("json"), ParseKind::json);
  EXPECT_EQ(parse_of("metric-lines"), ParseKind::metric_lines);
  EXPECT_EQ(parse_of("score=(.*)"), ParseKind::regex);
}

TEST(Lab, TakesItsNameFromItsFolderOrTheRepository) {
  EXPECT_EQ(read_lab(kCommand, "labs/deep/fast", "repo").value().name, "fast");
  EXPECT_EQ(read_lab(kCommand, "", "repo").value().name, "repo");
}

TEST(Lab, FreezesItsData) {
  const auto frozen = read(std::string(kCommand) + "data = \"data\"\n", "labs/[x]").artifact.frozen;
  EXPECT_NE(std::ranges::find(frozen, "labs/\\[x\\]/data/**"), frozen.end());
}

TEST(Lab, MayHaveItsDataOutsideOfTheRepository) {
  const auto data = read(std::string(kCommand) + "data = \"path:/srv/data/../x\"\n").evaluator.data;
  EXPECT_EQ(data, (DataSource{DataSource::Kind::host_path, "/srv/x"}));
}

TEST(Lab, MayEditSomeOfAFrozenPattern) {
  const std::string text = std::string(kCommand) + "[artifact]\neditable = [\"src/**\"]\n";
  EXPECT_TRUE(read_lab(text + "frozen = [\"src/*\"]\n", ""));
  EXPECT_TRUE(read_lab(text + "frozen = [\"**/*.md\"]\n", ""));
  const std::string file_or_folder = std::string(kCommand) + "[artifact]\neditable = [\"a\"]\n";
  EXPECT_TRUE(read_lab(file_or_folder + "frozen = [\"a/**\"]\n", ""));
}

TEST(LabOverrides, GoBeforeTheFile) {
  LabSettings lab = read(std::string(kCommand) + "[agent]\ncommand = \"a\"\nargs = [\"1\"]\n");
  LabOverrides flags;
  flags.data = DataSource{DataSource::Kind::folder, "data"};
  flags.agent_args = {"2"};
  flags.policy = PolicyKind::best_of_n;
  flags.max_iterations = 3;
  flags.max_hours = 0.25;
  flags.max_cost = 2.5;
  flags.target_score = 0.5;
  flags.plateau_threshold = 4;
  flags.max_restarts = 0;
  const LabSettings result = with_overrides(lab, flags).value();
  EXPECT_EQ(result.evaluator.data.path, "data");
  EXPECT_NE(std::ranges::find(result.artifact.frozen, "data/**"), result.artifact.frozen.end());
  EXPECT_EQ(result.agent.args, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(result.policy, PolicyKind::best_of_n);
  EXPECT_EQ(result.stop, (StopLimits{3, 15min, MicroUsd(2'500'000), 0.5, 4, 0}));
  EXPECT_EQ(with_overrides(lab, {}).value(), lab);
}

TEST(LabOverrides, AreRefusedIfTheyMakeNoSense) {
  const LabSettings lab = read(kCommand);
  const auto message = [&](auto LabOverrides::*flag, auto value) {
    LabOverrides flags;
    flags.*flag = value;
    return with_overrides(lab, flags).error().message;
  };
  EXPECT_EQ(message(&LabOverrides::max_hours, -1.0),
            "--max-hours is -1, expected hours, 0 (no limit) or more");
  EXPECT_EQ(message(&LabOverrides::max_cost, HUGE_VAL),
            "--max-cost is inf, expected US dollars, 0 (no limit) or more");
  EXPECT_EQ(message(&LabOverrides::target_score, std::nan("")),
            "--target-score is nan, expected a finite number");
  EXPECT_EQ(message(&LabOverrides::data, DataSource{DataSource::Kind::folder, "pipeline"}),
            "--data is pipeline, which has all that is editable, expected a folder beside it");
}

TEST(DataFolder, IsBelowTheCheckoutOrAPathOfTheHost) {
  LabSettings lab;
  EXPECT_EQ(data_folder(lab, "/c"), "");
  lab.evaluator.data = {DataSource::Kind::folder, "labs/data"};
  EXPECT_EQ(data_folder(lab, "/c"), "/c/labs/data");
  lab.evaluator.data = {DataSource::Kind::host_path, "/srv/data"};
  EXPECT_EQ(data_folder(lab, "/c"), "/srv/data");
}

TEST(SafeName, IsAsAutoresearchLabMakesIt) {
  EXPECT_EQ(safe_name("Book Snap!  (v2)"), "book-snap-v2");
  EXPECT_EQ(safe_name("a.b_c-D"), "a.b_c-d");
  EXPECT_EQ(safe_name("--x--"), "x");
  EXPECT_EQ(safe_name("\xC3\xA9"), "");
}

TEST(FindLab, WalksUpToTheNearestLab) {
  const std::filesystem::path root = std::filesystem::weakly_canonical(testing::TempDir()) /
                                     ("find_lab_" + std::to_string(::getpid()));
  std::filesystem::create_directories(root / "lab" / "pipeline" / "deep");
  std::ofstream(root / "lab" / "lab.toml") << kCommand;
  EXPECT_EQ(find_lab(root / "lab" / "pipeline" / "deep").value(), root / "lab");
  EXPECT_EQ(find_lab(root / "lab").value(), root / "lab");
  EXPECT_EQ(find_lab(root).error().code, ErrorCode::not_found);
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace swarmlab
