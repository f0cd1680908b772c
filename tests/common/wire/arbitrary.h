// Random records for properties: every field takes any value that its model allows.
#pragma once

#include "common/model/report.h"
#include "tests/common/wire/arbitrary_settings.h"
#include "tests/common/wire/arbitrary_values.h"

namespace swarmlab::testing {

inline AgentNotes any_notes() {
  return {.hypothesis = any_text(),
          .mechanism = any_text(),
          .mechanism_confirmed = any<bool>() ? std::optional(any<bool>()) : std::nullopt,
          .notes = any_text(),
          .ideas = several(any_text)};
}

inline Measurement any_measurement() {
  return {.identity = {.evaluator = any_object_id(),
                       .data = any_object_id(),
                       .tree = any_object_id(),
                       .scale = any_text(),
                       .host_class = any_text(),
                       .repeat = any<std::uint32_t>()},
          .score = any_finite(),
          .metrics = several([] {
            return MetricValue{any_text(), any_finite()};
          }),
          .took = any_duration(),
          .worker = WorkerName(any_text())};
}

inline Evidence any_evidence() {
  return {.reference = ExperimentNumber(any<std::uint64_t>()),
          .reference_score = any_finite(),
          .pairs = any<std::uint32_t>(),
          .gain = any_finite(),
          .low = any_finite(),
          .high = any_finite(),
          .confidence = any_finite(),
          .metric = any_text()};
}

inline AgentRun any_agent_run() {
  return {.end = any_of(AgentEnd::timed_out),
          .said = any_text(),
          .retry_after = any_duration(),
          .session = any_text(),
          .model = any_text(),
          .final_message = any_text(),
          .turns = any<std::uint64_t>(),
          .tool_calls = any<std::uint64_t>(),
          .cached_tokens = any<std::uint64_t>(),
          .cost_source = any_of(CostSource::measured),
          .refused = several([] {
            return NetworkRefusal{any_text(), any<std::uint16_t>(), any<std::uint64_t>()};
          }),
          .session_experiment = any<std::uint32_t>()};
}

inline std::optional<AgentRun> maybe_agent_run() {
  return any<bool>() ? std::optional(any_agent_run()) : std::nullopt;
}

inline Cost any_cost() {
  return {.usd = MicroUsd(any<std::int64_t>()),
          .input_tokens = any<std::uint64_t>(),
          .output_tokens = any<std::uint64_t>()};
}

inline std::vector<StageTime> any_stages() {
  return several([] {
    return StageTime{any_of(Stage::total), std::chrono::microseconds(any<std::int64_t>())};
  });
}

inline std::optional<NearDuplicate> maybe_near() {
  if (!any<bool>()) return std::nullopt;
  return NearDuplicate{.of = ExperimentNumber(any<std::uint64_t>()), .similarity = any_finite()};
}

inline std::optional<Injection> maybe_injection() {
  if (!any<bool>()) return std::nullopt;
  return Injection{.who = any_text(), .from = any_object_id()};
}

inline std::optional<Rejection> maybe_rejection() {
  if (!any<bool>()) return std::nullopt;
  return Rejection{.who = any_text(), .why = any_text(), .at = Timestamp(any_duration())};
}

inline Experiment any_experiment() {
  return {.lab = LabId(any<std::uint64_t>()),
          .number = ExperimentNumber(any<std::uint64_t>()),
          .task = TaskId(any<std::uint64_t>()),
          .kind = any_of(TaskKind::simplify),
          .segment = SegmentNumber(any<std::uint64_t>()),
          .parent = maybe_number(),
          .merged_with = ExperimentNumber(any<std::uint64_t>() / 2 + 1),
          .parent_commit = any_object_id(),
          .picked_because = any_text(),
          .verdict = any_of(Verdict::invalid),
          .reason = any_text(),
          .commit = maybe_object_id(),
          .tree = maybe_object_id(),
          .duplicate_of = maybe_number(),
          .paths = several(any_text),
          .measurements = several(any_measurement),
          .judged_score = any<bool>() ? std::optional(any_finite()) : std::nullopt,
          .evidence = any<bool>() ? std::optional(any_evidence()) : std::nullopt,
          .size = maybe_finite(),
          .simpler = any<bool>(),
          .undoes = any<bool>()
                        ? std::optional(ExperimentNumber(*rc::gen::nonZero<std::uint64_t>()))
                        : std::nullopt,
          .mad_confidence = maybe_finite(),
          .other_scores = several(any_finite),
          .other_evidence = several(any_evidence),
          .hypervolume = maybe_finite(),
          .reworks = any<std::uint32_t>(),
          .notes = any_notes(),
          .worker = WorkerName(any_text()),
          .host_class = any_text(),
          .token = FencingToken(any<std::uint64_t>()),
          .measured_under = several([] { return FencingToken(any<std::uint64_t>()); }),
          .charged = several([] { return FencingToken(any<std::uint64_t>()); }),
          .attempts = any<std::uint32_t>(),
          .cost = any_cost(),
          .started_at = Timestamp(any_duration()),
          .ended_at = Timestamp(any_duration()),
          .stages = any_stages(),
          .past_leases = several([] {
            return PastLease{.token = FencingToken(any<std::uint64_t>()),
                             .worker = WorkerName(any_text()),
                             .key = any_text()};
          }),
          .injection = maybe_injection(),
          .rejection = maybe_rejection(),
          .near_duplicate = maybe_near(),
          .agent = maybe_agent_run()};
}

inline Comparison any_comparison() {
  return {.candidate = any_object_id(), .reference = any_object_id(), .pair = any<std::uint32_t>()};
}

inline MergeWith any_merge() {
  return {.other = ExperimentNumber(any<std::uint64_t>()),
          .commit = any_object_id(),
          .base = any_object_id()};
}

inline Assignment any_assignment() {
  return {.task = TaskId(any<std::uint64_t>()),
          .token = FencingToken(any<std::uint64_t>()),
          .lab = LabId(any<std::uint64_t>()),
          .experiment = ExperimentNumber(any<std::uint64_t>()),
          .kind = any_of(TaskKind::simplify),
          .parent = maybe_number(),
          .parent_commit = any_object_id(),
          .lab_commit = any_object_id(),
          .evaluator_hash = any_object_id(),
          .data_hash = any_object_id(),
          .lease = any_duration(),
          .takes = any_resources(),
          .settings = any_settings(),
          .repeats = any<std::uint32_t>(),
          .comparison = any<bool>() ? std::optional(any_comparison()) : std::nullopt,
          .merge = any<bool>() ? std::optional(any_merge()) : std::nullopt,
          .candidate = maybe_object_id(),
          .briefing = {.brief = any_text(), .results = any_text()}};
}

inline Report any_report() {
  return {.task = TaskId(any<std::uint64_t>()),
          .token = FencingToken(any<std::uint64_t>()),
          .lab = LabId(any<std::uint64_t>()),
          .experiment = ExperimentNumber(any<std::uint64_t>()),
          .outcome = any_of(Outcome::returned),
          .reason = any_text(),
          .commit = maybe_object_id(),
          .tree = maybe_object_id(),
          .paths = several(any_text),
          .measurement = any<bool>() ? std::optional(any_measurement()) : std::nullopt,
          .more = several(any_measurement),
          .notes = any_notes(),
          .host_class = any_text(),
          .cost = any_cost(),
          .stages = any_stages(),
          .own_failure = any<bool>(),
          .near_duplicate = maybe_near(),
          .reworks = any<std::uint32_t>(),
          .agent = maybe_agent_run()};
}

inline std::optional<Milliseconds> maybe_time() {
  if (!any<bool>()) return std::nullopt;
  return Milliseconds(any<std::uint32_t>());
}

inline TranscriptStep any_step() {
  return {.kind = any_of(StepKind::tool),
          .at = maybe_time(),
          .tool = any_text(),
          .text = any_text(),
          .result = any_text(),
          .failed = any<bool>(),
          .took = maybe_time(),
          .input_tokens = any<std::uint64_t>(),
          .output_tokens = any<std::uint64_t>(),
          .usd = MicroUsd(any<std::int64_t>()),
          .text_bytes = any<std::uint64_t>(),
          .result_bytes = any<std::uint64_t>(),
          .left_out_before = any<std::uint64_t>()};
}

inline Attachments any_attachments() {
  return {.samples = several([] {
            return SampleScore{any_text(), any_finite(), any_text(), any_text()};
          }),
          .agent_log = any_text(),
          .guard_log = any_text(),
          .evaluator_log = any_text(),
          .sketch = any_text(),
          .transcript = several(any_step)};
}

}  // namespace swarmlab::testing
