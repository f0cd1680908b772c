// Bytes from a peer: no message, or one that can be read to the end.
#include "common/wire/message.h"

#include "common/wire/json_codec.h"
#include "common/wire/lab_codec.h"
#include "common/wire/message_codec.h"
#include "common/wire/record_codec.h"
#include "tests/fuzz/bytes.h"

namespace swarmlab::wire {
namespace {

void read_request(schema::Envelope::Body::Reader body) {
  if (body.isHello()) static_cast<void>(read_capabilities(body.getHello().getCapabilities()));
  if (body.isWork()) {
    static_cast<void>(read(body.getWork().getReport()));
    static_cast<void>(read(body.getWork().getAttachments()));
  }
  if (body.isOpenLab()) static_cast<void>(read(body.getOpenLab().getSettings()));
}

void read_answer(schema::Envelope::Body::Reader body) {
  if (body.isWorkReply() && body.getWorkReply().getTask().isAssignment()) {
    static_cast<void>(read(body.getWorkReply().getTask().getAssignment()));
  }
  if (body.isError()) static_cast<void>(read(body.getError()));
  if (body.isStatus()) static_cast<void>(to_json(body.getStatus()));
  if (body.isExperiments()) static_cast<void>(to_json(body.getExperiments()));
  if (body.isExperiment()) static_cast<void>(to_json(body.getExperiment()));
  if (body.isEvents()) static_cast<void>(to_json(body.getEvents()));
}

}  // namespace
}  // namespace swarmlab::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace swarmlab;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto id = wire::request_id_of({reinterpret_cast<const char*>(data), size});
  const auto message = wire::Incoming::parse(bytes);
  if (!message) {
    fuzz::hold(message.error().code == ErrorCode::corrupt, "what is no message is corrupt");
    return 0;
  }
  fuzz::hold(id == message->envelope().getRequestId(), "both readers see the same request id");
  wire::read_request(message->body());
  wire::read_answer(message->body());
  return 0;
}
