// `swarmlab mcp`: the swarm's memory for any agent, as tools over stdin and stdout. In a workspace
// it is what the lease's files say, and no more.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <string>

#include "cli/commands.h"
#include "cli/mcp_session.h"
#include "cli/workspace.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

constexpr std::size_t kLongestMessage = 4U << 20U;

ToolResult print_file(const Context& context, const std::string& variable) {
  const auto path = context.variable(variable);
  if (!path) return {.text = variable + " is not set", .failed = true};
  auto text = read_file(*path, kLongestMessage);
  if (!text) return {.text = text.error().message, .failed = true};
  return {.text = *std::move(text), .failed = false};
}

// Commands that can be interrupted block the signals that they watch for good: between commands a
// client ends us by them.
class SignalsAsBefore {
 public:
  SignalsAsBefore() { ::pthread_sigmask(SIG_SETMASK, nullptr, &before_); }
  SignalsAsBefore(const SignalsAsBefore&) = delete;
  SignalsAsBefore& operator=(const SignalsAsBefore&) = delete;
  SignalsAsBefore(SignalsAsBefore&&) = delete;
  SignalsAsBefore& operator=(SignalsAsBefore&&) = delete;
  ~SignalsAsBefore() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// As if it had been typed, here and with the same coordinator.
ToolResult run_command(const Context& context, const std::vector<std::string>& words,
                       bool& interrupted) {
  const SignalsAsBefore signals;
  std::ostringstream out;
  std::ostringstream err;
  Context inner{.out = out, .err = err};
  inner.cwd = context.cwd;
  inner.environment = context.environment;
  inner.connect = context.connect;
  inner.key = context.key;
  inner.server_key = context.server_key;
  inner.insecure = context.insecure;
  inner.swarm_name = context.swarm_name;
  inner.open_swarm = context.open_swarm;
  inner.clock = context.clock;
  const int code = run_command_line(words, inner);
  const bool failed = code != kDone;
  interrupted = code == kInterrupted;
  std::string text = out.str();
  if (failed || text.empty()) text += err.str();
  return {.text = std::move(text), .failed = failed};
}

Result<void> serve(Context& context) {
  bool interrupted = false;
  const McpSession session(
      is_in_workspace(context) ? tools_in_workspace() : tools_for_people(context.lab),
      [&](const McpTool& tool, const nlohmann::json& arguments) {
        return tool.prints.empty() ? run_command(context, tool.command(arguments), interrupted)
                                   : print_file(context, std::string(tool.prints));
      });
  if (context.in == nullptr) return {};
  std::string line;
  while (!interrupted && std::getline(*context.in, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    if (line.size() > kLongestMessage) {
      return fail(ErrorCode::invalid_input, "a message has {} bytes, expected {} or less",
                  line.size(), kLongestMessage);
    }
    if (const auto answer = session.answer(line)) context.out << *answer << '\n' << std::flush;
  }
  if (interrupted) context.exit_code = kInterrupted;
  return {};
}

}  // namespace

void add_mcp(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand(
      "mcp", "The swarm's memory as tools of the Model Context Protocol, over stdin and stdout");
  command->group(kGroupLook);
  add_lab(*command, context);
  add_connect(*command, context);
  add_examples(*command,
               "  swarmlab mcp                                 # of the nearest lab's repository\n"
               "  claude mcp add swarmlab -- swarmlab mcp\n"
               "  swarmlab mcp my-lab --connect tcp://10.0.0.1:7000 --key anna.key --server-key "
               "server.pub\n"
               "With LAB, questions about other labs are not answered. In an agent's workspace the "
               "tools are\ncontext, results and hypothesis, of its own lab.");
  command->callback([&context] { context.action = [&context] { return serve(context); }; });
}

}  // namespace swarmlab::cli
