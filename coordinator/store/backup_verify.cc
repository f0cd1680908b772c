// Whether a backup is as it was made, and can be opened.
#include <set>
#include <system_error>

#include "common/git/library.h"
#include "common/git/repository.h"
#include "coordinator/store/backup.h"
#include "coordinator/store/backup_files.h"
#include "coordinator/store/backup_manifest.h"
#include "coordinator/store/store.h"

namespace swarmlab::store {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 1000;

Result<void> verify_file(const fs::path& backup, const std::string& name,
                         const BackedUpFile& expected) {
  const auto found = copy_and_sum(backup / name, {}, CancelToken());
  const std::string where = (backup / name).string();
  if (!found && found.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::corrupt, "{} is missing; use another backup", where);
  }
  if (!found) return tl::unexpected(found.error());
  if (found->bytes == expected.bytes && found->sha256 == expected.sha256) return {};
  return fail(ErrorCode::corrupt,
              "{} is damaged: it has {} bytes with SHA-256 {}, expected {} with {}; "
              "use another backup",
              where, found->bytes, found->sha256, expected.bytes, expected.sha256);
}

Result<void> verify_commit(const git::Repository& objects, const swarm::Lab& lab,
                           const ObjectId& commit) {
  if (objects.has(commit)) return {};
  return fail(ErrorCode::corrupt, "commit {} of lab {} is not in objects.git", commit.hex(),
              lab.settings.name);
}

// What is given out, or measured again, is no experiment yet.
Result<void> verify_tasks(const swarm::State& state, const git::Repository& objects) {
  for (const auto& [id, task] : state.tasks) {
    const auto lab = state.labs.find(task.lab);
    if (lab == state.labs.end()) continue;
    SWARMLAB_CHECK(verify_commit(objects, lab->second, task.parent_commit));
    if (!task.pending) continue;
    const auto& candidate = task.pending->experiment.commit;
    if (candidate) SWARMLAB_CHECK(verify_commit(objects, lab->second, *candidate));
    SWARMLAB_CHECK(verify_commit(objects, lab->second, task.pending->reference_commit));
  }
  return {};
}

Result<void> verify_commits(const Store& store, const swarm::Lab& lab,
                            const git::Repository& objects) {
  SWARMLAB_CHECK(verify_commit(objects, lab, lab.segment.lab_commit));
  ExperimentNumber last(0);
  while (true) {
    SWARMLAB_TRY(page, store.experiments(lab.id, last, kPage));
    for (const Experiment& experiment : page) {
      last = experiment.number;
      if (!experiment.commit) continue;
      SWARMLAB_CHECK(verify_commit(objects, lab, *experiment.commit));
    }
    if (page.size() < kPage) return {};
  }
}

Result<void> verify_content(const fs::path& backup, const BackupInfo& info) {
  SWARMLAB_TRY(store, Store::open_read_only(backup / "store"));
  if (store.last_sequence() != info.sequence) {
    return fail(ErrorCode::corrupt, "the store ends with event {}, expected {}",
                store.last_sequence().value(), info.sequence.value());
  }
  SWARMLAB_TRY(state, store.load());
  const git::Library library;
  SWARMLAB_TRY(objects, git::Repository::open((backup / "objects.git").string()));
  for (const auto& [id, lab] : state.labs) {
    SWARMLAB_CHECK(verify_commits(store, lab, objects));
  }
  return verify_tasks(state, objects);
}

}  // namespace

Result<BackupInfo> verify_backup(const fs::path& backup) {
  SWARMLAB_TRY(manifest, read_manifest(backup));
  for (const auto& [name, file] : manifest.files) SWARMLAB_CHECK(verify_file(backup, name, file));
  if (auto sound = verify_content(backup, manifest.info); !sound) {
    return within(backup.string(), sound.error());
  }
  manifest.info.path = backup;
  return manifest.info;
}

}  // namespace swarmlab::store
