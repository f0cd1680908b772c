// What an agent did, step by step <-> Cap'n Proto.
#include "common/wire/record_codec.h"

namespace swarmlab::wire {
namespace {

std::optional<Milliseconds> known(std::int64_t ms) {
  return ms < 0 ? std::nullopt : std::optional(Milliseconds(ms));
}

}  // namespace

void write(schema::Transcript::Builder to, const Transcript& transcript) {
  auto steps = to.initSteps(length_of(transcript));
  unsigned i = 0;
  for (const TranscriptStep& step : transcript) {
    auto one = steps[i++];
    one.setKind(to_schema_enum<schema::StepKind>(step.kind));
    if (step.at) one.setAtMs(step.at->count());
    one.setTool(text_of(step.tool));
    one.setText(text_of(step.text));
    one.setResult(text_of(step.result));
    one.setFailed(step.failed);
    if (step.took) one.setTookMs(step.took->count());
    one.setInputTokens(step.input_tokens);
    one.setOutputTokens(step.output_tokens);
    one.setMicroUsd(step.usd.value());
    one.setTextBytes(step.text_bytes);
    one.setResultBytes(step.result_bytes);
    one.setLeftOutBefore(step.left_out_before);
  }
}

Result<Transcript> read(schema::Transcript::Reader from) {
  Transcript transcript;
  transcript.reserve(from.getSteps().size());
  for (const auto step : from.getSteps()) {
    SWARMLAB_TRY(kind, from_schema_enum("step kind", step.getKind(), StepKind::tool));
    transcript.push_back({.kind = kind,
                          .at = known(step.getAtMs()),
                          .tool = string_of(step.getTool()),
                          .text = string_of(step.getText()),
                          .result = string_of(step.getResult()),
                          .failed = step.getFailed(),
                          .took = known(step.getTookMs()),
                          .input_tokens = step.getInputTokens(),
                          .output_tokens = step.getOutputTokens(),
                          .usd = MicroUsd(step.getMicroUsd()),
                          .text_bytes = step.getTextBytes(),
                          .result_bytes = step.getResultBytes(),
                          .left_out_before = step.getLeftOutBefore()});
  }
  return transcript;
}

}  // namespace swarmlab::wire
