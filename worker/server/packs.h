// Git packs over the link, in chunks: some are on their way at once, so that a round trip is not
// the limit, and never more, so that no side drowns. For .cc files only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "worker/server/conversation.h"

namespace swarmlab::worker {

/// One try: `unavailable` if an answer did not come or the session was lost.
[[nodiscard]] Result<void> send_pack(Conversation& conversation, LeaseKey key,
                                     std::string_view pack);

/// One try, of a pack that the coordinator offers. `unavailable` also when it does not have it any
/// more: ask for it anew.
[[nodiscard]] Result<std::string> receive_pack(Conversation& conversation, std::uint64_t transfer,
                                               std::uint64_t size);

}  // namespace swarmlab::worker
