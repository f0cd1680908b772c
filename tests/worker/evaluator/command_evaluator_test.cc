// [evaluator] command in the real sandbox: three ways to read a score, and all the ways to have
// none.
#include <cmath>

#include "tests/worker/evaluator/fixture.h"

namespace swarmlab::worker {
namespace {

class CommandEvaluatorTest : public EvaluatorTest {
 protected:
  static LabSettings lab(const std::string& command, const std::string& parse,
                         const std::string& more = "") {
    return settings_of("[evaluator]\ncommand = '''" + command + "'''\nparse = '''" + parse +
                       "'''\n" + more);
  }
  [[nodiscard]] Scored score(const std::string& command, const std::string& parse) const {
    return scored(evaluate(lab(command, parse)));
  }
  [[nodiscard]] Failed failure(const std::string& command, const std::string& parse,
                               const std::string& more = "") const {
    return failed(evaluate(lab(command, parse, more)));
  }
};

constexpr const char* kBpb = R"(^val_bpb:\s+(\S+))";

TEST_F(CommandEvaluatorTest, IsReadByTheLastMatchOfAPattern) {
  EXPECT_EQ(score(R"(printf 'step 1\rstep 2\nval_bpb:   0.9979\nval_bpb: 0.5\n---\n')", kBpb).score,
            0.5);
}

TEST_F(CommandEvaluatorTest, IsReadByMetricLines) {
  const Scored result = score(
      R"(printf 'METRIC score=2\nMETRIC mem.gb=1e-3\n METRIC x=1\nMETRIC score=1.5  \nmetric y=1\nMETRIC a-b=1\nMETRIC z=1 2\nMETRIC \302\265s=3')",
      "metric-lines");
  EXPECT_EQ(result.score, 1.5);
  EXPECT_EQ(result.metrics, (std::vector<MetricValue>{{"mem.gb", 0.001}, {"\xC2\xB5s", 3.0}}));
}

TEST_F(CommandEvaluatorTest, IsReadFromAJsonObjectOnTheLastLine) {
  const Scored result =
      score(R"(printf 'noise\n{"score": 9}\n{"n": 3, "score": 0.5, "tag": "x", "ok": true}\n\n')",
            "json");
  EXPECT_EQ(result.score, 0.5);
  EXPECT_EQ(result.metrics, (std::vector<MetricValue>{{"n", 3.0}}));
}

TEST_F(CommandEvaluatorTest, TakesAllMetricsOfAPatternThatNamesThem) {
  const Scored result = score(
      R"(printf 'step 1\rstep 2\nscore:  0.9\npeak_vram_mb: 2048.5\nkernel: flash\nscore: 0.8\n')",
      "^(\\w+):\\s+(\\S+)$");
  EXPECT_EQ(result.score, 0.8);
  EXPECT_EQ(result.metrics, (std::vector<MetricValue>{{"peak_vram_mb", 2048.5}}));
}

TEST_F(CommandEvaluatorTest, RunsInTheLabsFolderWithDataAndScratch) {
  write("labs/x/data/n", "6");
  const Scored result = scored(evaluate(settings_of(
      "[evaluator]\ndata = 'data'\ncommand = '''cat $SWARMLAB_DATA/n > $SWARMLAB_SCRATCH/copy; "
      "test $PWD = /workspace/labs/x; test $SWARMLAB_LAB = x; test $SWARMLAB_SCALE = base; echo "
      "METRIC score=$(cat /scratch/copy)$?'''\n",
      "labs/x")));
  EXPECT_EQ(result.score, 60.0);
}

TEST_F(CommandEvaluatorTest, IsReadFromStdoutOnly) {
  const Failed result = failure("echo METRIC score=1 >&2", "metric-lines");
  EXPECT_EQ(result, (Failed{Outcome::invalid,
                            "evaluator: no line \"METRIC score=...\" on stdout\nMETRIC score=1"}));
}

struct NoScore {
  const char* name;
  const char* command;
  const char* parse;
  Outcome outcome;
  const char* reason;
};
void PrintTo(const NoScore& one, std::ostream* out) {
  *out << one.name;
}

class NoScoreTest : public CommandEvaluatorTest, public testing::WithParamInterface<NoScore> {};

TEST_P(NoScoreTest, HasItsVerdictAndMessage) {
  EXPECT_EQ(failure(GetParam().command, GetParam().parse),
            (Failed{GetParam().outcome, GetParam().reason}));
}

INSTANTIATE_TEST_SUITE_P(
    All, NoScoreTest,
    testing::Values(
        NoScore{"Nothing", "true", kBpb, Outcome::invalid,
                R"(evaluator: no line of stdout matches [evaluator] parse '^val_bpb:\s+(\S+)')"},
        NoScore{"NanByPattern", "echo val_bpb: nan", kBpb, Outcome::invalid,
                "evaluator: the score is nan, expected a finite number\nval_bpb: nan"},
        NoScore{"InfinityByPattern", "echo val_bpb: -inf", kBpb, Outcome::invalid,
                "evaluator: the score is -inf, expected a finite number\nval_bpb: -inf"},
        NoScore{"OverflowByPattern", "echo val_bpb: 1e999", kBpb, Outcome::invalid,
                "evaluator: the score is 1e999, expected a finite number\nval_bpb: 1e999"},
        NoScore{"GarbageByPattern", "echo val_bpb: 0.5x", kBpb, Outcome::invalid,
                "evaluator: the score is \"0.5x\", expected a number\nval_bpb: 0.5x"},
        NoScore{"OtherNames", "echo loss: 1", R"(^(\w+): (\S+))", Outcome::invalid,
                R"(evaluator: no line of stdout matches [evaluator] parse '^(\w+): (\S+)' with )"
                "score as the name, only with loss\nloss: 1"},
        NoScore{"OtherMetrics", "echo METRIC loss=1", "metric-lines", Outcome::invalid,
                "evaluator: no line \"METRIC score=...\" on stdout, there are METRIC lines of "
                "loss\nMETRIC loss=1"},
        NoScore{"NanOfMetric", "echo METRIC score=NaN", "metric-lines", Outcome::invalid,
                "evaluator: score is NaN, expected a finite number\nMETRIC score=NaN"},
        NoScore{"InfinityOfMetric", "echo METRIC score=Infinity", "metric-lines", Outcome::invalid,
                "evaluator: score is Infinity, expected a finite number\nMETRIC score=Infinity"},
        NoScore{"UnitOfMetric", "echo METRIC score=5ms", "metric-lines", Outcome::invalid,
                "evaluator: score is \"5ms\", expected a number\nMETRIC score=5ms"},
        NoScore{"LastMetricCounts", "echo METRIC score=5; echo METRIC score=nan", "metric-lines",
                Outcome::invalid,
                "evaluator: score is nan, expected a finite number\nMETRIC score=5\nMETRIC "
                "score=nan"},
        NoScore{"NoJson", "echo 0.5", "json", Outcome::invalid,
                "evaluator: the last line of stdout is \"0.5\", expected a JSON object such as "
                "{\"score\": 0.5}\n0.5"},
        NoScore{"NoOutputForJson", "true", "json", Outcome::invalid,
                "evaluator: the last line of stdout is \"\", expected a JSON object such as "
                "{\"score\": 0.5}"},
        NoScore{"NanInJson", R"(echo '{"score": NaN}')", "json", Outcome::invalid,
                "evaluator: score is nan, expected a finite number\n{\"score\": NaN}"},
        NoScore{"InfinityInJson", R"(echo '{"a": "\" NaN", "score": -Infinity}')", "json",
                Outcome::invalid,
                "evaluator: score is -inf, expected a finite number\n{\"a\": \"\\\" NaN\", "
                "\"score\": -Infinity}"},
        NoScore{"TextInJson", R"(echo '{"score": "high"}')", "json", Outcome::invalid,
                "evaluator: score is \"high\", expected a number\n{\"score\": \"high\"}"},
        NoScore{"NullInJson", R"(echo '{"score": null}')", "json", Outcome::invalid,
                "evaluator: score is null, expected a number\n{\"score\": null}"},
        NoScore{"NoScoreInJson", R"(echo '{"loss": 1}')", "json", Outcome::invalid,
                "evaluator: the JSON object on the last line has no \"score\"\n{\"loss\": 1}"},
        NoScore{"Garbage", R"(printf '\377\376\033[31m\000{"score": 1')", "json", Outcome::invalid,
                "evaluator: the last line of stdout is \"\xEF\xBF\xBD\xEF\xBF\xBD{\"score\": 1\", "
                "expected a JSON object such as {\"score\": 0.5}\n\xEF\xBF\xBD\xEF\xBF\xBD"
                "{\"score\": 1"},
        NoScore{"NonZeroExitWithAScore", "echo METRIC score=1; echo oh no >&2; exit 3",
                "metric-lines", Outcome::crash, "evaluator: exit code 3\noh no"},
        NoScore{"Killed", "echo METRIC score=1; kill -9 $$", "metric-lines", Outcome::crash,
                "evaluator: killed by signal 9\nMETRIC score=1"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(CommandEvaluatorTest, ThatTakesTooLongIsATimeoutAlthoughItPrintedAScore) {
  const Failed result =
      failure("echo METRIC score=1; sleep 600", "metric-lines", "timeout = '500ms'\n");
  EXPECT_EQ(result.outcome, Outcome::timeout);
  EXPECT_TRUE(result.reason.starts_with("evaluator: timed out after ")) << result.reason;
}

TEST_F(CommandEvaluatorTest, ThatIsCancelledGoesBack) {
  const auto source = CancelSource::make();
  source->cancel();
  const auto settings = lab("sleep 600", "json");
  const auto result = run(*prepare_evaluation(settings, paths()), source->token());
  EXPECT_EQ(failed(read_evaluation(settings, result)).outcome, Outcome::returned);
}

TEST_F(CommandEvaluatorTest, ReadsNoLineThatTheOutputCapCut) {
  // The cap is 4000 bytes: "METRIC score=12..." is cut after 1000, the end keeps 3000.
  LabSettings settings =
      lab("python3 -c \"print('x' * 985); print('METRIC score=123456789'); print('y' * 5000)\"",
          "metric-lines");
  settings.limits.output_bytes = 4000;
  const Failed result = failed(evaluate(settings));
  EXPECT_TRUE(result.reason.starts_with("evaluator: no line \"METRIC score=...\""))
      << result.reason;
  settings =
      lab("python3 -c \"print('x' * 5000 + 'METRIC score=1' + 'z' * 2985); print('METRIC n=1')\"",
          "metric-lines");
  settings.limits.output_bytes = 4000;
  EXPECT_TRUE(has(failed(evaluate(settings)).reason, "METRIC lines of n"));
}

TEST_F(CommandEvaluatorTest, ReadsAScoreAfterAnyAmountOfOutput) {
  EXPECT_EQ(score("yes | head -c 20000000; echo; echo METRIC score=4", "metric-lines").score, 4.0);
}

TEST_F(CommandEvaluatorTest, SurvivesJsonThatIsDeep) {
  EXPECT_EQ(failure("python3 -c \"print('[' * 500000)\"", "json").outcome, Outcome::invalid);
  EXPECT_EQ(failure("python3 -c \"print('{\\\"score\\\":' * 100000)\"", "json").outcome,
            Outcome::invalid);
}

TEST_F(CommandEvaluatorTest, CannotScoreSingleSamples) {
  const auto request =
      prepare_evaluation(lab("true", "json"), paths(), std::vector<std::string>{"a"});
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, ErrorCode::invalid_input);
}

TEST_F(CommandEvaluatorTest, SeesACandidateThatItCannotChange) {
  write("pipeline/x", "7");
  EXPECT_EQ(score("echo 8 > pipeline/x; rm -f pipeline/x; echo METRIC score=$(cat pipeline/x)",
                  "metric-lines")
                .score,
            7.0);
}

class GuardTest : public CommandEvaluatorTest {
 protected:
  [[nodiscard]] std::optional<Failed> guard(const std::string& command,
                                            const std::string& more = "") const {
    const auto settings = settings_of("[evaluator]\ncommand = 'true'\n[guard]\ncommand = '''" +
                                      command + "'''\n" + more);
    return read_guard(run(prepare_guard(settings, paths())));
  }
};

TEST_F(GuardTest, PassesOnZero) {
  EXPECT_EQ(guard("test -d pipeline && touch /scratch/x"), std::nullopt);
}

TEST_F(GuardTest, FailsOnAnythingElseWithTheEndOfItsOutput) {
  EXPECT_EQ(guard("seq 100; echo 2 failed; exit 1")->reason,
            "guard: exit code 1\n90\n91\n92\n93\n94\n95\n96\n97\n98\n99\n100\n2 failed");
  EXPECT_EQ(guard("exit 1")->outcome, Outcome::guard_failed);
  EXPECT_TRUE(has(guard("no-such-program")->reason, "guard: exit code 127\n"));
  EXPECT_EQ(guard("kill -11 $$")->outcome, Outcome::guard_failed);
}

TEST_F(GuardTest, FailsWhenItTakesTooLong) {
  const auto result = guard("echo collecting; sleep 600", "timeout = '500ms'\n");
  EXPECT_EQ(result->outcome, Outcome::guard_failed);
  EXPECT_TRUE(has(result->reason, "guard: timed out after ")) << result->reason;
  EXPECT_TRUE(result->reason.ends_with("\ncollecting")) << result->reason;
}

TEST(SortWorstFirst, PutsErrorsFirstThenTheWorstScore) {
  std::vector<SampleScore> samples = {{"b", 1, "", ""},     {"a", 1, "", ""},
                                      {"best", 0, "", ""},  {"nan", std::nan(""), "", ""},
                                      {"worst", 5, "", ""}, {"error", 0, "x", ""}};
  const auto order = [&](Direction direction) {
    sort_worst_first(samples, direction);
    std::string ids;
    for (const SampleScore& sample : samples) ids += sample.id + " ";
    return ids;
  };
  EXPECT_EQ(order(Direction::minimize), "error nan worst a b best ");
  EXPECT_EQ(order(Direction::maximize), "error nan best a b worst ");
}

}  // namespace
}  // namespace swarmlab::worker
