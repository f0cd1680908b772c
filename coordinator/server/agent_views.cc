#include "coordinator/server/agent_views.h"

#include <fmt/format.h>

#include "common/model/names.h"
#include "common/wire/json_codec.h"
#include "common/wire/lab_codec.h"

namespace swarmlab::server {

void write_agent(schema::ExperimentView::Builder to, const Experiment& experiment) {
  if (!experiment.agent) return;
  const AgentRun& run = *experiment.agent;
  auto view = to.initAgent();
  view.setEnd(std::string(name_of(run.end)).c_str());
  view.setSaid(run.said.c_str());
  view.setSession(run.session.c_str());
  view.setModel(run.model.c_str());
  view.setFinalMessage(run.final_message.c_str());
  view.setTurns(static_cast<double>(run.turns));
  view.setToolCalls(static_cast<double>(run.tool_calls));
  view.setCachedTokens(static_cast<double>(run.cached_tokens));
  view.setCostSource(std::string(name_of(run.cost_source)).c_str());
  view.setSessionExperiment(run.session_experiment);
  auto refused = view.initRefused(static_cast<unsigned>(run.refused.size()));
  for (unsigned i = 0; i < refused.size(); ++i) {
    refused[i].setName(fmt::format("{}:{}", run.refused[i].host, run.refused[i].port).c_str());
    refused[i].setValue(static_cast<double>(run.refused[i].times));
  }
}

void write_transcript(schema::ExperimentDetail::Builder to, const Transcript& transcript) {
  auto steps = to.initTranscript(static_cast<unsigned>(transcript.size()));
  const auto milliseconds = [](const std::optional<Milliseconds>& time) {
    return time ? std::optional(static_cast<double>(time->count())) : std::nullopt;
  };
  for (unsigned i = 0; i < steps.size(); ++i) {
    const TranscriptStep& step = transcript[i];
    auto view = steps[i];
    view.setKind(std::string(name_of(step.kind)).c_str());
    wire::write(view.initAtMs(), milliseconds(step.at));
    view.setTool(step.tool.c_str());
    view.setText(step.text.c_str());
    view.setResult(step.result.c_str());
    view.setFailed(step.failed);
    wire::write(view.initTookMs(), milliseconds(step.took));
    view.setInputTokens(static_cast<double>(step.input_tokens));
    view.setOutputTokens(static_cast<double>(step.output_tokens));
    view.setCostUsd(static_cast<double>(step.usd.value()) / 1e6);
    view.setTextBytes(static_cast<double>(step.text_bytes));
    view.setResultBytes(static_cast<double>(step.result_bytes));
    view.setLeftOutBefore(static_cast<double>(step.left_out_before));
  }
}

void write_provider(schema::LabView::Builder to, const swarm::Lab& lab) {
  if (!lab.backoff) return;
  to.setProvider(std::string(name_of(lab.backoff->why)).c_str());
  to.setProviderSaid(lab.backoff->said.c_str());
  wire::write(to.initProviderRetryAt(), lab.backoff->until);
}

}  // namespace swarmlab::server
