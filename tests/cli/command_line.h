// Runs a command line in this process, and holds what it printed.
#pragma once

#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace swarmlab::cli {

struct Ran {
  int exit_code = 0;
  std::string out;
  std::string err;
};

inline Ran run(const std::vector<std::string>& arguments, const std::filesystem::path& cwd = "/",
               const std::map<std::string, std::string>& environment = {}) {
  std::ostringstream out;
  std::ostringstream err;
  Context context{.out = out, .err = err, .cwd = cwd, .environment = environment};
  const int code = run_command_line(arguments, context);
  return Ran{code, out.str(), err.str()};
}

}  // namespace swarmlab::cli
