// A scale's files, laid over a clean checkout: always those of the lab's commit, never a
// candidate's.
#pragma once

#include <string>

#include "common/git/repository.h"
#include "common/result.h"

namespace swarmlab::worker {

struct Overlay {
  ObjectId lab_tree;   // of the lab's commit
  std::string folder;  // of it, relative to the root
  std::string over;    // where its files go: the lab's folder, relative to the root
};

/// Replaces or adds every file of the overlay's folder in the checkout.
/// \param scratch  a folder that is not there yet, on the same file system: it is gone afterwards
/// \return invalid_input if a file would go through a link
[[nodiscard]] Result<void> lay_over(const git::Repository& repository, const Overlay& overlay,
                                    const std::string& checkout, const std::string& scratch);

}  // namespace swarmlab::worker
