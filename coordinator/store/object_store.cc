#include "coordinator/store/object_store.h"

namespace swarmlab::store {

namespace {

tl::unexpected<Error> no_files() {
  return fail(ErrorCode::invalid_input, "these objects have no files");
}

}  // namespace

Result<std::vector<StoredFile>> ObjectStore::files_of(const ObjectId& /*commit*/) const {
  return no_files();
}

Result<std::string> ObjectStore::file_of(const ObjectId& /*commit*/, const std::string& /*path*/,
                                         std::uint64_t /*max_bytes*/) const {
  return no_files();
}

Result<ObjectId> ObjectStore::change_file(const FileChange& /*change*/) {
  return no_files();
}

Result<ObjectStore::Grafted> ObjectStore::graft(const Graft& /*graft*/) {
  return no_files();
}

}  // namespace swarmlab::store
