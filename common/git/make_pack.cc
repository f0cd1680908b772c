// Packs that we make: of wanted commits, in memory or as a file, or from one repository straight
// into another.
#include <git2.h>

#include <algorithm>

#include "common/git/byte_file.h"
#include "common/git/gathering.h"
#include "common/git/handle.h"
#include "common/git/pack.h"
#include "common/git/pack_file.h"
#include "common/git/pack_writer.h"
#include "common/git/stored_objects.h"

namespace swarmlab::git {
namespace {

constexpr std::size_t kFewObjects = 1000;

Result<PackInfo> write_objects(const Repository& repository, const std::vector<ObjectId>& objects,
                               const Sink& sink) {
  const StoredObjects stored(repository);
  PackWriter writer(sink, static_cast<std::uint32_t>(objects.size()));
  for (const ObjectId& id : objects) SWARMLAB_CHECK(stored.copy(id, writer));
  return writer.finish();
}

Result<PackInfo> write_to(const std::string& path, const Repository& repository,
                          const std::vector<ObjectId>& objects) {
  SWARMLAB_TRY(file, NewFile::create(path));
  SWARMLAB_TRY(info, write_objects(repository, objects,
                                   [&file](std::string_view bytes) { return file.write(bytes); }));
  SWARMLAB_CHECK(file.done());
  return info;
}

}  // namespace

Result<std::string> make_pack(const Repository& repository, const std::vector<ObjectId>& wanted,
                              const std::vector<ObjectId>& had) {
  SWARMLAB_TRY(gathering, Gathering::of(repository, wanted, had));
  std::string pack;
  SWARMLAB_CHECK(write_objects(repository, gathering.objects(),
                               [&pack](std::string_view bytes) -> Result<void> {
                                 pack.append(bytes);
                                 return {};
                               }));
  return pack;
}

Result<PackInfo> write_pack_file(const Repository& repository, const std::vector<ObjectId>& wanted,
                                 const std::vector<ObjectId>& had, const std::string& path) {
  SWARMLAB_TRY(gathering, Gathering::of(repository, wanted, had));
  return write_to(path, repository, gathering.objects());
}

Result<bool> is_small_pack(const Repository& repository, const std::vector<ObjectId>& wanted,
                           const std::vector<ObjectId>& had, std::uint64_t max_bytes) {
  SWARMLAB_TRY(gathering, Gathering::of(repository, wanted, had, kFewObjects));
  if (gathering.has_more()) return false;
  SWARMLAB_TRY(odb, odb_of(repository));
  std::uint64_t total = 0;
  for (const ObjectId& id : gathering.objects()) {
    const git_oid oid = to_oid(id);
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    const int code = git_odb_read_header(&size, &type, odb.get(), &oid);
    if (code != 0) return git_failed("object " + id.hex(), code);
    total += size;
    if (total > max_bytes) return false;
  }
  return true;
}

Result<void> copy_commit(const Repository& from, const ObjectId& commit, Repository& to) {
  Gathering gathering(from, [&to](const ObjectId& id) { return to.has(id); });
  SWARMLAB_CHECK(gathering.add_commit(commit, {}));
  if (gathering.objects().empty()) return {};
  const std::string path = to.git_folder() + "/copied-" + commit.hex() + ".pack";
  SWARMLAB_CHECK(write_to(path, from, gathering.objects()));
  const auto stored = store_pack_file(to, path, commit);
  ::unlink(path.c_str());
  return stored;
}

}  // namespace swarmlab::git
