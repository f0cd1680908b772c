#include "worker/server/slot.h"

#include <tuple>

#include "common/log/log.h"
#include "common/model/names.h"

namespace swarmlab::worker {
namespace {

constexpr std::uint32_t kMostFailures = 5;
constexpr Milliseconds kFullDiskPause{1000};  // then it is looked again

LeaseKey key_of(const Report& report) {
  return {report.task, report.token};
}

// What is said meanwhile is about this experiment.
struct ExperimentContext {
  ExperimentContext(const std::string& name, ExperimentNumber number, TaskId id, FencingToken lease)
      : lab("lab", name),
        experiment("experiment", number.value()),
        task("task", id.value()),
        token("token", lease.value()) {}
  log::Context lab;
  log::Context experiment;
  log::Context task;
  log::Context token;
};

}  // namespace

SpooledReport returned(const Assignment& assignment, std::string reason) {
  SpooledReport result;
  result.report.task = assignment.task;
  result.report.token = assignment.token;
  result.report.lab = assignment.lab;
  result.report.experiment = assignment.experiment;
  result.report.outcome = Outcome::returned;
  result.report.reason = std::move(reason);
  return result;
}

void Slot::settle(const SpooledReport& report, const ReportAnswer& answer) {
  const Report& said = report.report;
  const ExperimentContext context(lab_, said.experiment, said.task, said.token);
  switch (answer.kind) {
    case ReportAnswer::Kind::counted:
      if (!answer.decided) {
        log::info("experiment {} is not decided yet{}", said.experiment.value(),
                  log::field("why", answer.reason));
        break;
      }
      log::info("experiment {} counts: {}{}", said.experiment.value(), name_of(answer.verdict),
                log::field("why", answer.reason));
      break;
    case ReportAnswer::Kind::stale:
      log::info("experiment {} does not count here: {}", said.experiment.value(), answer.reason);
      break;
    case ReportAnswer::Kind::refused:
      log::error("experiment {}: the coordinator refused the report: {}", said.experiment.value(),
                 answer.reason);
      break;
  }
  if (shared_.on_answer) shared_.on_answer(said, answer);
  if (const auto removed = shared_.spool.remove(said.task, said.token); !removed) {
    log::warning("spool: {}", removed.error().message);
  }
  shared_.holdings.remove(key_of(said));
}

Result<void> Slot::deliver_left_over(const std::vector<SpooledReport>& reports,
                                     const CancelToken& drain) {
  for (const SpooledReport& report : reports) {
    const auto answer = shared_.link.work({.report = &report, .ask = false, .slot = index_}, drain);
    if (answer) {
      settle(report, *answer->report);
    } else if (drain.cancelled()) {
      return {};  // it stays in the spool
    } else {
      return tl::unexpected(answer.error());  // there too: we were refused, not the report
    }
  }
  return {};
}

// A full disk does not cost what was measured: it goes to the coordinator all the same.
void Slot::keep(const SpooledReport& report) {
  const auto put = shared_.spool.put(report);
  kept_ = put.has_value();
  if (kept_) return;
  log::error("experiment {} is not in the spool, only in memory until the coordinator has it: {}",
             report.report.experiment.value(), put.error().message);
}

// What would not fit on the disk is not begun: others may do it.
bool Slot::may_ask() {
  const auto room = shared_.spool.has_room();
  if (room && said_full_) log::info("there is space again: experiments go on");
  if (!room && !said_full_) log::error("no experiments are taken: {}", room.error().message);
  said_full_ = !room;
  return room.has_value();
}

// Delivers what is done and asks for the next; nothing if there is none now, or none is wanted.
Result<std::optional<Assignment>> Slot::next(std::optional<SpooledReport>& done,
                                             const CancelToken& drain) {
  const bool more = wants_more(drain) && may_ask();
  if (!done && !more) {
    if (said_full_) std::ignore = shared_.clock.wait(drain, kFullDiskPause);
    return std::optional<Assignment>();
  }
  // A report is worth waiting for although we leave: the link gives up by itself. An ask is not.
  const CancelToken stop = done ? CancelToken() : drain;
  const SpooledReport* report = done ? &*done : nullptr;
  auto answer = shared_.link.work({.report = report, .ask = more, .slot = index_}, stop);
  if (!answer) {
    if (done && !kept_) keep(*done);  // there may be room by now
    done.reset();                     // it stays in the spool
    if (drain.cancelled()) return std::optional<Assignment>();
    return tl::unexpected(answer.error());
  }
  if (done) settle(*done, *answer->report);
  done.reset();
  if (answer->nothing) {
    if (shared_.idle != nullptr) shared_.idle->found_nothing(index_);
    std::ignore = shared_.clock.wait(drain, answer->nothing->retry_after);
  }
  return std::move(answer->assignment);
}

// What fails here is not the experiment's fault: it goes back, and this worker waits longer and
// longer before it takes another.
Result<SpooledReport> Slot::do_task(const Assignment& assignment) {
  const LeaseKey key{assignment.task, assignment.token};
  SWARMLAB_TRY(cancel, CancelSource::make());
  shared_.holdings.add(key, cancel);
  log::info("experiment {} begins{}", assignment.experiment.value(),
            log::field("kind", name_of(assignment.kind)));
  Result<SpooledReport> report = shared_.do_task(assignment, cancel.token());
  if (report && report->report.outcome != Outcome::returned) keep(*report);
  shared_.holdings.add(key, std::nullopt);
  if (report) {
    failures_ = 0;
    return report;
  }
  ++failures_;
  log::error("experiment {} goes back, this worker failed: {}", assignment.experiment.value(),
             report.error().message);
  SpooledReport failed = returned(assignment, report.error().message);
  failed.report.own_failure = true;
  return failed;
}

// Before any wait: others may do it meanwhile.
Result<void> Slot::hand_back(const SpooledReport& report, const CancelToken& drain) {
  const auto answer =
      shared_.link.work({.report = &report, .ask = false, .slot = index_}, CancelToken());
  if (answer) {
    settle(report, *answer->report);
  } else if (!drain.cancelled()) {
    return tl::unexpected(answer.error());
  }
  if (failures_ == kMostFailures) {
    return fail(ErrorCode::unavailable, "{} attempts in a row failed here, the last: {}",
                kMostFailures, report.report.reason);
  }
  std::ignore = shared_.clock.wait(drain, first_pause_ * (1U << (failures_ - 1)));
  return {};
}

Result<void> Slot::run(const std::vector<SpooledReport>& left_over, const CancelToken& drain) {
  SWARMLAB_CHECK(deliver_left_over(left_over, drain));
  std::optional<SpooledReport> done;
  while (true) {
    SWARMLAB_TRY(assignment, next(done, drain));
    if (!assignment) {
      if (!wants_more(drain)) return {};
      continue;
    }
    lab_ = assignment->settings.name;
    const ExperimentContext context(lab_, assignment->experiment, assignment->task,
                                    assignment->token);
    if (drain.cancelled()) {  // it was given before the coordinator heard that we leave
      log::info("experiment {} goes back: this worker leaves", assignment->experiment.value());
      done = returned(*assignment, {});
      continue;
    }
    if (shared_.idle != nullptr) shared_.idle->begins(index_);
    auto ended = do_task(*assignment);
    if (shared_.idle != nullptr) shared_.idle->ends(index_);
    SWARMLAB_TRY(report, std::move(ended));
    done_one_ = done_one_ || report.report.outcome != Outcome::returned;
    if (failures_ == 0) {
      done = std::move(report);
    } else {
      SWARMLAB_CHECK(hand_back(report, drain));
    }
  }
}

}  // namespace swarmlab::worker
