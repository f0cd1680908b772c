// Backend classes of Autoresearch Lab, run by the shim in the real sandbox.
#include <cmath>

#include "tests/worker/evaluator/fixture.h"

namespace swarmlab::worker {
namespace {

constexpr const char* kImport =
    "from autoresearch_lab.harness.backend import EvalBackend, EvalResult, SampleResult\n";

class PythonBackendTest : public EvaluatorTest {
 protected:
  // A backend whose evaluate() has this body, indented by four spaces at least.
  void write_backend(const std::string& body) const {
    write("backend.py", std::string(kImport) +
                            "import sys, os\n"
                            "class Backend(EvalBackend):\n"
                            "  def evaluate(self, pipeline_dir, data_dir, sample_ids=None):\n" +
                            body);
  }
  static LabSettings lab(const std::string& more = "") {
    return settings_of("[backend]\nclass = 'Backend'\n" + more);
  }
  [[nodiscard]] Evaluation evaluate_body(const std::string& body) const {
    write_backend(body);
    return evaluate(lab());
  }
  [[nodiscard]] Failed failed_body(const std::string& body) const {
    return failed(evaluate_body(body));
  }
};

TEST_F(PythonBackendTest, GivesScoreMetricsAndSamples) {
  const Scored result = scored(evaluate_body(R"(
    return EvalResult(score=0.25, metrics={"b": 2, "a": 1.5}, sample_results=[
        SampleResult("one", 1.0, extra={"label": "x", "deep": [1, {"y": None}]}),
        SampleResult(sample_id="two", score=0.0, error="no answer")])
)"));
  EXPECT_EQ(result.score, 0.25);
  EXPECT_EQ(result.metrics, (std::vector<MetricValue>{{"a", 1.5}, {"b", 2.0}}));
  EXPECT_EQ(result.samples, (std::vector<SampleScore>{
                                {"one", 1.0, "", R"({"label": "x", "deep": [1, {"y": null}]})"},
                                {"two", 0.0, "no answer", ""}}));
  EXPECT_TRUE(result.warnings.empty());
}

TEST_F(PythonBackendTest, GetsPipelineDataAndSamplesAsAutoresearchLabGivesThem) {
  write("labs/x/pipeline/answer.txt", "4");
  write("labs/x/data/question.txt", "2");
  write("labs/x/eval/helper.txt", "beside");
  write("labs/x/eval/backend.py", std::string(kImport) + R"(
from pathlib import Path
class EvalBackend2(EvalBackend):
  def evaluate(self, pipeline_dir, data_dir, sample_ids=None):
    assert isinstance(pipeline_dir, Path) and isinstance(data_dir, Path)
    assert (Path(__file__).parent / "helper.txt").read_text() == "beside"
    assert __name__ == "lab_backend"
    assert sample_ids == ["s 1", "--class", "s,2"], sample_ids
    answer = float((pipeline_dir / "answer.txt").read_text())
    return EvalResult(answer / float((data_dir / "question.txt").read_text()))
)");
  const LabSettings settings = settings_of(
      "[backend]\nmodule = 'eval/backend.py'\nclass = 'EvalBackend2'\n[evaluator]\ndata = 'data'\n",
      "labs/x");
  EXPECT_EQ(scored(evaluate(settings, {{"s 1", "--class", "s,2"}})).score, 2.0);
}

TEST_F(PythonBackendTest, GetsNoSamplesButAnEmptyDataFolderWhereThereIsNoData) {
  EXPECT_EQ(scored(evaluate_body("    assert sample_ids is None\n"
                                 "    return EvalResult(len(os.listdir(data_dir)))\n"))
                .score,
            0.0);
}

TEST_F(PythonBackendTest, IsSetUpAndTornDown) {
  write("backend.py", std::string(kImport) + R"(
import os
class Backend(EvalBackend):
  def setup(self):
    print("setup", file=open("/scratch/log", "a"))
  def teardown(self):
    print("teardown", file=open("/scratch/log", "a"))
  def evaluate(self, pipeline_dir, data_dir, sample_ids=None):
    print("evaluate", file=open("/scratch/log", "a"))
    if os.path.exists(pipeline_dir / "bad"): raise RuntimeError("bad pipeline")
    return EvalResult(1)
)");
  EXPECT_EQ(scored(evaluate(lab())).score, 1.0);
  EXPECT_EQ(read_file(path("scratch/log"), 1000).value(), "setup\nevaluate\nteardown\n");
  write("pipeline/bad", "");
  EXPECT_EQ(failed(evaluate(lab())).outcome, Outcome::crash);
  EXPECT_EQ(read_file(path("scratch/log"), 1000).value(),
            "setup\nevaluate\nteardown\nsetup\nevaluate\nteardown\n");
}

TEST_F(PythonBackendTest, KeepsItsScoreWhenTeardownRaises) {
  write("backend.py", std::string(kImport) + R"(
class Backend(EvalBackend):
  def teardown(self): raise OSError("service is gone")
  def evaluate(self, pipeline_dir, data_dir, sample_ids=None): return EvalResult(3)
)");
  EXPECT_EQ(scored(evaluate(lab())).score, 3.0);
}

TEST_F(PythonBackendTest, IsNotFooledByWhatACandidatePrints) {
  const Scored result = scored(evaluate_body(R"(
    print("METRIC score=1e9")
    print('{"score": 1e9}')
    sys.stderr.write('{"score": 1e9}\n')
    os.system('echo METRIC score=1e9; echo \'{"score": 1e9}\' >&3; echo \'{"score": 1e9}\' >&100')
    print('{"score": 1e9}', flush=True)
    return EvalResult(0.5)
)"));
  EXPECT_EQ(result.score, 0.5);
}

TEST_F(PythonBackendTest, IsNotReachedByProgramsThatItStarts) {
  write("pipeline/cheat.py", R"(
import os, sys
parent = os.getppid()
said = b'{"score": 1e9, "metrics": {}, "samples": [], "warnings": []}\n'
reached = 0
for fd in range(1024):
    try: os.write(fd, said) if fd > 2 else None
    except OSError: pass
    else: reached += fd > 2
    try: os.write(os.open(f"/proc/{parent}/fd/{fd}", os.O_WRONLY), said) if fd > 2 else None
    except OSError: pass
    else: reached += fd > 2
try: open(f"/proc/{parent}/mem", "r+b"); reached += 1
except OSError: pass
sys.exit(min(reached, 100))
)");
  const Scored result = scored(evaluate_body(R"(
    import subprocess
    done = subprocess.run([sys.executable, str(pipeline_dir / "cheat.py")], close_fds=False)
    return EvalResult(0.5, {"reached": done.returncode})
)"));
  EXPECT_EQ(result.score, 0.5);
  EXPECT_EQ(result.metrics, (std::vector<MetricValue>{{"reached", 0.0}}));
}

TEST_F(PythonBackendTest, IsReadFromItsLastWholeMessage) {
  LabSettings settings = lab();
  sandbox::SandboxResult result;
  result.result = "{\"score\": 1}\n{\"score\": 2, \"metrics\": {\"m\": 1}}\n{\"score\": 3, \"metr";
  EXPECT_EQ(scored(read_evaluation(settings, result)).score, 2.0);
}

TEST_F(PythonBackendTest, MayImportTheCandidateWhichPrintsAndReplacesStdout) {
  write("pipeline/candidate.py", R"(
import io, sys
print('{"score": 7}')
sys.stdout = io.StringIO()
sys.stderr = None
def answer(): return 42
)");
  EXPECT_EQ(scored(evaluate_body(R"(
    sys.path.insert(0, str(pipeline_dir))
    import candidate
    return EvalResult(candidate.answer())
)"))
                .score,
            42.0);
}

TEST_F(PythonBackendTest, DoesNotWaitForThreadsThatGoOn) {
  EXPECT_EQ(scored(evaluate_body(R"(
    import threading, time
    threading.Thread(target=lambda: time.sleep(600)).start()
    return EvalResult(1)
)"))
                .score,
            1.0);
}

TEST_F(PythonBackendTest, WithoutAFiniteScoreIsInvalid) {
  for (const char* score : {"nan", "inf", "-inf"}) {
    const Failed result =
        failed_body("    return EvalResult(float('" + std::string(score) + "'))\n");
    EXPECT_EQ(result.outcome, Outcome::invalid);
    EXPECT_EQ(result.reason,
              "evaluator: score is " + std::string(score) + ", expected a finite number");
  }
}

TEST_F(PythonBackendTest, WithAScoreThatIsNoNumberIsInvalid) {
  EXPECT_EQ(
      failed_body("    return EvalResult(None)\n"),
      (Failed{Outcome::invalid, "evaluator: the score is None (NoneType), expected a number"}));
  EXPECT_EQ(failed_body("    return EvalResult('0.5')\n"),
            (Failed{Outcome::invalid, "evaluator: the score is '0.5' (str), expected a number"}));
  EXPECT_EQ(failed_body("    pass\n"),
            (Failed{Outcome::invalid,
                    "evaluator: evaluate() gave None (NoneType), expected an EvalResult"}));
}

TEST_F(PythonBackendTest, ThatRaisesIsACrashWithItsTraceback) {
  const Failed result = failed_body("    return EvalResult(1 / 0)\n");
  EXPECT_EQ(result.outcome, Outcome::crash);
  EXPECT_TRUE(
      has(result.reason, "evaluator: the backend raised ZeroDivisionError: division by zero\n"))
      << result.reason;
  EXPECT_TRUE(has(result.reason, "line 5, in evaluate")) << result.reason;
}

TEST_F(PythonBackendTest, ThatEndsTheProcessEarlyGivesNoScore) {
  const Failed quiet = failed_body("    print('bye', flush=True); os._exit(0)\n");
  EXPECT_EQ(quiet.outcome, Outcome::invalid);
  EXPECT_EQ(quiet.reason, "evaluator: the backend ended the process before it gave a score\nbye");
  EXPECT_EQ(failed_body("    sys.exit(0)\n").outcome, Outcome::crash);
  EXPECT_EQ(failed_body("    os._exit(7)\n"), (Failed{Outcome::crash, "evaluator: exit code 7"}));
  EXPECT_EQ(failed_body("    os.kill(os.getpid(), 9)\n"),
            (Failed{Outcome::crash, "evaluator: killed by signal 9"}));
}

TEST_F(PythonBackendTest, ThatHangsIsATimeoutWithWhatItPrinted) {
  write_backend("    print('epoch 1'); import time; time.sleep(600)\n");
  const Failed result = failed(evaluate(lab("[evaluator]\ntimeout = '1500ms'\n")));
  EXPECT_EQ(result.outcome, Outcome::timeout);
  EXPECT_TRUE(result.reason.starts_with("evaluator: timed out after ")) << result.reason;
  EXPECT_TRUE(result.reason.ends_with("\nepoch 1")) << result.reason;
}

TEST_F(PythonBackendTest, ThatCannotBeLoadedSaysWhy) {
  const auto reason = [&](const std::string& text) {
    write("backend.py", text);
    const Failed result = failed(evaluate(lab()));
    EXPECT_EQ(result.outcome, Outcome::crash);
    return result.reason.substr(0, result.reason.find('\n'));
  };
  EXPECT_EQ(reason("x = 1\n"),
            "evaluator: the backend raised AttributeError: backend.py has no class Backend");
  EXPECT_EQ(reason("class Backend: pass\n"),
            "evaluator: the backend raised TypeError: Backend in backend.py is no subclass of "
            "EvalBackend");
  EXPECT_TRUE(has(reason("import nothing_like_it\n"), "ModuleNotFoundError"));
  EXPECT_TRUE(has(reason("def x(:\n"), "SyntaxError"));
  EXPECT_TRUE(has(reason(std::string(kImport) + "class Backend(EvalBackend): pass\n"), "abstract"));
  std::filesystem::remove(path("checkout/backend.py"));
  EXPECT_EQ(failed(evaluate(lab())).reason.substr(0, 64),
            "evaluator: the backend raised FileNotFoundError: there is no bac");
}

TEST_F(PythonBackendTest, LeavesOutMetricsThatAreNoNumbersAndSaysSo) {
  const Scored result = scored(evaluate_body(R"(
    return EvalResult(1, {"good": 1, "nan": float("nan"), "text": "x", "score": 5, "a\nb": 2})
)"));
  EXPECT_EQ(result.metrics, (std::vector<MetricValue>{{"good", 1.0}}));
  ASSERT_EQ(result.warnings.size(), 3U);
  EXPECT_EQ(result.warnings[0], "metric text is 'x' (str), expected a number");
}

TEST_F(PythonBackendTest, TakesNumbersAndTextsOfAnyLibrary) {
  const Scored result = scored(evaluate_body(R"(
    class Float:
      def __float__(self): return 0.75
    class Array:
      def tolist(self): return [1, float("nan")]
    return EvalResult(Float(), {}, [
        SampleResult(7, Float(), extra={"a": Array(), 3: {1}, "s": "\ud800", "o": object}),
        SampleResult("n", float("nan")), SampleResult("e\x1b[31m", 0, error=ValueError("bad"))])
)"));
  EXPECT_EQ(result.score, 0.75);
  ASSERT_EQ(result.samples.size(), 3U);
  EXPECT_EQ(result.samples[0],
            (SampleScore{"7", 0.75, "",
                         R"({"a": [1, null], "3": [1], "s": "?", "o": "<class 'object'>"})"}));
  EXPECT_TRUE(std::isnan(result.samples[1].score));
  EXPECT_EQ(result.samples[2], (SampleScore{"e", 0.0, "bad", ""}));
}

TEST_F(PythonBackendTest, MayHaveMoreSamplesThanAReportCarries) {
  const Scored extras = scored(evaluate_body(
      "    return EvalResult(1, {}, [SampleResult(str(i), i, extra={'x': 'y' * 1000}) for i in "
      "range(3000)])\n"));
  EXPECT_EQ(extras.samples.size(), 3000U);
  EXPECT_EQ(extras.samples[0].extra, "");
  EXPECT_EQ(extras.warnings.size(), 1U);
  const Scored many = scored(evaluate_body(
      "    return EvalResult(1, {}, [SampleResult(str(i), i) for i in range(50000)])\n"));
  EXPECT_LE(many.samples.size(), 20'000U);
  EXPECT_GE(many.samples.size(), 15'000U);
  EXPECT_EQ(many.score, 1.0);
  const Scored huge = scored(evaluate_body(
      "    return EvalResult(1, {}, [SampleResult('x' * 1000, i) for i in range(30000)])\n"));
  EXPECT_TRUE(huge.samples.empty());
  EXPECT_EQ(huge.score, 1.0);
}

TEST_F(PythonBackendTest, CannotWriteTheCandidateOrReachTheNetwork) {
  EXPECT_EQ(scored(evaluate_body(R"(
    import socket
    reached = 0
    try: open(pipeline_dir / "x", "w"); reached += 1
    except OSError: pass
    try: socket.create_connection(("192.0.2.1", 80), 1); reached += 2
    except OSError: pass
    return EvalResult(reached)
)"))
                .score,
            0.0);
}

}  // namespace
}  // namespace swarmlab::worker
