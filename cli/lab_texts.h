// The lab.toml files that a lab's settings come from: its own and those of the folders above it.
#pragma once

#include <filesystem>
#include <string>

#include "common/git/repository.h"
#include "common/lab/lab.h"
#include "common/result.h"

namespace swarmlab::cli {

/// As they are in a working tree or a checkout. \return  not_found if the lab has none of its own
[[nodiscard]] Result<LabTexts> lab_texts_in(const std::filesystem::path& root,
                                            const std::string& folder,
                                            const std::string& root_name);

/// As a tree of git has them. \return  likewise
[[nodiscard]] Result<LabTexts> lab_texts_at(const git::Repository& repository, const ObjectId& tree,
                                            const std::string& folder,
                                            const std::string& root_name);

}  // namespace swarmlab::cli
