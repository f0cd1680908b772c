// What must not leave an attempt: keys and tokens of the worker. An agent may have been given some
// ([agent] env, credentials), and without a sandbox it may find all of them.
#pragma once

#include "common/model/lab.h"
#include "worker/bridge/secrets.h"
#include "worker/server/attempt.h"
#include "worker/spool/spool.h"

namespace swarmlab::worker {

/// Provider keys, the worker's variables that are named like secrets, and the words of the files in
/// [agent] credentials that are long enough to be some. Each in lower case, too, as names of hosts
/// are.
[[nodiscard]] Secrets secrets_of(const Workbench& bench, const swarmlab::Agent& settings);

/// "OPENAI_API_KEY", "GH_TOKEN", "DB_PASSWORD"; not "AUTHOR", "KEYBOARD".
[[nodiscard]] bool is_named_like_a_secret(std::string_view variable);

/// All texts of the report and with it. Twice is as good as once.
void redact(SpooledReport& result, const Secrets& secrets);

/// What a sandbox wrote, before anything is cut from it.
void redact(sandbox::SandboxResult& result, const Secrets& secrets);

}  // namespace swarmlab::worker
