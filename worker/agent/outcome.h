// outcome.json: what an agent says of its change. Written by what is not trusted, so it is read
// with care and can never fail an experiment.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/model/experiment.h"
#include "common/model/report.h"

namespace swarmlab::worker {

struct AgentSaid {
  AgentNotes notes;
  std::string warning;  // what was not understood or cut, one line; empty: nothing
};

/// A missing file is no warning: every field is optional. Opens regular files only and follows no
/// link at the end of the path. \pre  nothing of the agent's runs any more
[[nodiscard]] AgentSaid read_outcome(const std::string& path);

/// What an agent announced in a file like outcome.json, of which only hypothesis and mechanism
/// count; nothing if there is none, or it says nothing. While the agent works: it may write
/// meanwhile.
[[nodiscard]] std::optional<Announcement> read_announcement(const std::string& path);

/// The same of its text. Fields: hypothesis, mechanism, mechanismConfirmed (or
/// mechanism_confirmed), notes, ideas. Texts come back as valid UTF-8 without control characters
/// and terminal escapes, cut to what a record may hold.
[[nodiscard]] AgentSaid parse_outcome(std::string_view text);

}  // namespace swarmlab::worker
