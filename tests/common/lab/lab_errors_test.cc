// Every message that a lab.toml with wrong types, names or values can give; the others:
// lab_rules_test.cc.
#include <gtest/gtest.h>

#include <string>

#include "common/lab/lab.h"
#include "tests/common/lab/lab_error.h"

namespace swarmlab {
namespace {

class LabError : public testing::TestWithParam<Wrong> {};

TEST_P(LabError, NamesLineKeyValueAndWhatWasExpected) {
  expect_message_of(GetParam());
}

#define EVERY_POLICY "one of \"greedy\", \"best-of-n\", \"beam\", \"ucb\", \"islands\""

INSTANTIATE_TEST_SUITE_P(
    Types, LabError,
    testing::Values(
        Wrong{"BareDuration", COMMAND "timeout = 10",
              "lab.toml:3: [evaluator] timeout is 10, expected a duration such as \"10m\""},
        Wrong{"DurationWithoutUnit", COMMAND "timeout = '10'",
              "lab.toml:3: [evaluator] timeout is \"10\", expected a duration such as \"10m\""},
        Wrong{"ZeroDuration", COMMAND "timeout = '0s'",
              "lab.toml:3: [evaluator] timeout is \"0s\", expected a duration such as \"10m\""},
        Wrong{"NegativeDuration", COMMAND "[agent]\ncommand = 'a'\ntimeout = '-5m'",
              "lab.toml:5: [agent] timeout is \"-5m\", expected a duration such as \"10m\""},
        Wrong{"BareSize", COMMAND "[artifact]\nmax_file_size = 1000",
              "lab.toml:4: [artifact] max_file_size is 1000, expected a size such as \"10MB\", "
              "\"512KiB\" or \"2G\""},
        Wrong{"ZeroFileSize", COMMAND "[artifact]\nmax_file_size = '0B'",
              "lab.toml:4: [artifact] max_file_size is \"0B\", expected a size such as \"10MB\", "
              "\"512KiB\" or \"2G\""},
        Wrong{"BadMemory", COMMAND "[limits]\nmemory = '4 gigs'",
              "lab.toml:4: [limits] memory is \"4 gigs\", expected a size such as \"10MB\", "
              "\"512KiB\" or \"2G\""},
        Wrong{"TextForAWholeNumber", COMMAND "[limits]\nprocesses = 'many'",
              "lab.toml:4: [limits] processes is \"many\", expected a whole number, 0 (no limit) "
              "or more"},
        Wrong{"TooManyProcesses", COMMAND "[limits]\nprocesses = 5000000000",
              "lab.toml:4: [limits] processes is 5000000000, expected a whole number, 0 (no "
              "limit) or more"},
        Wrong{"NegativeCpus", COMMAND "[limits]\ncpus = -0.5",
              "lab.toml:4: [limits] cpus is -0.5, expected a number, 0 (no limit) or more"},
        Wrong{"NumberForAText", COMMAND "[metric]\nname = 3",
              "lab.toml:4: [metric] name is 3, expected a name of at most 100 characters on one "
              "line"},
        Wrong{"NumberForTheLabName", "[lab]\nname = true\n" COMMAND,
              "lab.toml:2: [lab] name is true, expected a name on one line with at least one "
              "letter or digit"},
        Wrong{"NameWithoutLetters", "[lab]\nname = '!!'\n" COMMAND,
              "lab.toml:2: [lab] name is \"!!\", expected a name on one line with at least one "
              "letter or digit"},
        Wrong{"EmptyCommand", "[evaluator]\ncommand = ''",
              "lab.toml:2: [evaluator] command is \"\", expected a command such as \"python3 "
              "score.py\""},
        Wrong{"ListForACommand", "[evaluator]\ncommand = ['a', 'b']",
              "lab.toml:2: [evaluator] command is a list, expected a command such as \"python3 "
              "score.py\""},
        Wrong{"DateForAText", COMMAND "[guard]\ncommand = 2026-01-01",
              "lab.toml:4: [guard] command is a date or time, expected a command such as "
              "\"pytest -q\""},
        Wrong{"TextForAList", COMMAND "[agent]\ncommand = 'a'\nargs = '--fast'",
              "lab.toml:5: [agent] args is \"--fast\", expected a list of texts"},
        Wrong{"NumberInAList", COMMAND "[agent]\ncommand = 'a'\nargs = [\n'a',\n7]",
              "lab.toml:7: [agent] args has 7, expected a list of texts"},
        Wrong{"InlineTableForAText", COMMAND "[search]\npolicy = {a = 1}",
              "lab.toml:4: [search] policy is a table, expected " EVERY_POLICY},
        Wrong{"ControlCharacters", COMMAND "[metric]\nname = \"a\\u001bb\"",
              "lab.toml:4: [metric] name is \"a\\x1bb\", expected a name of at most 100 "
              "characters on one line"},
        Wrong{"NoToml", "[lab\nname = 1",
              "lab.toml:1: not valid TOML: Error while parsing table "
              "header: expected ']', saw '\\n'"},
        Wrong{"KeyTwice", "[lab]\nname = 'a'\nname = 'b'",
              "lab.toml:3: not valid TOML: Error while parsing key-value pair: cannot redefine "
              "existing string 'name'"}),
    name_of_test);

INSTANTIATE_TEST_SUITE_P(
    Names, LabError,
    testing::Values(
        Wrong{"UnknownKeyNearAKnownOne", COMMAND "[metric]\ndirecton = 'minimize'",
              "lab.toml:4: [metric] directon is no known key, expected direction"},
        Wrong{"UnknownKeyThatGoesOn", COMMAND "timeout_seconds = 3",
              "lab.toml:3: [evaluator] timeout_seconds is no known key, expected timeout"},
        Wrong{"UnknownKey", COMMAND "[search]\nwarmth = 3",
              "lab.toml:4: [search] warmth is no known key, expected one of policy, "
              "width, exploration, islands, migration_every, reset_every, max_parent_age, merge, "
              "seed, near_duplicates, similarity, simplicity, simplify_after, "
              "max_parallel, weight"},
        Wrong{"UnknownKeyOfABackend", "[backend]\nklass = 'B'",
              "lab.toml:2: [backend] klass is no known key, expected class"},
        Wrong{"UnknownKeyOfASandbox", COMMAND "[sandbox]\nmemory = 'x'",
              "lab.toml:4: [sandbox] memory is no known key, expected one of driver, image, "
              "dockerfile, build_context"},
        Wrong{"UnknownKeyOfAConstraint", COMMAND "[[constraint]]\nmetric = 'm'\nmax = 1\nmaxx = 2",
              "lab.toml:6: [[constraint]] maxx is no known key, expected max"},
        Wrong{"UnknownTableNearAKnownOne", COMMAND "[metrics]\nname = 'x'",
              "lab.toml:3: [metrics] is no known table, expected [metric]"},
        Wrong{"UnknownTable", COMMAND "[weather]",
              "lab.toml:3: [weather] is no known table, expected one of [lab], [metric], "
              "[constraint], [backend], [evaluator], [guard], [agent], [limits], [resources], "
              "[scale], [holdout], [search], [stop], [sandbox], [artifact]"},
        Wrong{"KeyOutsideOfTables", "name = 'x'\n" COMMAND,
              "lab.toml:1: name stands outside of every table, expected it in one of [lab], "
              "[metric], [constraint], [backend], [evaluator], [guard], [agent], [limits], "
              "[resources], [scale], [holdout], [search], [stop], [sandbox], [artifact]"},
        Wrong{"KeyWithTheNameOfATable", "metric = 'loss'\n" COMMAND,
              "lab.toml:1: metric is \"loss\", expected a table [metric]"},
        Wrong{"ConstraintWithoutDoubleBrackets", COMMAND "[constraint]\nmetric = 'm'\nmax = 1",
              "lab.toml:3: constraint is a table, expected tables [[constraint]]"},
        Wrong{"TableTwice", COMMAND "[[stop]]\nmax_hours = 1",
              "lab.toml:3: stop is a list, expected a table [stop]"}),
    name_of_test);

INSTANTIATE_TEST_SUITE_P(
    Values, LabError,
    testing::Values(
        Wrong{"ConfidenceOfOne", COMMAND "[metric]\nconfidence = 1.0",
              "lab.toml:4: [metric] confidence is 1, expected a number from 0 (off) to below 1"},
        Wrong{"NegativeConfidence", COMMAND "[metric]\nconfidence = -0.1",
              "lab.toml:4: [metric] confidence is -0.1, expected a number from 0 (off) to below "
              "1"},
        Wrong{"ConfidenceOfNaN", COMMAND "[metric]\nconfidence = nan",
              "lab.toml:4: [metric] confidence is nan, expected a number from 0 (off) to below 1"},
        Wrong{"NoRepeats", COMMAND "[metric]\nmax_repeats = 0",
              "lab.toml:4: [metric] max_repeats is 0, expected a whole number from 1 to 1000"},
        Wrong{"TooManyRepeats", COMMAND "[metric]\nmax_repeats = 1001",
              "lab.toml:4: [metric] max_repeats is 1001, expected a whole number from 1 to 1000"},
        Wrong{"UnknownDirection", COMMAND "[metric]\ndirection = 'lower'",
              "lab.toml:4: [metric] direction is \"lower\", expected \"minimize\" or "
              "\"maximize\""},
        Wrong{"NegativeImprovement", COMMAND "[metric]\nmin_improvement = -1",
              "lab.toml:4: [metric] min_improvement is -1, expected a number of 0 or more, or a "
              "percentage such as \"1%\""},
        Wrong{"ImprovementInWords", COMMAND "[metric]\nmin_improvement = 'much'",
              "lab.toml:4: [metric] min_improvement is \"much\", expected a number of 0 or more, "
              "or a percentage such as \"1%\""},
        Wrong{"NegativePercentage", COMMAND "[metric]\nmin_improvement = '-1%'",
              "lab.toml:4: [metric] min_improvement is \"-1%\", expected a number of 0 or more, "
              "or a percentage such as \"1%\""},
        Wrong{"MetricThatNoMetricLineHas", COMMAND "[metric]\nname = 'val bpb'",
              "lab.toml:1: [metric] name is \"val bpb\", which no METRIC line can have, expected "
              "letters, digits, \"_\", \".\" and \"\u00b5\" only"},
        Wrong{"ConstraintWithoutMetric", COMMAND "[[constraint]]\nmax = 3",
              "lab.toml:3: [[constraint]] has no metric, expected the name of one"},
        Wrong{"ConstraintWithoutBound", COMMAND "[[constraint]]\nmetric = 'm'",
              "lab.toml:3: [[constraint]] has no bound, expected min, max or both"},
        Wrong{"ConstraintWithSwappedBounds",
              COMMAND "[[constraint]]\nmetric = 'm'\nmin = 2\nmax = 1",
              "lab.toml:6: [[constraint]] max is 1, expected 2 (its min) or more"},
        Wrong{"InfiniteConstraint", COMMAND "[[constraint]]\nmetric = 'm'\nmin = inf",
              "lab.toml:5: [[constraint]] min is inf, expected a finite number"},
        Wrong{"NegativeIterations", COMMAND "[stop]\nmax_iterations = -1",
              "lab.toml:4: [stop] max_iterations is -1, expected a whole number, 0 (no limit) or "
              "more"},
        Wrong{"FractionOfIterations", COMMAND "[stop]\nmax_iterations = 1.5",
              "lab.toml:4: [stop] max_iterations is 1.5, expected a whole number, 0 (no limit) or "
              "more"},
        Wrong{"NegativeHours", COMMAND "[stop]\nmax_hours = -1",
              "lab.toml:4: [stop] max_hours is -1, expected hours, 0 (no limit) or more"},
        Wrong{"InfiniteCost", COMMAND "[stop]\nmax_cost = inf",
              "lab.toml:4: [stop] max_cost is inf, expected US dollars, 0 (no limit) or more"},
        Wrong{"TargetOfNaN", COMMAND "[stop]\ntarget_score = nan",
              "lab.toml:4: [stop] target_score is nan, expected a finite number"},
        Wrong{"NegativePlateau", COMMAND "[stop]\nplateau_threshold = -2",
              "lab.toml:4: [stop] plateau_threshold is -2, expected a whole number, 0 (no limit) "
              "or more"},
        Wrong{"NegativeCpusOfATask", COMMAND "[resources]\ncpus = -1",
              "lab.toml:4: [resources] cpus is -1, expected a number, 0 or more"},
        Wrong{"BareMemoryOfATask", COMMAND "[resources]\nmemory = 16",
              "lab.toml:4: [resources] memory is 16, expected a size such as \"10MB\", \"512KiB\" "
              "or \"2G\""},
        Wrong{"PartOfAGpu", COMMAND "[resources]\ngpus = 0.5",
              "lab.toml:4: [resources] gpus is 0.5, expected a whole number, 0 to 256"},
        Wrong{"TooManyGpus", COMMAND "[resources]\ngpus = 257",
              "lab.toml:4: [resources] gpus is 257, expected a whole number, 0 to 256"},
        Wrong{"LabelsInOneText", COMMAND "[resources]\nlabels = ['a,b']",
              "lab.toml:4: [resources] labels has \"a,b\", expected a list of at most 64 labels "
              "such as [\"gpu=h100\", \"fast\"]"},
        Wrong{"ZeroWidth", COMMAND "[search]\nwidth = 0",
              "lab.toml:4: [search] width is 0, expected a whole number, 1 to 256"},
        Wrong{"LargeWidth", COMMAND "[search]\nwidth = 257",
              "lab.toml:4: [search] width is 257, expected a whole number, 1 to 256"},
        Wrong{"ZeroIslands", COMMAND "[search]\nislands = 0",
              "lab.toml:4: [search] islands is 0, expected a whole number, 1 to 64"},
        Wrong{"ManyIslands", COMMAND "[search]\nislands = 65",
              "lab.toml:4: [search] islands is 65, expected a whole number, 1 to 64"},
        Wrong{"NegativeExploration", COMMAND "[search]\nexploration = -0.5",
              "lab.toml:4: [search] exploration is -0.5, expected a number, 0 to 1000"},
        Wrong{
            "NegativeMigration", COMMAND "[search]\nmigration_every = -1",
            "lab.toml:4: [search] migration_every is -1, expected experiments, 0 (never) or more"},
        Wrong{"ResetInWords", COMMAND "[search]\nreset_every = 'never'",
              "lab.toml:4: [search] reset_every is \"never\", expected experiments, 0 (never) or "
              "more"},
        Wrong{"NearDuplicatesThatAreNothing", COMMAND "[search]\nnear_duplicates = 'drop'",
              "lab.toml:4: [search] near_duplicates is \"drop\", expected \"flag\" or \"skip\""},
        Wrong{"SimplicityOfWhatIsUnknown", COMMAND "[search]\nsimplicity = 'bytes'",
              "lab.toml:4: [search] simplicity is \"bytes\", expected true, false, \"lines\", or "
              "\"metric:NAME\" with a metric that says how large it is"},
        Wrong{"SimplicityByNoMetric", COMMAND "[search]\nsimplicity = 'metric:'",
              "lab.toml:4: [search] simplicity is \"metric:\", expected true, false, \"lines\", or "
              "\"metric:NAME\" with a metric that says how large it is"},
        Wrong{"SimplicityOfSeveralMetrics",
              COMMAND "[search]\nsimplicity = true\n[[metric]]\nname = 'a'\n[[metric]]\nname = "
                      "'b'",
              "lab.toml:4: [search] simplicity is set beside several [[metric]], expected one "
              "[metric]: what is small can be one of several metrics instead"},
        Wrong{"SimilarityOfMoreThanAll", COMMAND "[search]\nsimilarity = 1.5",
              "lab.toml:4: [search] similarity is 1.5, expected a number, 0.01 to 1"},
        Wrong{"HalfAnAge", COMMAND "[search]\nmax_parent_age = 1.5",
              "lab.toml:4: [search] max_parent_age is 1.5, expected experiments, 0 (no limit) or "
              "more"},
        Wrong{"NegativeSeed", COMMAND "[search]\nseed = -7",
              "lab.toml:4: [search] seed is -7, expected a whole number, 0 or more"},
        Wrong{"ZeroWeight", COMMAND "[search]\nweight = 0",
              "lab.toml:4: [search] weight is 0, expected a whole number, 1 to 1000"},
        Wrong{"LargeWeight", COMMAND "[search]\nweight = 1001",
              "lab.toml:4: [search] weight is 1001, expected a whole number, 1 to 1000"},
        Wrong{"NegativeParallel", COMMAND "[search]\nmax_parallel = -1",
              "lab.toml:4: [search] max_parallel is -1, expected a whole number, 0 (no limit) or "
              "more"},
        Wrong{"DeviceVariable", COMMAND "[agent]\ncommand = 'a'\nenv = ['CUDA_VISIBLE_DEVICES']",
              "lab.toml:5: [agent] env has \"CUDA_VISIBLE_DEVICES\", which the sandbox sets "
              "itself, expected a list of names of variables such as [\"API_KEY\"]"},
        Wrong{"NegativeRestarts", COMMAND "[stop]\nmax_restarts = -2",
              "lab.toml:4: [stop] max_restarts is -2, expected a whole number, 0 or more"},
        Wrong{"UnknownPolicy", COMMAND "[search]\npolicy = 'random'",
              "lab.toml:4: [search] policy is \"random\", expected " EVERY_POLICY},
        Wrong{"UnknownAgent", COMMAND "[agent]\nkind = 'cursor'\ncommand = 'x'",
              "lab.toml:4: [agent] kind is \"cursor\", expected one of \"command\", \"claude\", "
              "\"codex\", \"pi\", "
              "\"opencode\""},
        Wrong{"AgentWithoutCommand", COMMAND "[agent]\ntimeout = '1m'",
              "lab.toml:3: [agent] has no command, expected one such as \"python3 agent.py\", or a "
              "kind: one of \"command\", \"claude\", \"codex\", \"pi\", "
              "\"opencode\""},
        Wrong{"VariableWithAValue", COMMAND "[agent]\ncommand = 'a'\nenv = ['A=b']",
              "lab.toml:5: [agent] env has \"A=b\", expected a list of names of variables such as "
              "[\"API_KEY\"]"},
        Wrong{"VariableOfTheSandbox", COMMAND "[agent]\ncommand = 'a'\nenv = ['HOME']",
              "lab.toml:5: [agent] env has \"HOME\", which the sandbox sets itself, expected a "
              "list of names of variables such as [\"API_KEY\"]"},
        Wrong{"GuardWithoutCommand", COMMAND "[guard]\ntimeout = '1m'",
              "lab.toml:3: [guard] has no command, expected one such as \"pytest -q\""}),
    name_of_test);

TEST(LabErrors, AreAllReportedInTheOrderOfTheFile) {
  const auto settings = read_lab(
      "[stop]\nmax_hours = -1\n[metric]\nnam = 'x'\nconfidence = 2\n[holdout]\n[evaluator]\n"
      "command = 'x'\ntimeout = 5\n",
      "labs/x");
  EXPECT_EQ(settings.error().message,
            "labs/x/lab.toml:2: [stop] max_hours is -1, expected hours, 0 (no limit) or more\n"
            "labs/x/lab.toml:4: [metric] nam is no known key, expected name\n"
            "labs/x/lab.toml:5: [metric] confidence is 2, expected a number from 0 (off) to below "
            "1\n"
            "labs/x/lab.toml:6: [holdout] has no data, expected \"path:/srv/holdout\", a folder "
            "that every worker has: agents would see one of the repository\n"
            "labs/x/lab.toml:9: [evaluator] timeout is 5, expected a duration such as \"10m\"");
}

TEST(LabErrors, NoTextMakesTheReaderFailInAnotherWay) {
  const std::string whole =
      "[lab]\nname='a'\n[[constraint]]\nmetric='m'\nmax=1\n[evaluator]\ncommand='x'\n[artifact]\n"
      "editable=['a/**','b']\nfrozen=['a/[x]']\n[stop]\nmax_hours=1e300\n";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    (void)read_lab(whole.substr(0, length), "l");
    std::string changed = whole;
    for (const char c : {'\0', '[', ']', '\'', '9', '*', '\xFF', '\n', '='}) {
      changed[length] = c;
      (void)read_lab(changed, "l");
    }
  }
}

}  // namespace
}  // namespace swarmlab
