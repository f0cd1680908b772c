// Random settings of labs: every field takes any value that the model allows.
#pragma once

#include "common/model/lab.h"
#include "tests/common/wire/arbitrary_values.h"

namespace swarmlab::testing {

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
          .experiments_per_session = any<std::uint32_t>(),
          .session = any_of(SessionKind::handshake)};
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
          .sandbox = {.driver = any_of(SandboxDriver::runner),
                      .image = any_text(),
                      .dockerfile = any_text(),
                      .build_context = any_text()}};
}

}  // namespace swarmlab::testing
