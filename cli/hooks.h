// The hooks of a pi-autoresearch lab: scripts of the person who runs it, started on this machine,
// as that person, after each experiment; what they print is a hint for the agents that start next.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/context.h"
#include "cli/locate.h"
#include "cli/swarm.h"

namespace swarmlab::cli {

class Hooks {
 public:
  /// Nothing if the lab has none that may be executed. \p context must outlive it.
  [[nodiscard]] static std::optional<Hooks> of(const Context& context, const LabPlace& place);

  [[nodiscard]] const std::string& lab() const { return place_.name; }
  /// At the begin, and after each experiment, with its number; 0: none yet. A hook that fails or
  /// takes longer than half a minute is told of on `err`, and nothing else comes of it. \return
  /// what the coordinator refuses
  [[nodiscard]] Result<void> run(Swarm& swarm, std::uint32_t experiment);

 private:
  Hooks(const Context& context, LabPlace place) : context_(&context), place_(std::move(place)) {}
  [[nodiscard]] std::string said_by(const std::string& script, const std::string& line) const;
  [[nodiscard]] Result<void> tell(Swarm& swarm, const std::string& text);

  const Context* context_;
  LabPlace place_;
  std::string log_;     // paths from the root
  std::string before_;  // empty: not there
  std::string after_;
  std::string folder_;      // where they run
  std::uint64_t hint_ = 0;  // what was said last; 0: nothing
};

}  // namespace swarmlab::cli
