// Every fact has a line for people.
#include <capnp/message.h>
#include <gtest/gtest.h>

#include <set>

#include "coordinator/server/views.h"
#include "tests/coordinator/swarm/swarm_under_test.h"

namespace swarmlab::server {
namespace {

using swarm::Change;

class EventText : public testing::Test {
 protected:
  EventText() {
    swarm.start(swarm::settings_named("lab"));
    task = swarm.work_for("w");
  }

  struct Line {
    std::string kind, lab, text;
    std::uint32_t experiment = 0;
  };
  Line line_of(Change change) {
    capnp::MallocMessageBuilder message;
    auto view = message.initRoot<schema::EventView>();
    write_view(view, swarm.state,
               {.sequence = Sequence(5), .at = swarm.now, .change = std::move(change)});
    EXPECT_EQ(view.getSequence(), 5);
    return {.kind = view.getKind().cStr(),
            .lab = view.getLab().cStr(),
            .text = view.getText().cStr(),
            .experiment = view.getExperiment().isValue() ? view.getExperiment().getValue() : 0};
  }
  [[nodiscard]] swarm::ExperimentFinished finished(Verdict verdict, const std::string& reason) {
    swarm::ExperimentFinished fact;
    fact.experiment.lab = LabId(1);
    fact.experiment.number = ExperimentNumber(2);
    fact.experiment.verdict = verdict;
    fact.experiment.reason = reason;
    return fact;
  }

  [[nodiscard]] swarm::Pending pending(const std::string& reason) {
    swarm::Pending pending;
    pending.experiment = finished(Verdict::discard, reason).experiment;
    return pending;
  }

