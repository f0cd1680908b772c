// The records of an experiment, as common/wire has them, and of what lies beside it.
#include "common/wire/bytes_codec.h"
#include "common/wire/records.h"
#include "coordinator/store/codec.h"
#include "coordinator/store/keys.h"

namespace swarmlab::store {

std::string to_bytes(const Experiment& experiment) {
  return wire::to_bytes(experiment);
}

Result<Experiment> experiment_from(std::string_view bytes) {
  return wire::experiment_from(wire::bytes_of(bytes));
}

std::string to_bytes(const std::vector<SampleScore>& samples) {
  return wire::to_bytes(
      Attachments{.samples = samples, .agent_log = {}, .guard_log = {}, .evaluator_log = {}});
}

Result<std::vector<SampleScore>> samples_from(std::string_view bytes) {
  SWARMLAB_TRY(attachments, wire::attachments_from(wire::bytes_of(bytes)));
  return std::move(attachments.samples);
}

std::string to_bytes(ExperimentNumber number) {
  return keys::number(number.value());
}

Result<ExperimentNumber> number_from(std::string_view bytes) {
  const auto number = keys::last_number(bytes);
  if (!number || bytes.size() != sizeof(*number) || *number == 0) {
    return fail(ErrorCode::corrupt, "{} bytes, expected 8 of a number from 1", bytes.size());
  }
  return ExperimentNumber(*number);
}

}  // namespace swarmlab::store
