#include <filesystem>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "common/git/library.h"

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  // In workspaces of PraxLab's labs it goes by the name of their program, too.
  const bool is_lab = argc > 0 && std::filesystem::path(argv[0]).filename() == "lab";
  if (is_lab) arguments.insert(arguments.begin(), "as-lab");
  const swarmlab::git::Library git;
  swarmlab::cli::Context context = swarmlab::cli::Context::from_process();
  return swarmlab::cli::run_command_line(arguments, context);
}
