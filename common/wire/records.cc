#include "common/wire/records.h"

#include "common/wire/bytes_codec.h"
#include "common/wire/lab_codec.h"
#include "common/wire/record_codec.h"

namespace swarmlab::wire {
namespace {

template <class Schema, class Model>
std::string encode_record(const Model& record) {
  return encode<Schema>([&](typename Schema::Builder root) { write(root, record); });
}

template <class Schema>
auto decode_record(std::string_view place, std::span<const std::byte> bytes) {
  return decode<Schema>(place, bytes, [](typename Schema::Reader root) { return read(root); });
}

}  // namespace

std::string to_bytes(const LabSettings& settings) {
  return encode_record<schema::LabSettings>(settings);
}
std::string to_bytes(const Experiment& experiment) {
  return encode_record<schema::Experiment>(experiment);
}
std::string to_bytes(const Assignment& assignment) {
  return encode_record<schema::Assignment>(assignment);
}
std::string to_bytes(const Report& report) {
  return encode_record<schema::Report>(report);
}
std::string to_bytes(const Attachments& attachments) {
  return encode_record<schema::Attachments>(attachments);
}
std::string to_bytes(const Transcript& transcript) {
  return encode_record<schema::Transcript>(transcript);
}

Result<LabSettings> lab_settings_from(std::span<const std::byte> bytes) {
  return decode_record<schema::LabSettings>("lab settings", bytes);
}
Result<Experiment> experiment_from(std::span<const std::byte> bytes) {
  return decode_record<schema::Experiment>("experiment", bytes);
}
Result<Assignment> assignment_from(std::span<const std::byte> bytes) {
  return decode_record<schema::Assignment>("assignment", bytes);
}
Result<Report> report_from(std::span<const std::byte> bytes) {
  return decode_record<schema::Report>("report", bytes);
}
Result<Attachments> attachments_from(std::span<const std::byte> bytes) {
  return decode_record<schema::Attachments>("attachments", bytes);
}
Result<Transcript> transcript_from(std::span<const std::byte> bytes) {
  return decode_record<schema::Transcript>("transcript", bytes);
}

}  // namespace swarmlab::wire
