#include "cli/open_lab.h"

#include <unistd.h>

#include <array>

#include "cli/lab_source.h"

namespace swarmlab::cli {

namespace {

Result<swarm::LabIsOpen> open_lab(const Context& context, server::Server& server,
                                  const LabPlace& place, const LabOverrides& overrides) {
  SWARMLAB_TRY(source, read_lab_source(place, overrides, server.lab_commit(place.name)));
  for (const std::string& warning : source.warnings) context.note("warning: " + warning);
  const std::string name = source.settings.name;
  swarm::OpenLab command;
  command.settings = std::move(source.settings);
  command.segment.lab_commit = source.lab_commit;
  command.segment.evaluator_hash = source.evaluator_hash;
  command.segment.data_hash = source.data_hash;
  command.segment.holdout_hash = source.holdout_hash;
  command.who = who_asks(context);
  SWARMLAB_TRY(opened,
               server.open_lab(std::move(command), place.root.string(), source.data_manifest));
  if (!opened.stays_stopped.empty()) {
    context.note(name + " stays stopped: " + opened.stays_stopped);
  } else if (opened.new_segment && opened.resumed) {
    context.note(name +
                 ": the evaluator, the data or the artifact changed, so scores do not compare any "
                 "more: a new baseline comes first");
  } else if (opened.resumed) {
    context.note(name + " goes on where it was");
  }
  return std::move(opened);
}

// The branches of a lab go on with it. One that cannot does not keep the others from it.
void reopen_branches(const Context& context, server::Server& server, const std::string& lab,
                     const LabOverrides& overrides, OpenedLabs& opened) {
  for (const auto& branch : server.reopen_branches(lab, overrides, who_asks(context))) {
    if (!branch.outcome) {
      context.note("warning: " + branch.outcome.error().message);
      continue;
    }
    opened.names.push_back(branch.name);
    opened.any_runs = opened.any_runs || branch.outcome->stays_stopped.empty();
  }
}

}  // namespace

Result<LabOverrides> overrides_for(const LabPlace& place, const RunFlags& flags,
                                   const std::vector<std::string>& args) {
  SWARMLAB_TRY(overrides, resolve(flags, place.folder));
  overrides.agent_args = args;
  return std::move(overrides);
}

std::string who_asks(const Context& context) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return context.variable("USER").value_or("user") + "@" + host.data();
}

Result<std::vector<LabSettings>> check_labs(const std::vector<LabPlace>& places,
                                            const RunFlags& flags,
                                            const std::vector<std::string>& args) {
  std::vector<LabSettings> all;
  for (const LabPlace& place : places) {
    SWARMLAB_TRY(overrides, overrides_for(place, flags, args));
    SWARMLAB_TRY(settings, check_lab_source(place, overrides));
    all.push_back(std::move(settings));
  }
  return all;
}

Result<OpenedLabs> open_labs(const Context& context, server::Server& server,
                             const std::vector<LabPlace>& places, const RunFlags& flags,
                             const std::vector<std::string>& args) {
  OpenedLabs all;
  for (const LabPlace& place : places) {
    SWARMLAB_TRY(overrides, overrides_for(place, flags, args));
    SWARMLAB_TRY(opened, open_lab(context, server, place, overrides));
    all.names.push_back(place.name);
    all.any_runs = all.any_runs || opened.stays_stopped.empty();
    if (!opened.resumed) all.begun.push_back(place);
    reopen_branches(context, server, place.name, overrides, all);
  }
  return all;
}

}  // namespace swarmlab::cli
