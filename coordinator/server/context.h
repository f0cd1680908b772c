// What a fresh agent needs to know of a lab, for people and for agents: hints, the context, what
// failed. For .cc files only: it includes the generated header.
#pragma once

#include <string_view>

#include "common/result.h"
#include "coordinator/server/queries.h"

namespace swarmlab::server {

// Errors as answer().
Result<void> answer_hints(const Source& source, std::string_view lab, schema::HintList::Builder to);
Result<void> answer_context(const Source& source, std::string_view lab,
                            schema::ContextView::Builder to);
Result<void> answer_failures(const Source& source, std::string_view lab,
                             schema::FailureList::Builder to);

}  // namespace swarmlab::server
