#include "common/wire/agent_codec.h"

#include "common/model/names.h"
#include "common/wire/field_codec.h"

namespace swarmlab::wire {
namespace {

void write(capnp::List<schema::LabSettings::Destination>::Builder to,
           const std::vector<Destination>& network) {
  unsigned i = 0;
  for (const Destination& destination : network) {
    to[i].setHost(text_of(destination.host));
    to[i].setPort(destination.port);
    ++i;
  }
}

std::vector<Destination> read(capnp::List<schema::LabSettings::Destination>::Reader from) {
  std::vector<Destination> network;
  network.reserve(from.size());
  for (const auto one : from) {
    network.push_back({.host = string_of(one.getHost()), .port = one.getPort()});
  }
  return network;
}

Result<std::variant<PythonBackend, CommandEvaluator>> read_how(
    schema::LabSettings::Evaluator::Reader from) {
  using How = std::variant<PythonBackend, CommandEvaluator>;
  switch (from.which()) {
    case schema::LabSettings::Evaluator::PYTHON: {
      const auto how = from.getPython();
      return How(PythonBackend{.module = string_of(how.getModule()),
                               .class_name = string_of(how.getClassName())});
    }
    case schema::LabSettings::Evaluator::COMMAND: {
      const auto how = from.getCommand();
      SWARMLAB_TRY(parse, from_schema_enum("parse", how.getParse(), ParseKind::metric_lines));
      return How(CommandEvaluator{.command = string_of(how.getCommand()),
                                  .parse = parse,
                                  .pattern = string_of(how.getPattern())});
    }
  }
  return fail(ErrorCode::corrupt, "evaluator is of an unknown kind");
}

std::vector<Price> read(capnp::List<schema::LabSettings::Price>::Reader from) {
  std::vector<Price> prices;
  prices.reserve(from.size());
  for (const auto one : from) {
    prices.push_back({.model = string_of(one.getModel()),
                      .input = MicroUsd(one.getInputMicroUsd()),
                      .output = MicroUsd(one.getOutputMicroUsd()),
                      .cached = MicroUsd(one.getCachedMicroUsd())});
  }
  return prices;
}

}  // namespace

void write(schema::LabSettings::Evaluator::Builder to, const Evaluator& evaluator) {
  if (const auto* python = std::get_if<PythonBackend>(&evaluator.how)) {
    auto how = to.initPython();
    how.setModule(text_of(python->module));
    how.setClassName(text_of(python->class_name));
  } else if (const auto* command = std::get_if<CommandEvaluator>(&evaluator.how)) {
    auto how = to.initCommand();
    how.setCommand(text_of(command->command));
    how.setParse(to_schema_enum<schema::ParseKind>(command->parse));
    how.setPattern(text_of(command->pattern));
  }
  to.setTimeoutMs(evaluator.timeout.count());
  to.setDataKind(to_schema_enum<schema::DataKind>(evaluator.data.kind));
  to.setDataPath(text_of(evaluator.data.path));
  write(to.initNetwork(length_of(evaluator.network)), evaluator.network);
  if (evaluator.service) {
    auto service = to.initService();
    service.setCommand(text_of(evaluator.service->command));
    service.setPort(evaluator.service->port);
  }
}

Result<Evaluator> read(schema::LabSettings::Evaluator::Reader from) {
  SWARMLAB_TRY(how, read_how(from));
  SWARMLAB_TRY(kind, from_schema_enum("dataKind", from.getDataKind(), DataSource::Kind::shipped));
  Evaluator evaluator{.how = std::move(how),
                      .timeout = Milliseconds(from.getTimeoutMs()),
                      .data = {.kind = kind, .path = string_of(from.getDataPath())},
                      .network = read(from.getNetwork())};
  if (from.hasService()) {
    evaluator.service = HostService{.command = string_of(from.getService().getCommand()),
                                    .port = from.getService().getPort()};
  }
  return evaluator;
}

void write(schema::LabSettings::Agent::Builder to, const Agent& agent) {
  to.setKind(to_schema_enum<schema::AgentKind>(agent.kind));
  to.setCommand(text_of(agent.command));
  write_texts(to.initArgs(length_of(agent.args)), agent.args);
  to.setInstructions(text_of(agent.instructions));
  to.setTimeoutMs(agent.timeout.count());
  write_texts(to.initEnv(length_of(agent.env)), agent.env);
  to.setBriefTokens(agent.brief_tokens);
  to.setModel(text_of(agent.model));
  to.setBaseUrl(text_of(agent.base_url));
  to.setApiKey(text_of(agent.api_key));
  write_texts(to.initCredentials(length_of(agent.credentials)), agent.credentials);
  write(to.initNetwork(length_of(agent.network)), agent.network);
  auto prices = to.initPrices(length_of(agent.prices));
  for (unsigned i = 0; i < prices.size(); ++i) {
    prices[i].setModel(text_of(agent.prices[i].model));
    prices[i].setInputMicroUsd(agent.prices[i].input.value());
    prices[i].setOutputMicroUsd(agent.prices[i].output.value());
    prices[i].setCachedMicroUsd(agent.prices[i].cached.value());
  }
  to.setExperimentsPerSession(agent.experiments_per_session);
  to.setSession(to_schema_enum<schema::SessionKind>(agent.session));
}

Result<Agent> read(schema::LabSettings::Agent::Reader from) {
  SWARMLAB_TRY(kind, from_schema_enum("agent kind", from.getKind(), AgentKind::opencode));
  SWARMLAB_TRY(session,
               from_schema_enum("agent session", from.getSession(), SessionKind::handshake));
  return Agent{.kind = kind,
               .command = string_of(from.getCommand()),
               .args = read_texts(from.getArgs()),
               .instructions = string_of(from.getInstructions()),
               .timeout = Milliseconds(from.getTimeoutMs()),
               .env = read_texts(from.getEnv()),
               .brief_tokens = from.getBriefTokens(),
               .model = string_of(from.getModel()),
               .base_url = string_of(from.getBaseUrl()),
               .api_key = string_of(from.getApiKey()),
               .credentials = read_texts(from.getCredentials()),
               .network = read(from.getNetwork()),
               .prices = read(from.getPrices()),
               .experiments_per_session = from.getExperimentsPerSession(),
               .session = session};
}

}  // namespace swarmlab::wire
