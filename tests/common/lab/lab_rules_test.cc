// Every message of a lab.toml whose tables do not go together.
#include <gtest/gtest.h>

#include <string>

#include "common/lab/lab.h"
#include "tests/common/lab/lab_error.h"

namespace swarmlab {
namespace {

class LabRule : public testing::TestWithParam<Wrong> {};

TEST_P(LabRule, NamesLineKeyValueAndWhatWasExpected) {
  expect_message_of(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Scoring, LabRule,
    testing::Values(
        Wrong{"NothingScores", "[lab]\nname = 'x'",
              "lab.toml: nothing scores a candidate, expected [evaluator] command = \"...\" or a "
              "[backend] table (its module is \"backend.py\" unless set)"},
        Wrong{"EvaluatorWithoutCommand", "[evaluator]\ntimeout = '1m'",
              "lab.toml:1: nothing scores a candidate, expected [evaluator] command = \"...\" or a "
              "[backend] table (its module is \"backend.py\" unless set)"},
        Wrong{"BothScore", "[backend]\n" COMMAND,
              "lab.toml:3: [evaluator] command is set and so is [backend] (line 1), expected only "
              "one of them"},
        Wrong{"ParseOfABackend", "[backend]\n[evaluator]\nparse = 'json'",
              "lab.toml:3: [evaluator] parse is set, but the result of a [backend] is not parsed: "
              "take it out"},
        Wrong{
            "PatternWithoutGroup", COMMAND "parse = 'score'",
            "lab.toml:3: [evaluator] parse is \"score\", which has 0 groups, expected \"json\", "
            "\"metric-lines\" or a regular expression with one group such as '^score: (\\S+)', or "
            "with two, name and value"},
        Wrong{
            "PatternWithThreeGroups", COMMAND "parse = '(a)(b)(c)'",
            "lab.toml:3: [evaluator] parse is \"(a)(b)(c)\", which has 3 groups, expected "
            "\"json\", "
            "\"metric-lines\" or a regular expression with one group such as '^score: (\\S+)', or "
            "with two, name and value"},
        Wrong{"PatternThatDoesNotCompile", COMMAND "parse = '(a'",
              "lab.toml:3: [evaluator] parse is \"(a\", which does not compile: Mismatched '(' "
              "and ')' in regular expression, expected \"json\", \"metric-lines\" or a regular "
              "expression with one group "
              "such as '^score: (\\S+)', or "
              "with two, name and value"},
        Wrong{"BackendOutsideOfTheRepository", "[backend]\nmodule = '../../b.py'",
              "labs/lab.toml:2: [backend] module \"../../b.py\" leaves the repository, expected a "
              "file of the repository",
              "labs"},
        Wrong{"AbsoluteData", COMMAND "data = '/srv/data'",
              "lab.toml:3: [evaluator] data is \"/srv/data\", which is absolute, expected a folder "
              "of the repository, or \"path:/srv/data\""},
        Wrong{"RelativePathOfTheHost", COMMAND "data = 'path:data'",
              "lab.toml:3: [evaluator] data is \"path:data\", which is not absolute after "
              "\"path:\", expected a folder of the repository, or \"path:/srv/data\""},
        Wrong{"TheLabAsItsData", COMMAND "data = '.'",
              "lab.toml:3: [evaluator] data is \".\", which has the lab itself, expected a folder "
              "of the repository, or \"path:/srv/data\""}),
    name_of_test);

INSTANTIATE_TEST_SUITE_P(
    Scope, LabRule,
    testing::Values(
        Wrong{"NothingEditable", COMMAND "[artifact]\neditable = []",
              "lab.toml:4: [artifact] editable is an empty list, expected at least one path or "
              "glob: else an agent can change nothing"},
        Wrong{"TextForEditable", COMMAND "[artifact]\neditable = 'train.py'",
              "lab.toml:4: [artifact] editable is \"train.py\", expected a list of paths or globs "
              "such as [\"pipeline/**\"]"},
        Wrong{"EditableOutside", COMMAND "[artifact]\neditable = ['a',\n'../../x/**']",
              "labs/lab.toml:5: [artifact] editable \"../../x/**\" leaves the repository, expected "
              "a path or glob in the repository, relative to the lab's folder",
              "labs"},
        Wrong{"AbsoluteFrozen", COMMAND "[artifact]\nfrozen = ['/etc']",
              "lab.toml:4: [artifact] frozen \"/etc\" is absolute, expected a path or glob in the "
              "repository, relative to the lab's folder"},
        Wrong{"PipelineOutside", "[lab]\npipeline_dir = '../x'\n" COMMAND,
              "lab.toml:2: [lab] pipeline_dir \"../x\" leaves the repository, expected a folder of "
              "the repository"},
        Wrong{"AbsolutePipeline", "[lab]\npipeline_dir = '/x'\n" COMMAND,
              "lab.toml:2: [lab] pipeline_dir \"/x\" is absolute, expected a folder of the "
              "repository"},
        Wrong{"ResultsOutside", "[lab]\nresults_file = '../x'\n" COMMAND,
              "lab.toml:2: [lab] results_file \"../x\" leaves the repository, expected a file of "
              "the repository"},
        Wrong{"InstructionsOutside", "[lab]\nagent_instructions = '../x'\n" COMMAND,
              "lab.toml:2: [lab] agent_instructions \"../x\" leaves the repository, expected a "
              "file of the repository"},
        Wrong{"OnlyFrozenFiles", COMMAND "[artifact]\neditable = ['lab.toml']\nfrozen = ['x']",
              "lab.toml:4: [artifact] editable has only frozen paths, expected one that is not "
              "among x, lab.toml, AGENT.md, results.tsv, .git, .git/**, .swarmlab, .swarmlab/**"},
        Wrong{"FrozenPipeline", COMMAND "[artifact]\nfrozen = ['pipeline']",
              "lab.toml:3: [artifact] editable has only frozen paths, expected one that is not "
              "among pipeline, lab.toml, AGENT.md, results.tsv, .git, .git/**, .swarmlab, "
              ".swarmlab/**"},
        Wrong{"DataAsPipeline", COMMAND "data = 'pipeline'",
              "lab.toml: [artifact] editable has only frozen paths, expected one that is not among "
              "lab.toml, AGENT.md, results.tsv, pipeline, pipeline/**, .git, .git/**, .swarmlab, "
              ".swarmlab/**"}),
    name_of_test);

INSTANTIATE_TEST_SUITE_P(
    NotInThisVersion, LabRule,
    testing::Values(
        Wrong{"ConfidenceOfAFurtherMetric",
              COMMAND "[[metric]]\nname = 'a'\n[[metric]]\nname = 'b'\nconfidence = 0.9",
              "lab.toml:7: [[metric]] confidence stands in a further metric, expected it in the "
              "first one: it is of the lab"},
        Wrong{"FurtherMetricWithoutAName", COMMAND "[[metric]]\nname = 'a'\n[[metric]]",
              "lab.toml:5: [[metric]] has no name, expected one in each but the first"},
        Wrong{
            "MetricTwice", COMMAND "[[metric]]\nname = 'a'\n[[metric]]\nname = 'a'",
            "lab.toml:6: [[metric]] name is \"a\", expected another one than those of the metrics "
            "before it"},
        Wrong{"WorstOfTheOnlyMetric", COMMAND "[metric]\nworst = 3",
              "lab.toml:4: [metric] worst is no known key, expected one of name, direction, "
              "min_improvement, confidence, max_repeats"},
        Wrong{"TooManyMetrics",
              COMMAND "[[metric]]\n[[metric]]\nname='b'\n[[metric]]\nname='c'\n[[metric]]\n"
                      "name='d'\n[[metric]]\nname='e'",
              "lab.toml:10: [[metric]] is given 5 times, expected 4 at most"},
        Wrong{"Reworks", COMMAND "[guard]\ncommand = 'x'\nreworks = 11",
              "lab.toml:5: [guard] reworks is 11, expected a whole number, 0 (none) to 10"},
        Wrong{"ModelOfACommand", COMMAND "[agent]\ncommand = 'x'\nmodel = 'm'",
              "lab.toml:5: [agent] model is of agents with a kind such as \"claude\": set kind, or "
              "take it out"},
        Wrong{
            "AgentNetwork", COMMAND "[agent]\nkind = 'codex'\nnetwork = ['https://x.com']",
            "lab.toml:5: [agent] network has \"https://x.com\", expected a list of hosts, perhaps "
            "with a port, such as [\"pypi.org\", \"*.example.org\", \"10.0.0.7:8080\"]"},
        Wrong{"EvaluatorNetwork", "[evaluator]\ncommand = 'x'\nnetwork = ['x.com:0']",
              "lab.toml:3: [evaluator] network has \"x.com:0\", expected a list of hosts, perhaps "
              "with a port, such as [\"pypi.org\", \"*.example.org\", \"10.0.0.7:8080\"]"},
        Wrong{"BaseUrl", COMMAND "[agent]\nkind = 'codex'\nbase_url = 'api.x.com'",
              "lab.toml:5: [agent] base_url is \"api.x.com\", expected an address such as "
              "\"https://api.example.com\""},
        Wrong{"AKeyForItsName", COMMAND "[agent]\nkind = 'codex'\napi_key = 'sk-secret'",
              "lab.toml:5: [agent] api_key is no name of a variable, expected the name of a "
              "variable such as \"ANTHROPIC_API_KEY\""},
        Wrong{
            "Credentials", COMMAND "[agent]\nkind = 'codex'\ncredentials = ['~/../etc/shadow']",
            "lab.toml:5: [agent] credentials has \"~/../etc/shadow\", expected a list of files in "
            "the home of the worker such as [\"~/.claude/.credentials.json\"]"},
        Wrong{"Prices", COMMAND "[agent]\nkind = 'codex'\n[agent.prices]\nm = { input = -1 }",
              "lab.toml:6: [agent.prices] \"m\" has input = -1, expected dollars for a million "
              "tokens: input, output, cached"},
        Wrong{"PiWithoutAModel", COMMAND "[agent]\nkind = 'pi'",
              "lab.toml:3: [agent] has no model, which kind \"pi\" needs"},
        Wrong{"Sessions", COMMAND "[agent]\nkind = 'codex'\nexperiments_per_session = 0",
              "lab.toml:5: [agent] experiments_per_session is 0, expected a whole number, 1 or "
              "more"},
        Wrong{"SessionWay", COMMAND "[agent]\ncommand = 'x'\nsession = 'forever'",
              "lab.toml:5: [agent] session is \"forever\", expected \"resume\" or \"handshake\""},
        Wrong{"HandshakeOfAPreset", COMMAND "[agent]\nkind = 'codex'\nsession = 'handshake'",
              "lab.toml:5: [agent] session is \"handshake\", which only a command does: agents of "
              "kind \"codex\" resume their sessions"},
        Wrong{"HostServiceWithoutAPort", "[backend]\n[backend.host_service]\ncommand = 'x'",
              "lab.toml:2: [backend.host_service] has no port, expected command and port"},
        Wrong{
            "HostServiceAtPortOfOurs",
            "[backend]\n[backend.host_service]\ncommand = 'x'\nport = 4100",
            "lab.toml:4: [backend.host_service] port is 4100, expected another port: 4100 and 4101 "
            "are swarmlab's in every sandbox"},
        Wrong{
            "DriverNone", COMMAND "[sandbox]\ndriver = 'none'",
            "lab.toml:4: [sandbox] driver is \"none\", which a lab cannot choose: whoever runs it "
            "says --sandbox none"},
        Wrong{"UnknownDriver", COMMAND "[sandbox]\ndriver = 'chroot'",
              "lab.toml:4: [sandbox] driver is \"chroot\", expected \"bubblewrap\", \"docker\", "
              "\"podman\", \"runsc\" or \"runner\""},
        Wrong{"ImageOfADriverWithoutImages",
              COMMAND "[sandbox]\ndriver = 'bubblewrap'\nimage = 'x'",
              "lab.toml:4: [sandbox] driver bubblewrap has no images, expected \"docker\", "
              "\"podman\" or \"runsc\""},
        Wrong{"ImageAndDockerfile", COMMAND "[sandbox]\nimage = 'x'\ndockerfile = 'D'",
              "lab.toml:4: [sandbox] image is set and so is dockerfile, expected only one of them"},
        Wrong{"ImageThatIsAnOption", COMMAND "[sandbox]\nimage = '--privileged'",
              "lab.toml:4: [sandbox] image is \"--privileged\", expected the name of an image such "
              "as \"python:3.12-slim\""},
        Wrong{
            "DockerfileElsewhere", COMMAND "[sandbox]\ndockerfile = '../../Dockerfile'",
            "lab.toml:4: [sandbox] dockerfile \"../../Dockerfile\" leaves the repository, expected "
            "a file of the repository"}),
    name_of_test);

}  // namespace
}  // namespace swarmlab
