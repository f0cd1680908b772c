// `arl` of Autoresearch Lab, as its agents call it in a workspace: eval, diagnose, verdict,
// results. eval and diagnose run the backend here, for the agent's own eyes: what counts is
// measured apart.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/commands.h"
#include "cli/workspace.h"
#include "common/lab/lab.h"
#include "common/os/file.h"
#include "common/os/host.h"
#include "common/os/process.h"
#include "worker/agent/handshake.h"
#include "worker/evaluator/output.h"
#include "worker/evaluator/shim.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr std::size_t kMostResult = 16U << 20U;

struct ArlOptions {
  std::string data;
  std::string sample;
  std::string action;
  std::string notes;
  std::string path;
  std::string id;
  std::size_t top = 0;
  std::size_t last = 0;
};

Result<std::string> read_all(int fd) {
  std::string all;
  std::array<char, 65536> buffer{};
  while (all.size() < kMostResult) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorCode::unavailable, "the backend's result cannot be read");
    if (got == 0) break;
    all.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return all;
}

Result<std::vector<std::string>> backend_command(const Context& context, const ArlOptions& options,
                                                 const std::string& shim) {
  SWARMLAB_TRY(settings, lab_of_workspace(context));
  const auto* backend = std::get_if<PythonBackend>(&settings.evaluator.how);
  if (backend == nullptr) return fail(ErrorCode::invalid_input, "this lab has no [backend]");
  // Paths of the settings are of the repository; the module's is of the lab.
  const fs::path root = root_of_workspace(context, settings);
  const std::string python =
      find_program("python3", context.variable("PATH").value_or("/usr/local/bin:/usr/bin:/bin"));
  std::vector<std::string> words{python,
                                 "-u",
                                 shim + "/run_backend.py",
                                 "--module",
                                 (context.cwd / backend->module).string(),
                                 "--class",
                                 backend->class_name,
                                 "--pipeline",
                                 (root / settings.pipeline_dir).lexically_normal().string()};
  // The data that the swarm measures with is where --data of theirs would be.
  std::string data = context.variable("SWARMLAB_DATA").value_or(options.data);
  if (!data.empty()) words.insert(words.end(), {"--data", std::move(data)});
  if (!options.sample.empty()) words.push_back("--sample=" + options.sample);
  return words;
}

// Runs the backend as the evaluator would, but here; what it prints goes to stderr.
Result<worker::Scored> evaluate(const Context& context, const ArlOptions& options) {
  SWARMLAB_TRY(folder, TempFolder::create(context.variable("TMPDIR").value_or("/tmp"), "arl-"));
  SWARMLAB_CHECK(worker::write_shim(folder.path()));
  SWARMLAB_TRY(words, backend_command(context, options, folder.path()));
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(ErrorCode::unavailable, "no pipe");
  const UniqueFd out(ends[0]);
  UniqueFd in(ends[1]);
  SpawnRequest request{.argv = std::move(words), .env = {}, .folder = context.cwd.string()};
  for (const auto& [name, value] : context.environment) request.env.push_back(name + "=" + value);
  request.env.push_back("PYTHONPATH=" + folder.path() + "/start");
  request.fds = {{in.get(), 3}, {2, 1}, {2, 2}};
  SWARMLAB_TRY(process, spawn(request));
  in.reset();
  SWARMLAB_TRY(text, read_all(out.get()));
  SWARMLAB_CHECK(process.wait());
  SWARMLAB_TRY(said, worker::read_backend("score", text));
  if (!said.error.empty()) return fail(ErrorCode::invalid_input, "{}", said.error);
  if (!said.scored) return fail(ErrorCode::invalid_input, "{}", said.invalid);
  worker::tidy("score", *said.scored);
  return *std::move(said.scored);
}

ordered_json metrics_of(const worker::Scored& scored) {
  ordered_json metrics = ordered_json::object();
  for (const MetricValue& metric : scored.metrics) metrics[metric.name] = metric.value;
  return metrics;
}

void print(const Context& context, const ordered_json& body) {
  context.out << body.dump(2, ' ', false, ordered_json::error_handler_t::replace) << '\n';
}

Result<void> eval(const Context& context, const ArlOptions& options) {
  SWARMLAB_TRY(scored, evaluate(context, options));
  ordered_json body = {{"score", scored.score}};
  body.update(metrics_of(scored));
  body["num_samples"] = scored.samples.size();
  print(context, body);
  return {};
}

