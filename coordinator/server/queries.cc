#include "coordinator/server/queries.h"

#include <unistd.h>

#include <algorithm>

#include "common/model/names.h"
#include "common/model/results_tsv.h"
#include "common/wire/json_codec.h"
#include "common/wire/lab_codec.h"
#include "common/wire/record_codec.h"
#include "coordinator/policy/policy.h"
#include "coordinator/server/agent_views.h"
#include "coordinator/server/context.h"
#include "coordinator/server/ladder_view.h"
#include "coordinator/server/metric_views.h"
#include "coordinator/server/pool_view.h"
#include "coordinator/server/sample_views.h"
#include "coordinator/server/views.h"
#include "coordinator/store/backup.h"
#include "coordinator/swarm/climb.h"
#include "coordinator/swarm/rejected.h"
#include "coordinator/swarm/search.h"

namespace swarmlab::server {
namespace {

using Body = schema::Envelope::Body::Builder;

constexpr std::uint32_t kPage = 2000;          // experiments or events in one answer
constexpr std::size_t kPageBytes = 3U << 20U;  // estimated: a message has 4 MiB
constexpr std::size_t kShownDiffBytes = 512U << 10U;

unsigned size_of(std::size_t size) {
  return static_cast<unsigned>(size);
}

void write_coordinator(const Source& source, schema::CoordinatorView::Builder to) {
  to.setVersion(source.answerer.version.c_str());
  to.setRunning(!source.answerer.address.empty());
  to.setStore(source.answerer.store.c_str());
  const store::DiskRoom room = source.store.disk_room();
  to.setDisk(room.text.c_str());
  to.setFreeBytes(static_cast<double>(room.free_bytes));
  const std::filesystem::path state_folder =
      std::filesystem::path(source.answerer.store).parent_path();
  if (const auto last = store::last_backup(state_folder); last) {
    to.setLastBackup(last->path.c_str());
    wire::write(to.initLastBackupAt(), last->taken);
  }
  if (source.answerer.address.empty()) return;
  to.setPid(static_cast<std::uint32_t>(getpid()));
  to.setAddress(source.answerer.address.c_str());
  wire::write(to.initStartedAt(), source.answerer.started_at);
}

void write_refusals(const Refusals& refusals, schema::StatusView::Builder to) {
  std::vector<Refusal> seen;
  for (std::size_t i = 0; i < kRefusals; ++i) {
    if (refusals.of(static_cast<Refusal>(i)) > 0) seen.push_back(static_cast<Refusal>(i));
  }
  auto list = to.initRefused(size_of(seen.size()));
  for (unsigned i = 0; i < seen.size(); ++i) {
    list[i].setReason(std::string(name_of(seen[i])).c_str());
    list[i].setCount(static_cast<double>(refusals.of(seen[i])));
  }
}

std::string alarm_text(const swarm::Presence::Alarm& alarm, Timestamp now) {
  const std::string what =
      fmt::format("{} of {} working workers fell silent at once", alarm.silent, alarm.holders);
  if (now >= alarm.held_until) return what + ": what does not come back is tried again";
  return fmt::format("{}: nothing expires for {} s", what,
                     std::chrono::ceil<std::chrono::seconds>(alarm.held_until - now).count());
}

void answer_status(const Source& source, Timestamp now, schema::StatusView::Builder to) {
  unsigned i = 0;
  auto labs = to.initLabs(size_of(source.state.labs.size()));
  for (const auto& [id, lab] : source.state.labs) write_view(labs[i++], source.state, lab, now);
  i = 0;
  auto workers = to.initWorkers(size_of(source.state.workers.size()));
  for (const auto& [name, worker] : source.state.workers) {
    write_view(workers[i++], source.state, worker, now);
  }
  write_coordinator(source, to.initCoordinator());
  if (source.refusals != nullptr) write_refusals(*source.refusals, to);
  const std::optional<swarm::Presence::Alarm>& alarm = source.state.presence.alarm;
  if (alarm) to.setAlarm(alarm_text(*alarm, now).c_str());
}

void answer_labs(const Source& source, Timestamp now, schema::LabList::Builder to) {
  unsigned i = 0;
  auto labs = to.initLabs(size_of(source.state.labs.size()));
  for (const auto& [id, lab] : source.state.labs) write_view(labs[i++], source.state, lab, now);
}

// What is leased now, by number. Not in the store: it has no verdict yet.
Result<void> answer_running(const Source& source, const swarm::Lab& lab,
                            schema::ExperimentList::Builder to) {
  std::vector<const swarm::Task*> running;
  for (const auto& [id, task] : source.state.tasks) {
    if (task.lab != lab.id || !makes_experiment(task.kind)) continue;
    if (task.lease || task.pending) running.push_back(&task);
  }
  auto list = to.initExperiments(size_of(running.size()));
  for (unsigned i = 0; i < running.size(); ++i) write_view(list[i], source.state, *running[i]);
  return {};
}

// A page of an answer: full at so many entries, or at what a message can carry.
class Page {
 public:
  explicit Page(std::uint32_t asked) : most_(asked == 0 ? kPage : std::min(asked, kPage)) {}
  [[nodiscard]] std::size_t most() const { return most_; }
  /// Whether one more of about that size fits; the first always does.
  bool takes(std::size_t bytes) {
    if (entries_ > 0 && (entries_ == most_ || bytes_ + bytes > kPageBytes)) return false;
    bytes_ += bytes;
    ++entries_;
    return true;
  }

