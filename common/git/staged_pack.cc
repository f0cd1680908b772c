// StagedPack: a pack file beside the repository, indexed and looked through before it is let in.
#include <git2.h>
#include <git2/odb_backend.h>
#include <git2/sys/odb_backend.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "common/git/byte_file.h"
#include "common/git/handle.h"
#include "common/git/pack_file.h"
#include "common/git/pack_reader.h"
#include "common/git/pack_scanner.h"
#include "common/git/shallow.h"
#include "common/os/file.h"

namespace swarmlab::git {
namespace {

constexpr int kBeforeAllOthers = 1000;  // libgit2's own backends have 1 and 2
constexpr std::uint64_t kTrailer = 20;

struct FreeIndexer {
  void operator()(git_indexer* indexer) const { git_indexer_free(indexer); }
};

// "pack: ..." of what libgit2 found wrong; it tells our own trouble by other codes only sometimes.
tl::unexpected<Error> bad_pack(int code) {
  const auto failed = git_failed("pack", code);
  return fail(ErrorCode::invalid_input, "{}", failed.value().message);
}

// Into `folder`, as "pack-HASH.pack" and ".idx". \return  "pack-HASH"
Result<std::string> index_into(const std::string& folder, const std::string& path,
                               const FilePackLimits& limits) {
  SWARMLAB_TRY(file, open_to_read(path));
  SWARMLAB_TRY(info, info_of_pack_file(path));
  git_indexer* made = nullptr;
  int code = git_indexer_new(&made, folder.c_str(), 0, nullptr, nullptr);
  if (code != 0) return git_failed("index a pack", code);
  const std::unique_ptr<git_indexer, FreeIndexer> indexer(made);
  PackScanner scanner(limits);
  git_indexer_progress progress{};
  const auto take = [&](std::string_view piece) -> Result<void> {
    SWARMLAB_CHECK(scanner.add(piece));
    const int appended = git_indexer_append(made, piece.data(), piece.size(), &progress);
    return appended == 0 ? Result<void>() : bad_pack(appended);
  };
  SWARMLAB_CHECK(read_range(file.get(), 0, info.bytes, take));
  SWARMLAB_CHECK(scanner.finish());
  code = git_indexer_commit(made, &progress);
  if (code != 0) return bad_pack(code);
  return fmt::format("pack-{}", git_indexer_name(made));
}

int add_name(const git_oid* oid, void* names) {
  static_cast<std::vector<ObjectId>*>(names)->push_back(from_oid(*oid));
  return 0;
}

Result<git_odb_backend*> open_one(const std::string& stem) {
  git_odb_backend* backend = nullptr;
  const int code = git_odb_backend_one_pack(&backend, (stem + ".idx").c_str());
  if (code != 0) return git_failed("open " + stem, code);
  return backend;
}

// That a commit needs what the pack has, and has what it needs.
class Reaching {
 public:
  Reaching(git_odb* view, std::vector<ObjectId> in_pack)
      : odb_(view), in_pack_(std::move(in_pack)), reached_(in_pack_.size(), false) {}

  Result<void> from(const ObjectId& commit) {
    SWARMLAB_CHECK(reach(commit, GIT_OBJECT_COMMIT));
    while (!pending_.empty()) {
      const ObjectId id = pending_.back();
      pending_.pop_back();
      SWARMLAB_CHECK(look_into(id));
    }
    const auto left = std::count(reached_.begin(), reached_.end(), false);
    if (left == 0) return {};
    return fail(ErrorCode::invalid_input, "pack: has {} objects that its commit does not need",
                left);
  }

  [[nodiscard]] const std::vector<ObjectId>& cut_off() const { return cut_off_; }

 private:
  [[nodiscard]] std::optional<std::size_t> position_of(const ObjectId& id) const {
    const auto at = std::lower_bound(in_pack_.begin(), in_pack_.end(), id);
    if (at == in_pack_.end() || *at != id) return std::nullopt;
    return static_cast<std::size_t>(at - in_pack_.begin());
  }

  Result<void> reach(const ObjectId& id, git_object_t expected) {
    const auto position = position_of(id);
    if (position && reached_[*position] && expected == GIT_OBJECT_BLOB) return {};
    const git_oid oid = to_oid(id);
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (git_odb_read_header(&size, &type, odb_, &oid) != 0) {
      return fail(ErrorCode::invalid_input, "pack: lacks object {} that it needs", id.hex());
    }
    if (type != expected) {
      return fail(ErrorCode::invalid_input,
                  "pack: object {} is of another kind than it is named as", id.hex());
    }
    if (!position || reached_[*position]) return {};
    reached_[*position] = true;
    if (type != GIT_OBJECT_BLOB) pending_.push_back(id);
    return {};
  }

  Result<void> look_into(const ObjectId& id) {
    const git_oid oid = to_oid(id);
    git_odb_object* object = nullptr;
    const int code = git_odb_read(&object, odb_, &oid);
    if (code != 0) return bad_pack(code);
    const Owned<git_odb_object> owned(object);
    const std::string_view bytes(static_cast<const char*>(git_odb_object_data(object)),
                                 git_odb_object_size(object));
    if (git_odb_object_type(object) == GIT_OBJECT_COMMIT) return look_into_commit(id, bytes);
    SWARMLAB_TRY(named, named_by_tree(bytes));
    for (const NamedByTree& entry : named) {
      SWARMLAB_CHECK(reach(entry.id, entry.folder ? GIT_OBJECT_TREE : GIT_OBJECT_BLOB));
    }
    return {};
  }

