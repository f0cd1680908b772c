#include "worker/sandbox/runner_layout.h"

#include <gtest/gtest.h>

#include "tests/worker/sandbox/fixture.h"

namespace swarmlab::sandbox {
namespace {

namespace fs = std::filesystem;

// What an attempt lays out for an agent, in the folder that its runner sees.
class RunnerLayoutTest : public testing::Test {
 protected:
  RunnerLayoutTest() {
    fs::create_directories(volume_ / "work/attempt/workspace/harness");
    fs::create_directories(volume_ / "work/attempt/out");
    volume_.write("work/attempt/workspace/lab.toml", "frozen");
    volume_.write("work/attempt/workspace/train.py", "editable");
    volume_.write("work/attempt/workspace/harness/measure.py", "frozen");
    volume_.write("work/attempt/brief.md", "the brief");
    elsewhere_.write("shim.py", "of the worker");
    const std::string at = volume_ / "work/attempt";
    using Kind = Mount::Kind;
    request_.folder = "/workspace/harness";
    request_.args = {"--module", "/workspace/x", "/usr/bin/x"};
    request_.env = {{"SWARMLAB_BRIEF", "/swarmlab/brief.md"}, {"OTHER", "/workspaces"}};
    request_.mounts = {
        {.kind = Kind::read_write, .host = at + "/workspace", .inside = "/workspace"},
        {.kind = Kind::read_only,
         .host = at + "/workspace/lab.toml",
         .inside = "/workspace/lab.toml"},
        {.kind = Kind::read_only,
         .host = at + "/workspace/harness",
         .inside = "/workspace/harness"},
        {.kind = Kind::read_only, .host = at + "/brief.md", .inside = "/swarmlab/brief.md"},
        {.kind = Kind::read_write, .host = at + "/out", .inside = "/swarmlab/out"},
        {.kind = Kind::read_only, .host = elsewhere_.path(), .inside = "/data"},
        {.kind = Kind::read_only, .host = "/bin/true", .inside = "/swarmlab/bin/swarmlab"}};
  }

  Result<RunnerLayout> make(std::uint32_t places = 0) {
    return RunnerLayout::make(request_, {.folder = volume_.path(),
                                         .places = places,
                                         .program = "/opt/swarmlab",
                                         .our_program = "/bin/true"});
  }

  Folder volume_;
  Folder elsewhere_;
  SandboxRequest request_;
};

TEST_F(RunnerLayoutTest, LinksEveryPathOfTheSandbox) {
  const auto layout = make();
  ASSERT_TRUE(layout) << layout.error().message;
  EXPECT_EQ(volume_.read("inside/workspace/train.py"), "editable");
  EXPECT_EQ(volume_.read("inside/swarmlab/brief.md"), "the brief");
  EXPECT_EQ(volume_.read("inside/data/shim.py"), "of the worker");
  EXPECT_TRUE(volume_.has("inside/home/agent"));
  EXPECT_EQ(fs::read_symlink(volume_ / "inside/swarmlab/bin/swarmlab"), "/opt/swarmlab");
}

TEST_F(RunnerLayoutTest, PutsHostPathsWhereInsidePathsAreNotThere) {
  const auto layout = make();
  ASSERT_TRUE(layout) << layout.error().message;
  const std::string links = volume_ / "inside";
  const SandboxRequest& request = layout->request();
  EXPECT_EQ(request.folder, links + "/workspace/harness");
  EXPECT_EQ(request.args,
            (std::vector<std::string>{"--module", links + "/workspace/x", "/usr/bin/x"}));
  EXPECT_EQ(request.env[0].second, links + "/swarmlab/brief.md");
  EXPECT_EQ(request.env[1].second, "/workspaces");
  EXPECT_EQ(request.env[2], std::pair(std::string("HOME"), links + "/home/agent"));
}

TEST_F(RunnerLayoutTest, LeavesPathsThatTheImageHas) {
  const auto layout = make(0b11);  // /workspace, /swarmlab
  ASSERT_TRUE(layout) << layout.error().message;
  EXPECT_EQ(layout->request().folder, "/workspace/harness");
  EXPECT_EQ(layout->request().env[0].second, "/swarmlab/brief.md");
}

TEST_F(RunnerLayoutTest, FreezesWhatLiesInAWritableMount) {
  const auto layout = make();
  ASSERT_TRUE(layout) << layout.error().message;
  const auto is_writable = [&](const std::string& path) {
    const auto mode = fs::status(volume_ / ("work/attempt/workspace/" + path)).permissions();
    return (mode & fs::perms::owner_write) != fs::perms::none;
  };
  EXPECT_FALSE(is_writable("lab.toml"));
  EXPECT_FALSE(is_writable("harness"));
  EXPECT_FALSE(is_writable("harness/measure.py"));
  EXPECT_TRUE(is_writable("train.py"));
}

TEST_F(RunnerLayoutTest, CopiesWhatLiesElsewhereOnce) {
  ASSERT_TRUE(make());
  ASSERT_TRUE(make());
  EXPECT_EQ(std::distance(fs::directory_iterator(volume_ / "kept"), fs::directory_iterator()), 1);
}

TEST_F(RunnerLayoutTest, RefusesToWriteElsewhere) {
  request_.mounts.push_back(elsewhere_.at("/scratch"));
  const auto layout = make();
  ASSERT_FALSE(layout);
  EXPECT_EQ(layout.error().code, ErrorCode::invalid_input);
}

TEST_F(RunnerLayoutTest, MendsWhatAnAgentClosed) {
  fs::permissions(volume_ / "work/attempt", fs::perms::none);
  const auto layout = make();
  EXPECT_TRUE(layout) << layout.error().message;
}

}  // namespace
}  // namespace swarmlab::sandbox
