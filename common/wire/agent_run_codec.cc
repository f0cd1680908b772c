// How an agent's part in an attempt went <-> Cap'n Proto.
#include "common/wire/record_codec.h"

namespace swarmlab::wire {

void write(schema::AgentRun::Builder to, const AgentRun& run) {
  to.setEnd(to_schema_enum<schema::AgentEnd>(run.end));
  to.setSaid(text_of(run.said));
  to.setRetryAfterMs(run.retry_after.count());
  to.setSession(text_of(run.session));
  to.setModel(text_of(run.model));
  to.setFinalMessage(text_of(run.final_message));
  to.setTurns(run.turns);
  to.setToolCalls(run.tool_calls);
  to.setCachedTokens(run.cached_tokens);
  to.setCostSource(to_schema_enum<schema::CostSource>(run.cost_source));
  to.setSessionExperiment(run.session_experiment);
  auto refused = to.initRefused(length_of(run.refused));
  for (unsigned i = 0; i < refused.size(); ++i) {
    refused[i].setHost(text_of(run.refused[i].host));
    refused[i].setPort(run.refused[i].port);
    refused[i].setTimes(run.refused[i].times);
  }
}

Result<AgentRun> read(schema::AgentRun::Reader from) {
  SWARMLAB_TRY(end, read(from.getEnd()));
  SWARMLAB_TRY(source, from_schema_enum("costSource", from.getCostSource(), CostSource::measured));
  AgentRun run{.end = end,
               .said = string_of(from.getSaid()),
               .retry_after = Milliseconds(from.getRetryAfterMs()),
               .session = string_of(from.getSession()),
               .model = string_of(from.getModel()),
               .final_message = string_of(from.getFinalMessage()),
               .turns = from.getTurns(),
               .tool_calls = from.getToolCalls(),
               .cached_tokens = from.getCachedTokens(),
               .cost_source = source,
               .refused = {},
               .session_experiment = from.getSessionExperiment()};
  for (const auto one : from.getRefused()) {
    run.refused.push_back(
        {.host = string_of(one.getHost()), .port = one.getPort(), .times = one.getTimes()});
  }
  return run;
}

schema::AgentEnd to_schema(AgentEnd end) {
  return to_schema_enum<schema::AgentEnd>(end);
}

Result<AgentEnd> read(schema::AgentEnd end) {
  return from_schema_enum("agent end", end, AgentEnd::timed_out);
}

}  // namespace swarmlab::wire