  Result<void> look_into_commit(const ObjectId& id, std::string_view bytes) {
    SWARMLAB_TRY(named, named_by_commit(bytes));
    SWARMLAB_CHECK(reach(named.tree, GIT_OBJECT_TREE));
    bool cut = false;
    for (const ObjectId& parent : named.parents) {
      const git_oid oid = to_oid(parent);
      if (position_of(parent)) {
        SWARMLAB_CHECK(reach(parent, GIT_OBJECT_COMMIT));
      } else if (git_odb_exists(odb_, &oid) != 1) {
        cut = true;
      }
    }
    if (cut) cut_off_.push_back(id);
    return {};
  }

  git_odb* odb_;
  std::vector<ObjectId> in_pack_;  // sorted
  std::vector<bool> reached_;
  std::vector<ObjectId> pending_;
  std::vector<ObjectId> cut_off_;
};

}  // namespace

Result<PackInfo> info_of_pack_file(const std::string& path) {
  SWARMLAB_TRY(file, open_to_read(path));
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) {
    return fail(ErrorCode::internal, "{}: {}", path, std::strerror(errno));
  }
  PackInfo info{.bytes = static_cast<std::uint64_t>(about.st_size), .hash = {}};
  if (info.bytes < 12 + kTrailer) return fail(ErrorCode::invalid_input, "{}: is no git pack", path);
  std::size_t at = 0;
  SWARMLAB_CHECK(read_range(file.get(), info.bytes - kTrailer, kTrailer,
                            [&](std::string_view piece) -> Result<void> {
                              std::memcpy(info.hash.bytes.data() + at, piece.data(), piece.size());
                              at += piece.size();
                              return {};
                            }));
  return info;
}

Result<StagedPack> StagedPack::check(const std::string& repository_folder, const std::string& path,
                                     const ObjectId& commit, const FilePackLimits& limits) {
  SWARMLAB_TRY(repository, Repository::open(repository_folder));
  StagedPack staged;
  staged.repository_ = repository.git_folder();
  SWARMLAB_TRY(folder, TempFolder::create(staged.repository_, "staged"));
  SWARMLAB_TRY(name, index_into(folder.path(), path, limits));
  staged.folder_ = folder.release();
  staged.name_ = name;
  SWARMLAB_TRY(backend, open_one(staged.folder_ + "/" + name));
  std::vector<ObjectId> names;
  const int listed = backend->foreach (backend, add_name, &names);
  backend->free(backend);
  if (listed != 0) return git_failed("list a pack", listed);
  std::sort(names.begin(), names.end());
  SWARMLAB_TRY(view, staged.view());
  SWARMLAB_TRY(odb, odb_of(view));
  Reaching reaching(odb.get(), std::move(names));
  SWARMLAB_CHECK(reaching.from(commit));
  staged.cut_off_ = reaching.cut_off();
  return staged;
}

StagedPack::StagedPack(StagedPack&& other) noexcept
    : repository_(std::move(other.repository_)),
      folder_(std::exchange(other.folder_, {})),
      name_(std::move(other.name_)),
      cut_off_(std::move(other.cut_off_)) {}

StagedPack& StagedPack::operator=(StagedPack&& other) noexcept {
  std::swap(repository_, other.repository_);
  std::swap(folder_, other.folder_);
  std::swap(name_, other.name_);
  std::swap(cut_off_, other.cut_off_);
  return *this;
}

StagedPack::~StagedPack() {
  if (folder_.empty()) return;
  // What stays of it is removed with the next clean-up of the repository's folder.
  [[maybe_unused]] const auto removed = remove_tree(folder_);
}

Result<Repository> StagedPack::view() const {
  SWARMLAB_TRY(view, Repository::open(repository_));
  SWARMLAB_TRY(odb, odb_of(view));
  SWARMLAB_TRY(backend, open_one(folder_ + "/" + name_));
  const int code = git_odb_add_backend(odb.get(), backend, kBeforeAllOthers);
  if (code != 0) return git_failed("look into a pack", code);
  return view;
}

Result<void> StagedPack::commit(Repository& repository) {
  SWARMLAB_CHECK(mark_shallow(repository, cut_off_));
  const std::string to = repository_ + "/objects/pack/" + name_;
  for (const char* part : {".pack", ".idx"}) {  // one without an index is not looked at
    const std::string from = folder_ + "/" + name_ + part;
    if (std::rename(from.c_str(), (to + part).c_str()) != 0) {
      return fail(ErrorCode::internal, "{}: cannot rename: {}", from, std::strerror(errno));
    }
  }
  SWARMLAB_CHECK(sync_folder(repository_ + "/objects/pack"));
  return repository.refresh();
}

Result<void> store_pack_file(Repository& repository, const std::string& path,
                             const ObjectId& commit, const FilePackLimits& limits) {
  SWARMLAB_TRY(staged, StagedPack::check(repository.git_folder(), path, commit, limits));
  return staged.commit(repository);
}

}  // namespace swarmlab::git
