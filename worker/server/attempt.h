// One attempt at a task: fetch, check out, let the agent work, collect what it may have changed,
// guard and evaluate that on a clean checkout, pack. ARCHITECTURE.md, "An experiment", has why.
#pragma once

#include <string>
#include <vector>

#include "common/model/report.h"
#include "common/os/cancel.h"
#include "common/os/clock.h"
#include "common/result.h"
#include "worker/bridge/provider_keys.h"
#include "worker/sandbox/sandbox.h"
#include "worker/server/data_folders.h"
#include "worker/server/gpu_pool.h"
#include "worker/server/host_services.h"
#include "worker/server/janitor.h"
#include "worker/server/link.h"
#include "worker/server/object_cache.h"
#include "worker/server/slot.h"
#include "worker/spool/spool.h"

namespace swarmlab::worker {

class AgentSession;

// What attempts need of their worker, which outlives them. All of it may be shared by slots.
struct Workbench {
  Link& link;
  ObjectCache& objects;
  DataFolders& data;
  GpuPool& gpus;
  sandbox::Sandbox& sandbox;
  Clock& clock;
  Janitor& janitor;
  std::string work_folder;             // attempts make folders of their own in it
  std::string agent_work_folder = {};  // likewise, for what agents see; empty: the same
  std::string shim;                    // where write_shim() wrote
  std::string spool;                   // the folder of the spool: large packs are written there
  std::uint64_t max_pack_bytes = 1ULL << 30U;  // of a candidate
  WorkerName worker;
  std::string host_class;
  std::vector<std::string> environment;  // of this process
  HostServices* services = nullptr;      // of labs; null: this worker starts none
  ProviderKeys provider_keys = {};       // never leave this process
  std::string program = {};  // swarmlab, for agents to announce what they try; empty: not there
};

/// Blocks until it is done, failed (an outcome of the report), or cancelled (outcome `returned`).
/// \return  an Error if this worker is what failed: a full disk, a sandbox that does not start. The
///          task should go back then.
/// \param session  of the slot, for labs whose agents go on over several experiments; null: each
///                  has a session of its own
[[nodiscard]] Result<SpooledReport> attempt(const Workbench& bench, const Assignment& assignment,
                                            const CancelToken& cancel,
                                            AgentSession* session = nullptr);

}  // namespace swarmlab::worker
