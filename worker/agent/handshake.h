// The handshake of a session: the files by which an agent that lives on says that an experiment is
// ready, and is told what became of it. Autoresearch Lab's: the agent writes verdict.json and waits
// until somebody has taken it away.
//
// Both are in a folder that the agent may write to as it likes. What it writes counts as words;
// what is written for it is never read back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/model/experiment.h"
#include "common/model/lab.h"
#include "common/result.h"

namespace swarmlab::worker {

constexpr const char* kHandshakeFolder = "verdicts";  // in the lab's folder of the workspace
constexpr const char* kSignalFile = "verdict.json";   // the agent's
constexpr const char* kToldFile = "last.json";        // ours

/// Whether the lab's agents do it.
[[nodiscard]] inline bool shakes_hands(const swarmlab::Agent& agent) {
  return agent.session == SessionKind::handshake;
}

// What the agent says with its signal.
struct Signal {
  std::string action;  // keep, discard, or nothing
  std::string notes;
  bool operator==(const Signal&) const = default;
};

/// Nothing as long as there is no whole JSON object. Of the folder on this host; follows no links.
[[nodiscard]] std::optional<Signal> read_signal(const std::string& folder);

// What became of an experiment.
struct Told {
  ExperimentNumber experiment;
  bool is_decided = false;  // no: it is measured again
  bool is_kept = false;
  std::string verdict{};
  std::optional<double> score{};
  std::vector<MetricValue> metrics{};
  std::string reason{};
};

// The experiment that the agent goes on with.
struct NextOne {
  ExperimentNumber experiment;
  std::string parent;            // commit
  std::uint32_t of_session = 1;  // from 1
};

/// As verdict.json of Autoresearch Lab has it, and more. \param next  none: the session is over
[[nodiscard]] std::string told_text(const Told& told, const std::optional<NextOne>& next);

/// Puts the text into the folder, whole or not at all, and takes the agent's signal away.
/// \pre  the agent is held. \return  an error also where what it left there is in the way
[[nodiscard]] Result<void> answer_signal(const std::string& folder, const std::string& text);

}  // namespace swarmlab::worker
