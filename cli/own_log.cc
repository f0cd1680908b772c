#include "cli/own_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "cli/lab_texts.h"
#include "cli/open_lab.h"
#include "cli/predecessors/experiments_db.h"
#include "cli/predecessors/recognise.h"
#include "cli/text.h"
#include "common/lab/lab.h"
#include "common/model/names.h"
#include "common/model/results_tsv.h"
#include "common/os/file.h"

namespace swarmlab::cli {

namespace {

namespace fs = std::filesystem;
using predecessors::LogFormat;
using predecessors::Run;
using predecessors::RunEnd;

constexpr std::uint64_t kMostLog = 64U << 20U;
constexpr std::size_t kMostHint = 2000;

std::string text_of_file(const fs::path& path) {
  auto text = read_file(path.string(), kMostLog);
  return text ? *std::move(text) : std::string();
}

// Of a lab that has no log yet.
struct Form {
  std::string file;
  LogFormat format;
};

std::optional<Form> form_of(const predecessors::Found& found) {
  if (found.kind == "karpathy/autoresearch") return Form{"results.tsv", LogFormat::commits};
  if (found.kind == "polyresearch") return Form{"results.tsv", LogFormat::theses};
  if (found.kind == "uditgoenka/autoresearch") {
    return Form{found.log.empty() ? "autoresearch-results.tsv" : found.log, LogFormat::iterations};
  }
  if (found.kind == "pi-autoresearch") {
    const bool is_flat = found.seen.front().find(".auto/") == std::string::npos;
    return Form{is_flat ? "autoresearch.jsonl" : ".auto/log.jsonl", LogFormat::jsonl};
  }
  return std::nullopt;
}

RunEnd end_of(Verdict verdict, bool is_baseline) {
  switch (verdict) {
    case Verdict::keep:
      return is_baseline ? RunEnd::baseline : RunEnd::keep;
    case Verdict::discard:
      return RunEnd::discard;
    case Verdict::crash:
    case Verdict::timeout:
      return RunEnd::crash;
    case Verdict::guard_failed:
      return RunEnd::guard_failed;
    case Verdict::out_of_scope:
      return RunEnd::out_of_scope;
    case Verdict::invalid:
      return RunEnd::invalid;
    case Verdict::no_change:
    case Verdict::duplicate:
      return RunEnd::no_change;
  }
  return RunEnd::discard;
}

Run run_of(schema::ExperimentView::Reader view, Verdict verdict) {
  const Timestamp at = time_of(view.getEndedAt()).value_or(Timestamp{});
  const bool is_baseline = text_of(view.getKind()) == "baseline";
  Run run{
      .end = end_of(verdict, is_baseline),
      .commit = text_of(view.getCommit()),
      .score = number_of(view.getScore()),
      .description = is_baseline
                         ? std::string("baseline")
                         : results_notes(verdict, text_of(view.getHypothesis()),
                                         text_of(view.getNotes()), text_of(view.getReason())),
      .at = iso_time(at),
      .at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count(),
      .number = view.getNumber(),
      .worker = text_of(view.getWorker())};
  for (const auto metric : view.getMetrics()) {
    run.metrics.emplace_back(text_of(metric.getName()), metric.getValue());
  }
  return run;
}

std::string results_file_of(const LabPlace& place) {
  const auto texts = lab_texts_in(place.root, place.folder, place.root.filename().string());
  if (!texts) return {};
  const auto settings = read_lab(*texts);
  return settings ? settings->results_file : std::string();
}

// PraxLab keeps one file for all leaves: by what it calls them.
std::string history_in_database(const LabPlace& place) {
  for (const fs::path& path :
       {place.root / "data" / "experiments.db", place.path() / "data" / "experiments.db"}) {
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) continue;
    auto runs = predecessors::read_experiments_db(path.string(), place.folder);
    if (runs && !runs->empty()) return predecessors::digest("experiments.db", *runs, kMostHint);
  }
  return {};
}

}  // namespace

std::vector<OwnLog> own_logs(const fs::path& root, const std::string& folder,
                             const std::string& results_file) {
  std::vector<OwnLog> logs;
  const auto add = [&](const std::string& file, std::optional<LogFormat> form) {
    const std::string path = (fs::path(folder) / file).lexically_normal().generic_string();
    const auto has_path = [&](const OwnLog& one) { return one.path == path; };
    if (file.empty() || std::ranges::any_of(logs, has_path)) return;
    std::string text = text_of_file(root / path);
    const auto format = predecessors::format_of(text);
    if (format) {
      logs.push_back({.path = path, .format = *format, .text = std::move(text)});
    } else if (form && one_line(text).empty()) {
      logs.push_back({.path = path, .format = *form, .text = {}});
    }
  };
  add(results_file, std::nullopt);
  const auto found =
      predecessors::recognise(*predecessors::folder_on_disk(root / folder, root, fs::path()));
  if (found && found->drafts.size() == 1) {
    if (const auto form = form_of(*found)) add(form->file, form->format);
  }
  return logs;
}

std::vector<Run> runs_of(const Experiments& experiments) {
  std::vector<Run> runs;
  for (const auto& view : experiments.views) {
    const auto verdict = verdict_from(text_of(view.getVerdict()));
    if (!verdict) continue;
    runs.push_back(run_of(view, *verdict));
  }
  return runs;
}

Result<bool> tell_history(const Context& context, Swarm& swarm, const LabPlace& place) {
  std::string text = history_in_database(place);
  for (const OwnLog& log : own_logs(place.root, place.folder, results_file_of(place))) {
    if (!text.empty()) break;
    text = predecessors::digest(log.path, predecessors::read_log(log.format, log.text), kMostHint);
  }
  if (text.empty()) return false;
  SWARMLAB_TRY(reply, swarm.request([&](schema::Envelope::Body::Builder body) {
    auto hint = body.initHint();
    hint.setLab(place.name);
    hint.setText(text);
    hint.setWho(who_asks(context));
  }));
  if (!reply.body().isHinted()) return tl::unexpected(unexpected_reply("hint"));
  context.note(fmt::format("{}: hint {} tells agents what was tried before the swarm", place.name,
                           reply.body().getHinted().getNumber()));
  return true;
}

}  // namespace swarmlab::cli
