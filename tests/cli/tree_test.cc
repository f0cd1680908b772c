// A repository with a tree of labs: which labs a command means, how they are shown, and branches of
// them in the store.
#include <capnp/message.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/locate.h"
#include "cli/tree_lines.h"
#include "tests/cli/swarm_on_disk.h"

namespace swarmlab::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class TreeOnDisk : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempFolder::create(testing::TempDir(), "swarmlab-tree");
    ASSERT_TRUE(folder);
    folder_.emplace(std::move(*folder));
    write("lab.toml", "[lab]\nabstract = true\n[evaluator]\ncommand = 'true'\n");
    for (const char* lab : {"nets/tiny", "nets/base", "parser"}) write(path(lab), "");
    write("nets/notes.txt", "");
    write("parser/src/main.c", "");
    git("init -q -b main");
    commit();
  }

  static std::string path(const std::string& lab) { return lab + "/lab.toml"; }
  [[nodiscard]] fs::path root() const { return fs::weakly_canonical(folder_->path()); }
  void write(const std::string& file, const std::string& text) {
    fs::create_directories((root() / file).parent_path());
    std::ofstream(root() / file) << text;
  }
  void git(const std::string& arguments) {
    const std::string command =
        "git -C '" + root().string() + "' -c user.name=T -c user.email=t@localhost " + arguments;
    ASSERT_EQ(std::system(command.c_str()), 0) << command;  // NOLINT: our own words
  }
  void commit() {
    git("add -A");
    git("commit -q -m labs");
  }

  // The names of the labs that are meant, or why there are none.
  std::vector<std::string> meant(const std::string& lab, const std::string& cwd = "") {
    std::ostringstream sink;
    Context context{.out = sink, .err = sink, .cwd = root() / cwd};
    context.lab = lab;
    const auto labs = locate_labs(context);
    if (!labs) return {labs.error().message};
    std::vector<std::string> names;
    for (const LabPlace& place : *labs) names.push_back(place.name);
    return names;
  }
  std::string place(const std::string& lab, const std::string& cwd = "") {
    std::ostringstream sink;
    Context context{.out = sink, .err = sink, .cwd = root() / cwd};
    context.lab = lab;
    const auto named = named_place(context);
    return !named ? named.error().message : named->value_or("nothing");
  }
  using Names = std::vector<std::string>;

  git::Library library_{{.fsync = false}};
  std::optional<TempFolder> folder_;
};

TEST_F(TreeOnDisk, AFolderMeansAllLabsBelowIt) {
  EXPECT_EQ(meant(""), (Names{"nets/base", "nets/tiny", "parser"}));
  EXPECT_EQ(meant("nets"), (Names{"nets/base", "nets/tiny"}));
  EXPECT_EQ(meant("nets/tiny"), Names{"nets/tiny"});
  EXPECT_EQ(meant("nets/tiny/lab.toml"), Names{"nets/tiny"});
  EXPECT_EQ(meant(".", "nets"), (Names{"nets/base", "nets/tiny"}));
}

TEST_F(TreeOnDisk, WithoutAWordItIsByTheCurrentFolder) {
  EXPECT_EQ(meant("", "nets/tiny"), Names{"nets/tiny"});
  EXPECT_EQ(meant("", "parser/src"), Names{"parser"});
  EXPECT_EQ(meant("", "nets"), (Names{"nets/base", "nets/tiny"}));
}

TEST_F(TreeOnDisk, ANameMeansTheLabAndThoseBelowItFromAnywhere) {
  EXPECT_EQ(meant("nets", "parser"), (Names{"nets/base", "nets/tiny"}));
  EXPECT_EQ(meant("nets/base", "parser/src"), Names{"nets/base"});
  EXPECT_EQ(meant("net", "parser"),
            Names{"no lab 'net': no such folder with a lab.toml, and the repository holds "
                  "nets/base, nets/tiny, parser"});
}

TEST_F(TreeOnDisk, ALabAboveOthersIsOneOfThem) {
  write("nets/lab.toml", "[lab]\nname = 'networks'\n");
  commit();
  EXPECT_EQ(meant("nets"), (Names{"networks", "networks/base", "networks/tiny"}));
  EXPECT_EQ(meant("networks", "parser"), (Names{"networks", "networks/base", "networks/tiny"}));
}

TEST_F(TreeOnDisk, TwoLabsOfOneNameAreRefused) {
  write("other/lab.toml", "[lab]\nname = 'parser'\n");
  commit();
  const Names said = meant("");
  ASSERT_EQ(said.size(), 1U);
  EXPECT_NE(said.front().find("two labs are named parser"), std::string::npos) << said.front();
}

TEST_F(TreeOnDisk, ALabThatCannotBeReadIsToldWhereItIsMeant) {
  write("nets/tiny/lab.toml", "[lab\n");
  commit();
  EXPECT_NE(meant("nets").front().find("nets/tiny/lab.toml:1: not valid TOML"), std::string::npos);
  EXPECT_EQ(meant("parser"), Names{"parser"});
}