  swarm::SwarmUnderTest swarm;
  swarm::Task task;
};

TEST_F(EventText, TellsEveryStoredFactAsALineOfItsOwnKind) {
  const LabId lab(1);
  const std::vector<Change> facts = {
      swarm::LabOpened{.lab = lab, .settings = {}, .segment = {}, .who = "ann"},
      swarm::SettingsChanged{.lab = lab, .settings = {}, .who = "ann"},
      swarm::SegmentBegan{.lab = lab, .segment = {}, .why = "the data changed"},
      swarm::LabStatusChanged{
          .lab = lab, .status = swarm::LabStatus::paused, .reason = {}, .who = {}, .at = {}},
      swarm::TaskCreated{.task = TaskId(9),
                         .lab = lab,
                         .experiment = ExperimentNumber(9),
                         .segment = {},
                         .parent = {},
                         .parent_commit = {},
                         .picked_because = "best"},
      swarm::LeaseGranted{.task = task.id,
                          .worker = WorkerName("w"),
                          .token = FencingToken(3),
                          .reserved = {},
                          .at = {}},
      swarm::LeaseEnded{.task = task.id, .token = FencingToken(3), .at = {}},
      swarm::TaskDropped{.task = task.id,
                         .lab = lab,
                         .experiment = ExperimentNumber(9),
                         .why = "the data changed",
                         .at = {}},
      swarm::CostSpent{.lab = lab,
                       .experiment = ExperimentNumber(2),
                       .task = task.id,
                       .token = FencingToken(3),
                       .cost = {}},
      swarm::CandidateMeasured{.lab = lab,
                               .task = task.id,
                               .token = FencingToken(3),
                               .pending = pending("looks better"),
                               .cost = {},
                               .at = {}},
      finished(Verdict::keep, "better"),
      swarm::WorkerJoined{
          .worker = {.name = WorkerName("w"), .host_class = "epyc", .slots = 2, .joined_at = {}}},
      swarm::WorkerQuarantined{.worker = WorkerName("w"), .why = "all failed", .at = {}},
      swarm::WorkerReleased{.worker = WorkerName("w"), .who = "ann", .at = {}},
      swarm::WorkerForgotten{.worker = WorkerName("w"), .at = {}},
      swarm::AlarmRaised{.silent = 3, .holders = 4, .at = {}, .held_until = {}},
      swarm::AlarmCleared{.at = {}},
      swarm::TimeSkipped{.from = {}, .until = {}},
      swarm::BackupRestored{
          .at = {}, .next_lab = LabId(9), .next_task = {}, .next_token = {}, .skipped = 10},
      swarm::PromotionProposed{
          .lab = lab, .experiment = ExperimentNumber(2), .why = "among the best", .at = {}},
      swarm::Promoted{.lab = lab,
                      .experiment = ExperimentNumber(2),
                      .why = "among the best",
                      .who = "ann",
                      .at = {}},
      swarm::PromotionRejected{.lab = lab,
                               .experiment = ExperimentNumber(2),
                               .why = "too large",
                               .who = "ann",
                               .at = {}},
      swarm::CheckBegan{.task = TaskId(9),
                        .lab = lab,
                        .experiment = ExperimentNumber(2),
                        .segment = {},
                        .commit = {},
                        .why = "kept",
                        .at = {}},
      swarm::CheckEnded{.task = TaskId(9),
                        .lab = lab,
                        .experiment = ExperimentNumber(2),
                        .climb = {},
                        .worker = {},
                        .closes = {},
                        .at = {}},
      swarm::HintGiven{.lab = lab, .number = HintNumber(1), .hint = {}},
      swarm::HintWithdrawn{.lab = lab, .number = HintNumber(1), .who = "ann", .at = {}},
      swarm::ExperimentRejected{.lab = lab,
                                .experiment = ExperimentNumber(2),
                                .rejection = {},
                                .best = ExperimentNumber(1)},
      swarm::ProviderFailed{.lab = lab, .backoff = {}},
      swarm::ProviderAnswered{.lab = lab, .who = {}, .at = {}},
  };
  const std::set<std::string> of_no_lab = {
      "worker_joined", "worker_quarantined", "worker_released", "worker_forgotten",
      "alarm_raised",  "alarm_cleared",      "time_skipped",    "backup_restored"};
  std::set<std::string> kinds;
  std::set<std::size_t> alternatives;
  for (const Change& fact : facts) {
    ASSERT_TRUE(swarm::is_stored(fact));
    const Line line = line_of(fact);
    EXPECT_TRUE(kinds.insert(line.kind).second) << line.kind;
    EXPECT_NE(line.text, "") << line.kind;
    EXPECT_EQ(line.lab, of_no_lab.contains(line.kind) ? "" : "lab") << line.kind;
    alternatives.insert(fact.index());
  }
  constexpr std::size_t kOfPresence = 6;  // is never stored
  EXPECT_EQ(alternatives.size(), std::variant_size_v<Change> - kOfPresence)
      << "a fact is missing in this test";
}

TEST_F(EventText, TellsHowALeaseEnded) {
  const auto text = [&](swarm::LeaseEnd how) {
    return line_of(swarm::LeaseEnded{.task = task.id, .token = {}, .how = how, .at = {}}).text;
  };
  const std::string lease = "lease of task " + std::to_string(task.id.value());
  EXPECT_EQ(text(swarm::LeaseEnd::expired), lease + " expired");
  EXPECT_EQ(text(swarm::LeaseEnd::worker_restarted), lease + " lost");
  EXPECT_EQ(text(swarm::LeaseEnd::returned), lease + " handed back");
  EXPECT_EQ(line_of(swarm::LeaseEnded{.task = task.id,
                                      .token = {},
                                      .how = swarm::LeaseEnd::returned,
                                      .at = {},
                                      .why = "the disk is full"})
                .text,
            lease + " handed back: the disk is full");
}

TEST_F(EventText, TellsTheExperimentOfATaskWhileItIsOpen) {
  EXPECT_EQ(line_of(swarm::LeaseEnded{.task = task.id, .token = {}, .at = {}}).experiment,
            task.experiment.value());
  const Line gone = line_of(swarm::LeaseEnded{.task = TaskId(99), .token = {}, .at = {}});
  EXPECT_EQ(gone.experiment, 0U);
  EXPECT_EQ(gone.lab, "");
}

TEST_F(EventText, TellsVerdictScoreAndReasonOfAnExperiment) {
  auto fact = finished(Verdict::keep, "better than #1");
  fact.experiment.measurements.emplace_back().score = 0.25;
  EXPECT_EQ(line_of(fact).text, "keep 0.25: better than #1");
  EXPECT_EQ(line_of(finished(Verdict::crash, "")).text, "crash");
}

TEST_F(EventText, TellsWhyALabStopped) {
  EXPECT_EQ(line_of(swarm::LabStatusChanged{.lab = LabId(1),
                                            .status = swarm::LabStatus::stopped,
                                            .reason = "all 50 experiments are done",
                                            .who = {},
                                            .at = {}})
                .text,
            "stopped: all 50 experiments are done");
}

}  // namespace
}  // namespace swarmlab::server
