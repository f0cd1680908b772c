#include <string>
#include <vector>

#include "cli/commands.h"
#include "common/git/library.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const swarmlab::git::Library git;
  swarmlab::cli::Context context = swarmlab::cli::Context::from_process();
  return swarmlab::cli::run_command_line(arguments, context);
}
