// Queries of the store that a coordinator left, as whole command lines.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/swarm_on_disk.h"

namespace swarmlab::cli {
namespace {

using nlohmann::json;

class Queries : public SwarmOnDisk {
 protected:
  void run_five() {
    start();
    measure({.score = 9.0, .hypothesis = "halve it"});
    measure({.score = 9.5, .hypothesis = "double it"});
    measure({.score = std::nullopt});
    measure({.score = 8.0, .hypothesis = "shift\tit\x1b[31m by <one>"});
    stop();
  }
  [[nodiscard]] json ask(const std::string& command, std::vector<std::string> rest = {}) const {
    rest.emplace_back("--json");
    const Ran ran = cli(command, rest);
    EXPECT_EQ(ran.exit_code, kDone) << ran.err;
    return json::parse(ran.out, nullptr, false);
  }
};

TEST_F(Queries, SayWhatToDoWhereNothingWasRunYet) {
  for (const char* command : {"status", "labs", "workers", "experiments", "best", "frontier",
                              "results", "plot", "events", "export", "pause"}) {
    const Ran ran = cli(command);
    EXPECT_EQ(ran.exit_code, kFailed) << command;
    EXPECT_EQ(ran.err, "swarmlab: no experiments yet: run swarmlab run\n") << command;
  }
}

TEST_F(Queries, ExperimentsAsJsonHaveTheNamesThatOthersBuildOn) {
  run_five();
  const json all = ask("experiments");
  ASSERT_EQ(all.size(), 5U);
  for (const char* name :
       {"number", "lab", "parent", "verdict", "score", "metrics", "scale", "commit", "hypothesis",
        "worker", "attempts", "costUsd", "startedAt", "endedAt", "reason"}) {
    EXPECT_TRUE(all[0].contains(name)) << name;
  }
  EXPECT_EQ(all[0]["number"], 1);
  EXPECT_TRUE(all[0]["parent"].is_null());
  EXPECT_EQ(all[1]["parent"], 1);
  EXPECT_EQ(all[1]["verdict"], "keep");
  EXPECT_EQ(all[1]["metrics"]["mean_error"], 4.5);
  EXPECT_EQ(all[2]["verdict"], "discard");
  EXPECT_EQ(all[3]["verdict"], "crash");
  EXPECT_TRUE(all[3]["score"].is_null());
  EXPECT_NE(all[3]["reason"], "");
}

TEST_F(Queries, ExperimentsCanBeFilteredAndCutToTheNewest) {
  run_five();
  EXPECT_EQ(ask("experiments", {"--kept"}).size(), 3U);
  EXPECT_EQ(ask("experiments", {"--verdict", "crash"})[0]["number"], 4);
  const json last = ask("experiments", {"--last", "2"});
  ASSERT_EQ(last.size(), 2U);
  EXPECT_EQ(last[0]["number"], 4);
}

TEST_F(Queries, StatusTellsLabsAndThatNoCoordinatorRuns) {
  run_five();
  const json status = ask("status");
  EXPECT_EQ(status["coordinator"]["running"], false);
  EXPECT_EQ(status["labs"][0]["name"], "lab");
  EXPECT_EQ(status["labs"][0]["experiments"], 5);
  EXPECT_EQ(status["labs"][0]["kept"], 3);
  EXPECT_EQ(status["labs"][0]["best"], 8.0);
  EXPECT_NE(cli("status").out.find("not running"), std::string::npos);
}

TEST_F(Queries, BestIsOneExperimentAndFrontierAList) {
  run_five();
  EXPECT_EQ(ask("best")["number"], 5);
  const json frontier = ask("frontier");
  ASSERT_FALSE(frontier.empty());
  EXPECT_EQ(frontier[0]["number"], 5);
  for (const char* name : {"score", "priority", "visits"}) {
    EXPECT_TRUE(frontier[0].contains(name)) << name;
  }
}

TEST_F(Queries, ShowTellsTheChangeAndWhyItWasKept) {
  run_five();
  const Ran ran = cli("show", {"5"});
  EXPECT_EQ(ran.exit_code, kDone) << ran.err;
  EXPECT_NE(ran.out.find("8 beats 9 of #2"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("+# 5"), std::string::npos) << ran.out;
  EXPECT_EQ(ask("show", {"5"})["hypothesis"], "shift\tit\x1b[31m by <one>");
}

TEST_F(Queries, TextOfAgentsCannotPaintTheTerminal) {
  run_five();
  for (const char* command : {"experiments", "best", "frontier", "results", "plot"}) {
    EXPECT_EQ(cli(command).out.find('\x1b'), std::string::npos) << command;
  }
}

TEST_F(Queries, AnUnknownExperimentIsToldWithWhatThereIs) {
  run_five();
  const Ran ran = cli("show", {"99"});
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_EQ(ran.err, "swarmlab: lab lab: no experiment 99, expected 1 to 5\n");
  EXPECT_EQ(cli("show", {"0"}).exit_code, kWrongUsage);
}

TEST_F(Queries, ResultsAreATsvWhereNobodyLooks) {
  run_five();
  const std::string out = cli("results").out;
  EXPECT_EQ(out.substr(0, out.find('\r')),
            "experiment_id\ttimestamp\tscore\tmetrics\tkept\tcommit_sha\tnotes");
  EXPECT_NE(out.find("exp_004\t"), std::string::npos);
  EXPECT_NE(cli("results", {"--format", "table"}).out.find("KEEP"), std::string::npos);
  EXPECT_EQ(ask("results", {"--best"})[0]["experiment_id"], "exp_005");
}

TEST_F(Queries, EventsComeInOrderAndLastTakesTheNewest) {
  run_five();
  const std::string all = cli("events", {"--json"}).out;
  const std::string last = cli("events", {"--json", "--last", "2"}).out;
  ASSERT_EQ(std::count(last.begin(), last.end(), '\n'), 2);
  EXPECT_TRUE(all.ends_with(last));
  const Ran followed = cli("events", {"--follow"});
  EXPECT_EQ(followed.exit_code, kDone);
  EXPECT_NE(followed.err.find("nothing to follow"), std::string::npos);
}

TEST_F(Queries, PlotShowsEveryExperimentAndTheMarks) {
  run_five();
  const std::string svg = cli("plot", {"--mark", "7.5=the goal"}).out;
  const auto count = [&](const std::string& what) {
    std::size_t found = 0;
    for (auto at = svg.find(what); at != std::string::npos; at = svg.find(what, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("class=\"kept\""), 3U);
  EXPECT_EQ(count("class=\"discarded\"") + count("class=\"outlier\""), 1U);
  EXPECT_EQ(count("class=\"failed\""), 1U);
  EXPECT_EQ(count("class=\"mark\""), 1U);
  EXPECT_NE(svg.find("the goal"), std::string::npos);
  EXPECT_NE(svg.find("by &lt;one&gt;"), std::string::npos);
  EXPECT_EQ(cli("plot", {"--mark", "much=more"}).exit_code, kWrongUsage);
}

TEST_F(Queries, PlotWritesAFileWholeOrNotAtAll) {
  run_five();
  EXPECT_EQ(cli("plot", {"--out", "p.svg"}).exit_code, kDone);
  EXPECT_TRUE(std::filesystem::exists(lab() / "p.svg"));
  EXPECT_EQ(cli("plot", {"--out", "no/such/p.svg"}).exit_code, kFailed);
}

TEST_F(Queries, SteeringNeedsACoordinator) {
  run_five();
  for (const auto& [command, argument] :
       std::vector<std::pair<std::string, std::string>>{{"pause", "lab"}, {"drain", "w1"}}) {
    const Ran ran = cli(command, {argument});
    EXPECT_EQ(ran.exit_code, kFailed);
    EXPECT_NE(ran.err.find("no coordinator runs here"), std::string::npos) << ran.err;
  }
}

TEST_F(Queries, AnUnknownLabIsNamed) {
  run_five();
  const Ran ran = cli("best", {"nope"});
  EXPECT_EQ(ran.exit_code, kFailed);
  EXPECT_EQ(ran.err, "swarmlab: no lab nope here, expected one of: lab\n");
}

}  // namespace
}  // namespace swarmlab::cli
