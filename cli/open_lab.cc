#include "cli/open_lab.h"

#include <unistd.h>

#include <array>

#include "cli/lab_source.h"

namespace swarmlab::cli {

std::string who_asks(const Context& context) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return context.variable("USER").value_or("user") + "@" + host.data();
}

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
  command.who = who_asks(context);
  SWARMLAB_TRY(opened, server.open_lab(std::move(command), place.root.string()));
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

}  // namespace swarmlab::cli
