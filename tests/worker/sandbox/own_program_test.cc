// Whether this very program would run in a sandbox.
#include "worker/sandbox/own_program.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace swarmlab::sandbox {
namespace {

TEST(OwnProgram, IsShownIfItsLibrariesAreVisibleInside) {
  std::string why;
  const std::string program = own_program({}, why);
  // All that this test uses comes from the system's folders.
  EXPECT_EQ(program, std::filesystem::read_symlink("/proc/self/exe").string()) << why;
}

}  // namespace
}  // namespace swarmlab::sandbox
