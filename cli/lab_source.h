// A lab as `run` opens it: settings and commit of the user's repository, and the hashes by which
// scores are told to be comparable.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/locate.h"
#include "common/lab/lab.h"
#include "common/model/lab.h"
#include "common/model/object_id.h"
#include "common/result.h"

namespace swarmlab::cli {

struct LabSource {
  LabSettings settings;
  ObjectId lab_commit;
  ObjectId evaluator_hash;
  ObjectId data_hash;                    // zero: no data
  std::optional<ObjectId> holdout_hash;  // none: no holdout
  std::string data_manifest;             // of data that workers have: for Server::open_lab
  std::vector<std::string> warnings;     // for the person who runs it
};

/// Reads the lab at HEAD. What is not committed is not part of an experiment, so tracked files of
/// the lab that are modified are refused, and untracked ones are warned of.
/// \param previous  the commit that the lab was run from before: kept, and so are its scores, as
///                  long as nothing differs that an experiment can see of the lab
/// \return invalid_input with all that is wrong: no commit, lab.toml, modified files
[[nodiscard]] Result<LabSource> read_lab_source(const LabPlace& place,
                                                const LabOverrides& overrides,
                                                const std::optional<ObjectId>& previous);

/// What read_lab_source() refuses, found out without its hashes (much data takes long) and without
/// a coordinator: before anything is written.
[[nodiscard]] Result<LabSettings> check_lab_source(const LabPlace& place,
                                                   const LabOverrides& overrides);

}  // namespace swarmlab::cli