TEST_F(TreeOnDisk, AnAbstractFolderIsNoLabButAPlace) {
  std::ostringstream sink;
  const Context context{.out = sink, .err = sink, .cwd = root()};
  const auto lab = locate_lab(context);
  ASSERT_FALSE(lab);
  EXPECT_NE(lab.error().message.find("nets/base, nets/tiny, parser"), std::string::npos)
      << lab.error().message;
  EXPECT_EQ(named_lab(context).value(), std::nullopt);
  EXPECT_EQ(place(""), "");
  EXPECT_EQ(place("nets/tiny"), "nets/tiny");
  EXPECT_EQ(place("nets"), "nets");
  EXPECT_EQ(place("", "parser/src"), "parser");
}

TEST(TreeLines, PutLabsBelowWhatTheyAreIn) {
  capnp::MallocMessageBuilder message;
  auto labs = message.initRoot<schema::LabList>().initLabs(5);
  const std::vector<std::vector<const char*>> paths{{"solo"},
                                                    {"nets", "tiny"},
                                                    {"nets", "tiny", "wide"},
                                                    {"nets", "base"},
                                                    {"deep", "down", "one"}};
  for (unsigned i = 0; i < paths.size(); ++i) {
    auto to = labs[i].initPath(static_cast<unsigned>(paths[i].size()));
    for (unsigned part = 0; part < paths[i].size(); ++part) to.set(part, paths[i][part]);
  }
  labs[2].initBranchedFrom().setValue(7);
  std::vector<std::string> lines;
  for (const TreeLine& line : as_tree(labs.asReader())) lines.push_back(line.label);
  EXPECT_EQ(lines, (std::vector<std::string>{"deep/down/one", "nets/", "  base", "  tiny",
                                             "    wide (from #7)", "solo"}));
}

class BranchInTheStore : public SwarmOnDisk {
 protected:
  void SetUp() override {
    SwarmOnDisk::SetUp();
    start();
    measure({.score = 9.0, .hypothesis = "halve it"});
    stop();
  }
  [[nodiscard]] json branch(std::vector<std::string> rest) const {
    rest.emplace_back("--json");
    const Ran ran = cli("branch", rest);
    EXPECT_EQ(ran.exit_code, kDone) << ran.err;
    return json::parse(ran.out, nullptr, false);
  }
};

TEST_F(BranchInTheStore, IsMadeOnceAndSeenByQueries) {
  const std::vector<std::string> wide{"2", "wide", "--set", "search.policy=best-of-n"};
  EXPECT_EQ(branch(wide),
            json({{"lab", "lab/wide"}, {"experiment", 2}, {"new", true}, {"staysStopped", ""}}));
  EXPECT_EQ(branch(wide)["new"], false);
  const json labs = json::parse(cli("labs", {"--json"}).out);
  ASSERT_EQ(labs.size(), 2U);
  EXPECT_EQ(labs[1]["parent"], "lab");
  EXPECT_EQ(labs[1]["branchedFrom"], 2);
  EXPECT_EQ(labs[1]["path"], json({"lab", "wide"}));
  EXPECT_EQ(labs[1]["set"], json({"search.policy=best-of-n"}));
  EXPECT_EQ(labs[1]["policy"], "best-of-n");
  EXPECT_NE(cli("labs").out.find("\n  wide (from #2)"), std::string::npos) << cli("labs").out;
  EXPECT_NE(cli("events").out.find("branched from experiment 2 of lab by"), std::string::npos);
}

TEST_F(BranchInTheStore, TakesInstructionsFromAFile) {
  std::ofstream(lab() / "OTHER.md") << "another way\n";
  EXPECT_EQ(branch({"2", "other", "--instructions", "OTHER.md"})["lab"], "lab/other");
  const Ran gone = cli("branch", {"2", "gone", "--instructions", "GONE.md"});
  EXPECT_EQ(gone.exit_code, kFailed);
  EXPECT_NE(gone.err.find("--instructions"), std::string::npos) << gone.err;
}

TEST_F(BranchInTheStore, RefusesWhatMakesNoSense) {
  const auto refused = [this](const std::vector<std::string>& words) {
    const Ran ran = cli("branch", words);
    EXPECT_EQ(ran.exit_code, kFailed) << ran.out;
    return ran.err;
  };
  EXPECT_NE(refused({"9", "x"}).find("no experiment 9"), std::string::npos);
  EXPECT_NE(refused({"2", "x", "--set", "stop.max_hours=soon"})
                .find("--set stop.max_hours=soon: [stop] max_hours is \"soon\""),
            std::string::npos);
  EXPECT_EQ(cli("branch", {"0", "x"}).exit_code, kWrongUsage);
  EXPECT_EQ(cli("branch", {"2"}).exit_code, kWrongUsage);
}

}  // namespace
}  // namespace swarmlab::cli
