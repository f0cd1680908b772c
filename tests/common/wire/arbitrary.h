// Random records for properties: every field takes any value that its model allows.
#pragma once

#include <rapidcheck.h>

#include <cmath>

#include "common/model/report.h"

namespace swarmlab::testing {

template <class T>
T any() {
  return *rc::gen::arbitrary<T>();
}

inline double any_finite() {
  const double value = any<double>();
  return std::isfinite(value) ? value : 0.0;
}

template <class E>
E any_of(E last) {
  return static_cast<E>(*rc::gen::inRange(0, static_cast<int>(last) + 1));
}

inline std::optional<double> maybe_finite() {
  return any<bool>() ? std::optional<double>(any_finite()) : std::nullopt;
}

inline ObjectId any_object_id() {
  return {.bytes = any<std::array<std::uint8_t, 20>>()};
}

inline std::optional<ObjectId> maybe_object_id() {
  return any<bool>() ? std::optional(any_object_id()) : std::nullopt;
}

inline std::optional<ExperimentNumber> maybe_number() {
  return any<bool>() ? std::optional(ExperimentNumber(any<std::uint64_t>())) : std::nullopt;
}

// A few of what `make` gives.
template <class Make>
auto several(const Make& make) {
  std::vector<decltype(make())> values;
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) values.push_back(make());
  return values;
}

inline std::string any_text() {
  return any<std::string>();
}

inline Milliseconds any_duration() {
  return Milliseconds(any<std::int64_t>());
}

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

inline Destination any_destination() {
  return {.host = any_text(), .port = any<std::uint16_t>()};
}

inline Evaluator any_evaluator() {
  Evaluator evaluator{.how = PythonBackend{.module = any_text(), .class_name = any_text()},
                      .timeout = any_duration(),
                      .data = {.kind = any_of(DataSource::Kind::shipped), .path = any_text()},
                      .network = several(any_destination)};
  if (any<bool>()) {
    evaluator.how = CommandEvaluator{
        .command = any_text(), .parse = any_of(ParseKind::metric_lines), .pattern = any_text()};
  }
  if (any<bool>()) {
    evaluator.service = HostService{.command = any_text(), .port = any<std::uint16_t>()};
  }
  return evaluator;
}

inline Metric any_metric() {
  return {.name = any_text(),
          .direction = any_of(Direction::maximize),
          .min_improvement = {.amount = any_finite(), .relative = any<bool>()},
          .confidence = any_finite(),
          .max_repeats = any<std::uint32_t>(),
          .worst = maybe_finite()};
}

inline ResourceLimits any_limits() {
  return {.memory_bytes = any<std::uint64_t>(),
          .processes = any<std::uint32_t>(),
          .file_bytes = any<std::uint64_t>(),
          .disk_bytes = any<std::uint64_t>(),
          .output_bytes = any<std::uint64_t>(),
          .cpus = any_finite()};
}

inline StopLimits any_stop() {
  return {
      .max_iterations = any<std::uint64_t>(),
      .max_time = any_duration(),
      .max_cost = MicroUsd(any<std::int64_t>()),
      .target_score = maybe_finite(),
      .plateau_threshold = any<std::uint64_t>(),
      .max_restarts = any<std::uint32_t>(),
      .expected_gain = {
          .chance = any_finite(), .experiments = any<std::uint64_t>(), .per_dollar = any_finite()}};
}

inline Resources any_resources() {
  return {.cpu_millis = any<std::uint32_t>(),
          .memory_bytes = any<std::uint64_t>(),
          .gpus = any<std::uint32_t>()};
}

inline Scale any_scale() {
  Scale scale{.name = any_text(),
              .env = several([] { return Variable{.name = any_text(), .value = any_text()}; }),
              .overlay = any_text(),
              .timeout = any_duration(),
              .promotion = {.fraction = any_finite(),
                            .margin = {.amount = any_finite(), .relative = any<bool>()},
                            .floor = any<std::uint64_t>(),
                            .approve = any<bool>()},
              .max_experiments = any<std::uint64_t>(),
              .max_time = any_duration()};
  if (any<bool>()) scale.needs = Needs{.amount = any_resources(), .labels = several(any_text)};
  return scale;
}

inline Agent any_agent() {
  return {.kind = any_of(AgentKind::opencode),
          .command = any_text(),
          .args = several(any_text),
          .instructions = any_text(),
          .timeout = any_duration(),
          .env = several(any_text),
          .brief_tokens = any<std::uint32_t>(),
          .model = any_text(),
          .base_url = any_text(),
          .api_key = any_text(),
          .credentials = several(any_text),
          .network = several(any_destination),
          .prices = several([] {
            return Price{.model = any_text(),
                         .input = MicroUsd(any<std::int64_t>()),
                         .output = MicroUsd(any<std::int64_t>()),
                         .cached = MicroUsd(any<std::int64_t>())};
          }),
          .experiments_per_session = any<std::uint32_t>()};
}

inline LabSettings any_settings() {
  return {.name = any_text(),
          .folder = any_text(),
          .pipeline_dir = any_text(),
          .results_file = any_text(),
          .artifact = {.editable = several(any_text),
                       .frozen = several(any_text),
                       .max_file_bytes = any<std::uint64_t>()},
          .metric = any_metric(),
          .more_metrics = several(any_metric),
          .constraints = several([] {
            return Constraint{any_text(), maybe_finite(), maybe_finite()};
          }),
          .evaluator = any_evaluator(),
          .guard = any<bool>()
                       ? std::optional(Guard{any_text(), any_duration(), any<std::uint32_t>()})
                       : std::nullopt,
          .agent = any_agent(),
          .limits = any_limits(),
          .policy = any_of(PolicyKind::islands),
          .search = {.width = any<std::uint32_t>(),
                     .exploration = any_finite(),
                     .islands = any<std::uint32_t>(),
                     .migration_every = any<std::uint64_t>(),
                     .reset_every = any<std::uint64_t>(),
                     .max_parent_age = any<std::uint64_t>(),
                     .seed = any<std::uint64_t>(),
                     .simplicity = {.counts = any<bool>(),
                                    .metric = any_text(),
                                    .after = any<std::uint64_t>()},
                     .merge = any<bool>(),
                     .near_duplicates = any_of(NearDuplicates::skip),
                     .similarity = any_finite()},
          .stop = any_stop(),
          .scale = any_text(),
          .needs = {.amount = any_resources(), .labels = several(any_text)},
          .max_parallel = any<std::uint32_t>(),
          .weight = any<std::uint32_t>(),
          .scales = several(any_scale),
          .holdout = {.kind = any_of(DataSource::Kind::shipped), .path = any_text()},
          .sandbox = {.driver = any_of(SandboxDriver::runsc),
                      .image = any_text(),
                      .dockerfile = any_text(),
                      .build_context = any_text()}};
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