 private:
  std::size_t most_;
  std::size_t entries_ = 0;
  std::size_t bytes_ = 0;
};

// About what its view takes in a message.
std::size_t weight_of(const Experiment& experiment) {
  constexpr std::size_t kOfItself = 1000;
  constexpr std::size_t kOfEntry = 32;
  const AgentNotes& notes = experiment.notes;
  std::size_t bytes = kOfItself + notes.hypothesis.size() + notes.mechanism.size() +
                      notes.notes.size() + experiment.reason.size() +
                      experiment.picked_because.size();
  for (const std::string& idea : notes.ideas) bytes += kOfEntry + idea.size();
  for (const std::string& path : experiment.paths) bytes += kOfEntry + path.size();
  for (const Measurement& measurement : experiment.measurements) {
    bytes += kOfItself;
    for (const MetricValue& metric : measurement.metrics) {
      bytes += 2 * (kOfEntry + metric.name.size());  // the first one's are told twice
    }
  }
  return bytes;
}

// Reads on until the page is full: what a filter leaves out must not end the list early.
Result<void> answer_experiments(const Source& source, schema::Query::Experiments::Reader query,
                                schema::ExperimentList::Builder to) {
  SWARMLAB_TRY(lab, find_lab(source.state, query.getLab().cStr()));
  const std::string wanted = query.getVerdict().cStr();
  if (wanted == "running") return answer_running(source, *lab, to);
  if (!wanted.empty() && !verdict_from(wanted)) {
    return fail(ErrorCode::invalid_input, "\"{}\" is no verdict", wanted);
  }
  Page page(query.getLimit());
  std::vector<Experiment> entries;
  ExperimentNumber after(query.getAfter());
  bool more = false;  // there is one that the page did not take
  for (bool all_read = false; !all_read && !more;) {
    SWARMLAB_TRY(found, source.store.experiments(lab->id, after, page.most()));
    all_read = found.size() < page.most();
    for (Experiment& experiment : found) {
      after = experiment.number;
      if (!wanted.empty() && name_of(experiment.verdict) != wanted) continue;
      more = !page.takes(weight_of(experiment));
      if (more) break;
      entries.push_back(std::move(experiment));
    }
  }
  to.setMore(more);
  auto list = to.initExperiments(size_of(entries.size()));
  for (unsigned i = 0; i < entries.size(); ++i) write_view(list[i], *lab, entries[i]);
  return {};
}

Result<void> write_detail(const Source& source, const swarm::Lab& lab, const Experiment& experiment,
                          schema::ExperimentDetail::Builder to) {
  write_view(to.initExperiment(), lab, experiment);
  SWARMLAB_TRY(attachments, source.store.attachments(lab.id, experiment.number));
  auto samples = to.initSamples(size_of(attachments.samples.size()));
  for (unsigned i = 0; i < attachments.samples.size(); ++i) {
    write_view(samples[i], attachments.samples[i]);
  }
  SWARMLAB_CHECK(write_changed(source, lab, experiment, attachments.samples, to));
  write_transcript(to, attachments.transcript);
  to.setAgentLog(wire::text_of(attachments.agent_log));
  to.setGuardLog(wire::text_of(attachments.guard_log));
  to.setEvaluatorLog(wire::text_of(attachments.evaluator_log));
  if (source.objects != nullptr && experiment.commit && experiment.parent) {
    const auto diff =
        source.objects->diff_text(experiment.parent_commit, *experiment.commit, kShownDiffBytes);
    to.setDiff(diff ? diff->c_str() : diff.error().message.c_str());
  }
  return {};
}

Result<void> answer_show(const Source& source, std::string_view name, ExperimentNumber number,
                         schema::ExperimentDetail::Builder to) {
  SWARMLAB_TRY(lab, find_lab(source.state, name));
  SWARMLAB_TRY(found, source.store.experiment(lab->id, number));
  if (found) return write_detail(source, *lab, *found, to);
  for (const auto& [id, task] : source.state.tasks) {
    if (task.lab != lab->id || task.experiment != number || !makes_experiment(task.kind)) continue;
    write_view(to.initExperiment(), source.state, task);
    return {};
  }
  return fail(ErrorCode::not_found, "lab {}: no experiment {}, expected 1 to {}",
              lab->settings.name, number.value(), lab->next_experiment.value() - 1);
}

Result<void> answer_best(const Source& source, std::string_view name,
                         schema::ExperimentDetail::Builder to) {
  SWARMLAB_TRY(lab, find_lab(source.state, name));
  if (!lab->best) {
    return fail(ErrorCode::not_found, "lab {}: nothing was measured yet", lab->settings.name);
  }
  const auto champion = swarm::champion_of(*lab);
  return answer_show(source, name, champion ? champion->number : lab->best->number, to);
}

Result<void> answer_frontier(const Source& source, std::string_view name,
                             schema::FrontierList::Builder to) {
  SWARMLAB_TRY(lab, find_lab(source.state, name));
  if (!lab->best || !lab->frontier.contains(lab->segment.baseline)) return {};
  const auto ranked = policy::ranked(lab->settings.policy, swarm::view_of(source.state, *lab));
  write_metrics(to, source.state, *lab);
  auto entries = to.initEntries(size_of(ranked.size()));
  for (unsigned i = 0; i < ranked.size(); ++i) {
    const policy::FrontierEntry& entry = ranked[i].entry;
    entries[i].setNumber(static_cast<std::uint32_t>(entry.number.value()));
    wire::write(entries[i].initScore(), entry.level);
    entries[i].setRuns(static_cast<std::uint32_t>(entry.runs));
    wire::write(entries[i].initSize(), entry.size);
    wire::write(entries[i].initPriority(), ranked[i].priority);
    entries[i].setVisits(static_cast<std::uint32_t>(entry.visits));
    write_metrics(entries[i], source.state, *lab, entry);
    entries[i].setCommit(entry.commit.hex().c_str());
    SWARMLAB_TRY(experiment, source.store.experiment(lab->id, entry.number));
    if (experiment) entries[i].setHypothesis(experiment->notes.hypothesis.c_str());
    if (const auto above = swarm::rejected_above(*lab, entry.parent)) {
      wire::write(entries[i].initDescendsFromRejected(),
                  static_cast<std::uint32_t>(above->value()));
    }
  }
  return {};
}

std::size_t weight_of(const swarm::Change& change) {
  constexpr std::size_t kOfItself = 500;
  const auto* finished = std::get_if<swarm::ExperimentFinished>(&change);
  return kOfItself + (finished != nullptr ? finished->experiment.reason.size() : 0);
}

Result<void> answer_events(const Source& source, schema::Query::Events::Reader query,
                           schema::EventList::Builder to) {
  Page page(query.getLimit());
  SWARMLAB_TRY(found, source.store.events(Sequence(query.getAfter()), page.most()));
  const auto over = std::ranges::find_if(
      found, [&page](const auto& event) { return !page.takes(weight_of(event.change)); });
  found.erase(over, found.end());
  auto events = to.initEvents(size_of(found.size()));
  for (unsigned i = 0; i < found.size(); ++i) write_view(events[i], source.state, found[i]);
  const std::uint64_t last = found.empty()
                                 ? std::min(query.getAfter(), source.store.last_sequence().value())
                                 : found.back().sequence.value();
  to.setLast(static_cast<double>(last));
  return {};
}

Result<void> answer_results(const Source& source, std::string_view name, Body to) {
  SWARMLAB_TRY(lab, find_lab(source.state, name));
  std::vector<ResultsRow> rows;
  ExperimentNumber after(0);
  while (true) {
    SWARMLAB_TRY(page, source.store.experiments(lab->id, after, kPage));
    for (const Experiment& experiment : page) rows.push_back(results_row(experiment));
    if (page.size() < kPage) break;
    after = page.back().number;
  }
  to.setResults(results_tsv(rows).c_str());
  return {};
}

}  // namespace

Result<const swarm::Lab*> find_lab(const swarm::State& state, std::string_view name) {
  std::string known;
  for (const auto& [id, lab] : state.labs) {
    if (lab.settings.name == name) return &lab;
    known += (known.empty() ? "" : ", ") + lab.settings.name;
  }
  if (known.empty()) return fail(ErrorCode::not_found, "no lab was run here yet");
  return fail(ErrorCode::not_found, "no lab {} here, expected one of: {}", name, known);
}

Result<void> answer(const Source& source, schema::Query::Reader query, Timestamp now, Body to) {
  switch (query.which()) {
    case schema::Query::STATUS:
      answer_status(source, now, to.initStatus());
      return {};
    case schema::Query::LABS:
      answer_labs(source, now, to.initLabs());
      return {};
    case schema::Query::EXPERIMENTS:
      return answer_experiments(source, query.getExperiments(), to.initExperiments());
    case schema::Query::SHOW:
      return answer_show(source, query.getShow().getLab().cStr(),
                         ExperimentNumber(query.getShow().getNumber()), to.initExperiment());
    case schema::Query::BEST:
      return answer_best(source, query.getBest().cStr(), to.initExperiment());
    case schema::Query::FRONTIER:
      return answer_frontier(source, query.getFrontier().cStr(), to.initFrontier());
    case schema::Query::EVENTS:
      return answer_events(source, query.getEvents(), to.initEvents());
    case schema::Query::RESULTS:
      return answer_results(source, query.getResults().cStr(), to);
    case schema::Query::HINTS:
      return answer_hints(source, query.getHints().cStr(), to.initHints());
    case schema::Query::CONTEXT:
      return answer_context(source, query.getContext().cStr(), to.initContext());
    case schema::Query::FAILURES:
      return answer_failures(source, query.getFailures().cStr(), to.initFailures());
    case schema::Query::LADDER: {
      SWARMLAB_TRY(lab, find_lab(source.state, query.getLadder().cStr()));
      write_view(to.initLadder(), source.state, *lab);
      return {};
    }
    case schema::Query::POOLS:
      write_view(to.initPools(), source.state, source.rules ? *source.rules : swarm::Rules(), now);
      return {};
  }
  return fail(ErrorCode::invalid_input, "a query of kind {} is not known here",
              static_cast<int>(query.which()));
}

}  // namespace swarmlab::server
