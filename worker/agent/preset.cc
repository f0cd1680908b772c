#include "worker/agent/preset.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/lab/paths.h"
#include "common/model/names.h"
#include "worker/agent/request.h"
#include "worker/sandbox/untrusted_text.h"

namespace swarmlab::worker {
namespace {

using sandbox::HowEnded;
using sandbox::Mount;
using sandbox::SandboxRequest;
using sandbox::SandboxResult;

constexpr std::uint64_t kStreamBytes = 16ULL << 20U;  // streams say the same again and again

/// Files of the worker's home, at their place in the agent's.
Result<void> mount_credentials(const std::vector<std::string>& files,
                               const std::vector<std::string>& environment,
                               SandboxRequest& request) {
  if (files.empty()) return {};
  const auto home = value_of("HOME", environment);
  if (!home || !home->starts_with('/')) {
    return fail(ErrorCode::unavailable,
                "[agent] credentials need the home of the worker, but HOME "
                "is not set");
  }
  for (const std::string& file : files) {
    const std::string rest = file.substr(2);  // after "~/"
    std::error_code error;
    if (!std::filesystem::is_regular_file(join(*home, rest), error)) {
      return fail(ErrorCode::unavailable,
                  "{} of [agent] credentials is not on this worker, expected the file of a login",
                  file);
    }
    request.mounts.push_back({.kind = Mount::Kind::read_only,
                              .host = join(*home, rest),
                              .inside = join(kHomeInside, rest)});
  }
  return {};
}

// Of lines of what was kept of an output: those after a cut are counted from its end.
Steps::TimeOf times_of(const SandboxResult& result) {
  const std::string_view out = result.out;
  const auto lines_in = [](std::string_view text) {
    return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  };
  constexpr std::string_view kCut = "\n[... ";
  const std::uint64_t kept = lines_in(out);
  const std::size_t cut = kept == result.out_times.lines() ? out.npos : out.find(kCut);
  const std::uint64_t before = cut == out.npos ? kept + 1 : lines_in(out.substr(0, cut));
  return [&result, kept, before](std::uint64_t line) -> std::optional<Milliseconds> {
    if (line <= before) return result.out_times.of(line);
    const std::uint64_t from_end = kept - std::min(kept, line);
    const std::uint64_t all = result.out_times.lines();
    return from_end > all ? std::nullopt : result.out_times.of(all - from_end);
  };
}

// The shell that starts it does not find its program.
bool is_missing(const SandboxResult& result) {
  constexpr int kNotFound = 127;
  return result.how == HowEnded::exited && result.code == kNotFound && result.out.empty() &&
         result.err.find("not found") != std::string::npos;
}

// How it ended, by what the stream says and, where that says nothing, by how the program ended.
AgentEnd end_of(const AgentRun& run, bool has_end, const SandboxResult& result) {
  const AgentEnd told = run.end;
  if (passes_by_itself(told) || needs_a_person(told)) return told;
  if (result.how == HowEnded::timed_out) return AgentEnd::timed_out;
  if (has_end || told != AgentEnd::finished) return told;
  return result.succeeded() ? AgentEnd::finished : AgentEnd::crashed;
}

std::optional<AgentFailure> failure_of(const AgentRun& run, const SandboxResult& result) {
  switch (run.end) {
    case AgentEnd::finished:
    case AgentEnd::refused:
      return std::nullopt;
    case AgentEnd::timed_out:
      return AgentFailure{Outcome::timeout, sandbox::describe_failure("agent", result)};
    case AgentEnd::crashed:
      return AgentFailure{Outcome::crash, run.said.empty()
                                              ? sandbox::describe_failure("agent", result)
                                              : fmt::format("agent: {}", run.said)};
    case AgentEnd::rate_limited:
    case AgentEnd::unavailable:
    case AgentEnd::out_of_credit:
    case AgentEnd::authentication_failed:
      return failure_of_provider(run);
  }
  return std::nullopt;
}

}  // namespace

AgentFailure failure_of_provider(const AgentRun& run) {
  return {Outcome::returned,
          fmt::format("the agent's provider: {}: {}", name_of(run.end), run.said)};
}

std::string prompt_of(const LabSettings& settings, const std::optional<Rework>& rework,
                      const std::string& news) {
  if (rework) {
    return fmt::format(
        "The guard of the lab failed on your change, which is still in the workspace. Read {} "
        "again: "
        "its top says how it failed, and the file at $SWARMLAB_GUARD_LOG has all that it wrote. "
        "Repair the change within the files that you may edit, update the JSON at "
        "$SWARMLAB_OUTCOME, then stop.",
        kBriefInside);
  }
  const std::string before =
      news.empty() ? std::string()
                   : fmt::format(
                         "Your last experiment is over. What became of it: {}\n\nNow the next one "
                         "begins. It starts from what the swarm chose, which may lack your last "
                         "change or have those of others: the files in the workspace are new, so "
                         "read them again before you edit.\n\n",
                         news);
  return before +
         fmt::format(
             "You do one experiment of the lab {}. First read {}: it has the goal, what you may "
             "edit, "
             "what "
             "was tried and what others try now.\n\n"
             "- Decide on one change, and say so before you begin: swarmlab hypothesis \"WHAT\" "
             "--mechanism "
             "\"WHY IT SHOULD HELP\".\n"
             "- Make this one change, in the current folder.\n"
             "- When you are done, write JSON to the path in $SWARMLAB_OUTCOME: hypothesis, "
             "mechanism, "
             "notes, ideas. Then stop.\n\n"
             "Leave git, results and logs to the swarm: do not commit, reset, or write result "
             "files. It "
             "measures your change itself, on a clean checkout, and starts the next experiment. "
             "Where "
             "instructions of the lab say to loop, to go on forever, to commit or to keep a log, "
             "this one "
             "experiment is all the same all that you do.",
             settings.name, kBriefInside);
}

std::optional<Provider> Preset::provider_of(const LabSettings& settings, Provider own) {
  const swarmlab::Agent& agent = settings.agent;
  if (!agent.credentials.empty()) return std::nullopt;
  if (!agent.base_url.empty()) {
    own.base_url = agent.base_url;
    own.is_default_url = false;
  }
  if (!agent.api_key.empty()) own.key_variable = agent.api_key;
  return own;
}

std::optional<Provider> Preset::openai_of(const LabSettings& settings) {
  return provider_of(settings, {.name = "openai",
                                .wire = Wire::openai,
                                .base_url = "https://api.openai.com/v1",
                                .key_variable = "OPENAI_API_KEY"});
}

Result<SandboxRequest> Preset::prepare(const Assignment& assignment, const AgentPaths& paths,
                                       const std::vector<std::string>& environment) const {
  const swarmlab::Agent& agent = assignment.settings.agent;
  SWARMLAB_TRY(request, sandbox_of(assignment, paths, environment));
  if (request.limits.output_bytes != 0) {
    request.limits.output_bytes = std::max(request.limits.output_bytes, kStreamBytes);
  }
  if (!paths.home.empty()) {
    request.mounts.push_back(
        {.kind = Mount::Kind::read_write, .host = paths.home, .inside = kHomeInside});
  }
  SWARMLAB_CHECK(mount_credentials(agent.credentials, environment, request));
  const std::string prompt = prompt_of(assignment.settings, paths.rework, paths.news);
  SWARMLAB_CHECK(start({.agent = agent,
                        .prompt = prompt,
                        .session = paths.session,
                        .bridge = paths.bridge ? &*paths.bridge : nullptr},
                       request));
  return request;
}

AgentEnded Preset::read(const SandboxResult& result, const LabSettings& settings) const {
  Reading reading = read(result.out);
  if (reading.run.model.empty()) reading.run.model = settings.agent.model;
  put_price(reading, settings.agent.prices);
  AgentEnded ended{.failure = std::nullopt,
                   .cost = reading.cost,
                   .run = {},
                   .transcript = reading.steps.take(times_of(result)),
                   .counts_session = counts_session()};
  if (result.how == HowEnded::cancelled) {
    ended.failure = AgentFailure{Outcome::returned, sandbox::describe_failure("agent", result)};
    return ended;
  }
  if (is_missing(result)) {
    ended.failure = AgentFailure{
        .outcome = Outcome::returned,
        .reason = fmt::format("the program of kind {} is not in the sandboxes of this worker: "
                              "install it, or show its folder with `swarmlab worker --expose`: {}",
                              name_of(settings.agent.kind), words_of(result.err)),
        .own_failure = true};
    return ended;
  }
  AgentRun run = std::move(reading.run);
  run.end = end_of(run, reading.has_end, result);
  ended.failure = failure_of(run, result);
  ended.run = std::move(run);
  return ended;
}

std::unique_ptr<Agent> make_agent(AgentKind kind) {
  switch (kind) {
    case AgentKind::command:
      return make_command();
    case AgentKind::claude:
      return make_claude();
    case AgentKind::codex:
      return make_codex();
    case AgentKind::pi:
      return make_pi();
    case AgentKind::opencode:
      return make_opencode();
  }
  SWARMLAB_ASSERT(false);
}

}  // namespace swarmlab::worker
