#include <filesystem>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "common/git/library.h"

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  // In workspaces of PraxLab and Autoresearch Lab it goes by the names of their programs, too.
  const std::string name = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "";
  if (name == "lab" || name == "arl") arguments.insert(arguments.begin(), "as-" + name);
  const swarmlab::git::Library git;
  swarmlab::cli::Context context = swarmlab::cli::Context::from_process();
  return swarmlab::cli::run_command_line(arguments, context);
}
