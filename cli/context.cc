#include "cli/context.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "cli/swarm.h"
#include "common/os/clock.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace swarmlab::cli {

namespace {

std::string_view word_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_input:
      return "invalid_input";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col == 0 ? 80 : size.ws_col;
}

}  // namespace

Context Context::from_process() {
  Context context{.out = std::cout, .err = std::cerr, .in = &std::cin};
  std::error_code gone;  // a folder that was removed under us: commands say so when they need it
  context.cwd = std::filesystem::current_path(gone);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (const auto equals = text.find('='); equals != std::string_view::npos) {
      context.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  context.color = isatty(STDOUT_FILENO) == 1 && !context.variable("NO_COLOR").has_value() &&
                  context.variable("TERM") != "dumb";
  context.width = terminal_width();
  context.connect = context.variable("SWARMLAB_CONNECT").value_or("");
  context.key = context.variable("SWARMLAB_KEY").value_or("");
  context.server_key = context.variable("SWARMLAB_SERVER_KEY").value_or("");
  return context;
}

std::optional<std::string> Context::variable(const std::string& name) const {
  const auto found = environment.find(name);
  if (found == environment.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

Result<std::unique_ptr<Swarm>> Context::swarm() const {
  return open_swarm ? open_swarm(*this) : Swarm::open(*this);
}

Timestamp Context::now() const {
  return clock ? clock() : SystemClock().now();
}

void Context::note(const std::string& line) const {
  if (!quiet) err << line << '\n' << std::flush;
}

void print_error(const Context& context, const Error& error) {
  if (context.json) {
    const nlohmann::ordered_json body = {
        {"error", {{"code", word_of(error.code)}, {"message", error.message}}}};
    // Messages may quote bytes of files that are no UTF-8.
    context.err << body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return;
  }
  context.err << "swarmlab: " << error.message << '\n';
}

}  // namespace swarmlab::cli
