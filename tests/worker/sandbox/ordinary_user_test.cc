// The same tests once more as a user without rights, for whom other code in the kernel decides.
#include <sys/stat.h>

#include "common/os/host.h"
#include "common/os/process.h"
#include "tests/worker/sandbox/fixture.h"

namespace swarmlab::sandbox {
namespace {

constexpr uid_t kNobody = 65'534;

// Runs tests of this program as nobody, in a folder of nobody's.
void expect_passed_by_nobody(const Folder& folder, const std::string& tests) {
  const auto output = run_and_capture(
      {.argv = {find_program("setpriv", "/usr/bin:/bin"), "--reuid=65534", "--regid=65534",
                "--clear-groups", folder / "tests", "--gtest_filter=" + tests},
       .env = {"PATH=/usr/bin:/bin", "TEST_TMPDIR=" + folder.path()},
       .folder = "/"},
      std::chrono::minutes(5));
  ASSERT_TRUE(output.has_value()) << output.error().message;
  EXPECT_FALSE(output->status.signaled);
  EXPECT_EQ(output->status.code, 0) << output->out;
  EXPECT_NE(output->out.find("[  PASSED  ]"), std::string::npos) << output->out;
}

class OrdinaryUser : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "all tests run as an ordinary user already";
    if (find_program("setpriv", "/usr/bin:/bin").empty()) GTEST_SKIP() << "there is no setpriv";
    // Where we were built nobody may have no way in.
    std::filesystem::copy_file("/proc/self/exe", folder_ / "tests");
    ASSERT_EQ(::chmod((folder_ / "tests").c_str(), 0755), 0);
    ASSERT_EQ(::chown(folder_.path().c_str(), kNobody, kNobody), 0);
  }
  Folder folder_;
};

TEST_F(OrdinaryUser, RunsCommands) {
  expect_passed_by_nobody(folder_, "SandboxRun.*");
}

TEST_F(OrdinaryUser, IsSafeFromThem) {
  expect_passed_by_nobody(folder_,
                          "SandboxHides.*:SandboxRefuses.*:SandboxReachesNobody.*:SandboxGates.*");
}

TEST_F(OrdinaryUser, BoundsAndEndsThem) {
  expect_passed_by_nobody(folder_, "*SandboxBounds.*:*SandboxEnds.*");
}

}  // namespace
}  // namespace swarmlab::sandbox
