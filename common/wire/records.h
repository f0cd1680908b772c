// Whole records as bytes, for the store, the spool and whoever needs no Cap'n Proto to see them.
// Thread-safe. Reading foreign bytes gives a value or a corrupt error, never a crash.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "common/model/report.h"
#include "common/result.h"

namespace swarmlab::wire {

[[nodiscard]] std::string to_bytes(const LabSettings& settings);
[[nodiscard]] std::string to_bytes(const Experiment& experiment);
[[nodiscard]] std::string to_bytes(const Assignment& assignment);
[[nodiscard]] std::string to_bytes(const Report& report);
[[nodiscard]] std::string to_bytes(const Attachments& attachments);
[[nodiscard]] std::string to_bytes(const Transcript& transcript);

[[nodiscard]] Result<LabSettings> lab_settings_from(std::span<const std::byte> bytes);
[[nodiscard]] Result<Experiment> experiment_from(std::span<const std::byte> bytes);
[[nodiscard]] Result<Assignment> assignment_from(std::span<const std::byte> bytes);
[[nodiscard]] Result<Report> report_from(std::span<const std::byte> bytes);
[[nodiscard]] Result<Attachments> attachments_from(std::span<const std::byte> bytes);
[[nodiscard]] Result<Transcript> transcript_from(std::span<const std::byte> bytes);

}  // namespace swarmlab::wire
