// Commands of predecessors, which were written to run in the working tree, as commands of an
// evaluator, whose checkout is read-only and has only what is committed.
#pragma once

#include <string>

#include "cli/predecessors/folder.h"
#include "cli/predecessors/found.h"

namespace swarmlab::predecessors {

/// For /bin/sh, in single quotes where it needs any.
[[nodiscard]] std::string shell_word(std::string_view text);

/// The lines of sh that go before a command that may write beside its files: it runs in a copy of
/// the checkout. What is installed in the folder (node_modules, virtual environments) is linked to
/// from there, and is put on `found.expose`, with the interpreter that a virtual environment leads
/// to.
/// \param below  the folder of the lab to run it in; "" is the lab's own
/// \param lab  of a tree: where the lab is in the folder
[[nodiscard]] std::string in_a_copy(const Folder& folder, const std::string& below, Found& found,
                                    const std::string& lab = {});

/// Without "> run.log 2>&1" at its end, of whatever name.
struct Redirected {
  std::string command;
  std::string log;  // empty: it was not redirected
};
[[nodiscard]] Redirected without_redirection(const std::string& command);

}  // namespace swarmlab::predecessors
