// Named places at which a test ends the process, as a kill -9 would: SWARMLAB_FAIL_AT=NAME[:N]
// kills it when it comes by NAME for the N-th time (default: the first). Without the variable a
// place costs one comparison.
//
// They are in every build, so that what is tested is what is shipped: whoever may set a process's
// environment may kill it anyway.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace swarmlab {

enum class FailPoint : std::uint8_t {
  objects_before_sync,
  objects_after_sync,
  batch_before,
  batch_after,
  mark_after,
  reply_before,
  migration_before,
  migration_between,
  migration_after,
  repack_written,
  repack_half_removed,
  refs_before,
  refs_between,
  backup_after_checkpoint,
  backup_after_store,
  backup_before_rename,
  backup_after_rename,
  restore_begun,
  restore_between,
  restore_copied,
  restore_before_end,
  spool_before,
  spool_after,
  spool_before_remove,
};

struct NamedFailPoint {
  FailPoint point;
  std::string_view name;
  std::string_view where;  // for people
};

// All of them, in the order of the enum. tests/end_to_end/crash_points.py runs each.
inline constexpr std::array kFailPoints = {
    NamedFailPoint{FailPoint::objects_before_sync, "objects-before-sync",
                   "candidates were checked, their pack is not written"},
    NamedFailPoint{FailPoint::objects_after_sync, "objects-after-sync",
                   "their pack is on disk, no record names them"},
    NamedFailPoint{FailPoint::batch_before, "batch-before", "decided, not written"},
    NamedFailPoint{FailPoint::batch_after, "batch-after", "written and synced"},
    NamedFailPoint{FailPoint::mark_after, "mark-after", "noted as acknowledged"},
    NamedFailPoint{FailPoint::reply_before, "reply-before", "no reply has left"},
    NamedFailPoint{FailPoint::migration_before, "migration-before", "before a step"},
    NamedFailPoint{FailPoint::migration_between, "migration-between", "after a part of a step"},
    NamedFailPoint{FailPoint::migration_after, "migration-after", "after the last step"},
    NamedFailPoint{FailPoint::repack_written, "repack-written",
                   "the folded pack is there, and so are the small ones"},
    NamedFailPoint{FailPoint::repack_half_removed, "repack-half-removed",
                   "a small pack has lost its index"},
    NamedFailPoint{FailPoint::refs_before, "refs-before", "refs are written, not in place"},
    NamedFailPoint{FailPoint::refs_between, "refs-between", "in place, not marked"},
    NamedFailPoint{FailPoint::backup_after_checkpoint, "backup-after-checkpoint",
                   "the store's checkpoint is made"},
    NamedFailPoint{FailPoint::backup_after_store, "backup-after-store",
                   "the store is copied, the objects are not"},
    NamedFailPoint{FailPoint::backup_before_rename, "backup-before-rename",
                   "all is copied and synced, under a temporary name"},
    NamedFailPoint{FailPoint::backup_after_rename, "backup-after-rename",
                   "it is there, nobody was told"},
    NamedFailPoint{FailPoint::restore_begun, "restore-begun", "nothing is copied"},
    NamedFailPoint{FailPoint::restore_between, "restore-between",
                   "the objects are copied, the store is not"},
    NamedFailPoint{FailPoint::restore_copied, "restore-copied",
                   "all is copied, the numbers have not jumped"},
    NamedFailPoint{FailPoint::restore_before_end, "restore-before-end",
                   "all is done but to say so"},
    NamedFailPoint{FailPoint::spool_before, "spool-before", "worker: measured, not on disk"},
    NamedFailPoint{FailPoint::spool_after, "spool-after", "worker: on disk, not sent"},
    NamedFailPoint{FailPoint::spool_before_remove, "spool-before-remove",
                   "worker: acknowledged, still in the spool"},
};

/// Ends the process here if the environment says so. Thread-safe.
void fail_point(FailPoint point);

}  // namespace swarmlab