// Worst first: lower is better.
Result<void> diagnose(const Context& context, const ArlOptions& options) {
  SWARMLAB_TRY(scored, evaluate(context, options));
  worker::sort_worst_first(scored.samples, Direction::minimize);
  ordered_json samples = ordered_json::array();
  for (const SampleScore& sample : scored.samples) {
    if (options.top != 0 && samples.size() == options.top) break;
    ordered_json one = {{"sample_id", sample.id}, {"score", sample.score}};
    one["error"] = sample.error.empty() ? ordered_json(nullptr) : ordered_json(sample.error);
    const ordered_json extra = ordered_json::parse(sample.extra, nullptr, false);
    if (extra.is_object()) one.update(extra);
    samples.push_back(std::move(one));
  }
  if (!options.sample.empty()) {
    if (samples.empty()) return fail(ErrorCode::not_found, "no sample {}", options.sample);
    print(context, samples.front());
    return {};
  }
  print(context, {{"score", scored.score},
                  {"metrics", metrics_of(scored)},
                  {"per_sample", std::move(samples)}});
  return {};
}

// Where the lab's agents do the handshake: the swarm takes the file away when it has decided.
Result<void> signal_ready(const Context& context, const ArlOptions& options) {
  const auto folder = context.variable("SWARMLAB_HANDSHAKE");
  if (!folder) return {};
  const fs::path path =
      options.path.empty() ? fs::path(*folder) / worker::kSignalFile : context.cwd / options.path;
  ordered_json body = {{"action", options.action}, {"notes", options.notes}};
  if (!options.id.empty()) body["experiment_id"] = options.id;
  return write_file(path.string(),
                    body.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

// A note: the swarm measures and decides.
Result<void> verdict(const Context& context, const ArlOptions& options) {
  SWARMLAB_CHECK(add_to_outcome(context, {.text = "its agent says " + options.action,
                                          .hypothesis = options.notes,
                                          .mechanism_confirmed = {}}));
  SWARMLAB_CHECK(signal_ready(context, options));
  context.out << options.action << '\n';
  return {};
}

Result<void> results(const Context& context, const ArlOptions& options) {
  SWARMLAB_TRY(runs, given_results(context));
  const std::size_t first =
      options.last != 0 && runs.size() > options.last ? runs.size() - options.last : 0;
  for (std::size_t i = first; i < runs.size(); ++i) {
    const bool kept = runs[i].end == predecessors::RunEnd::keep;
    std::string line =
        fmt::format("  {}  score={:.6g}", kept ? "KEEP" : "DISC", runs[i].score.value_or(0));
    for (const auto& [name, value] : runs[i].metrics)
      line += fmt::format("  {}={:.6g}", name, value);
    context.out << line << "  " << runs[i].description << '\n';
  }
  return {};
}

using Do = Result<void> (*)(const Context&, const ArlOptions&);

}  // namespace

void add_arl(CLI::App& app, Context& context) {
  auto options = std::make_shared<ArlOptions>();
  CLI::App* arl =
      app.add_subcommand("as-arl", "For agents of Autoresearch Lab, in a workspace: its arl");
  arl->group("");  // they call it as arl
  arl->require_subcommand(1);
  add_examples(
      *arl,
      "  swarmlab as-arl eval   # in workspaces: arl eval\n  swarmlab as-arl results --last 3");
  const auto add = [&](const char* name, const char* about, Do what) {
    CLI::App* verb = arl->add_subcommand(name, about);
    verb->callback([&context, options, what] {
      context.action = [&context, options, what] { return what(context, *options); };
    });
    return verb;
  };
  add("eval", "Scores of the workspace", eval)->add_option("--data", options->data);
  CLI::App* verb = add("diagnose", "Scores of single samples, the worst first", diagnose);
  verb->add_option("--data", options->data);
  verb->add_option("--top", options->top);
  verb->add_option("--sample", options->sample);
  verb = add("verdict", "What the agent thinks of its change", verdict);
  verb->add_option("--action", options->action)
      ->required()
      ->check(CLI::IsMember({"keep", "discard"}));
  verb->add_option("--notes", options->notes);
  verb->add_option("--verdict-path", options->path);
  verb->add_option("--experiment-id", options->id);
  verb = add("results", "What was tried", results);
  verb->add_option("--last", options->last);
}

}  // namespace swarmlab::cli
