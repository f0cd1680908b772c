// PackIngest: what others sent, checked in memory, stored as one pack.
#include <git2.h>
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>

#include <algorithm>
#include <map>
#include <set>

#include "common/git/handle.h"
#include "common/git/pack.h"
#include "common/git/pack_reader.h"
#include "common/git/shallow.h"

namespace swarmlab::git {
namespace {

constexpr int kBeforeAllOthers = 1000;  // libgit2's own backends have 1 and 2

using ById = std::map<ObjectId, PackedObject>;

// What of a pack a commit needs. Fails if something is neither in the pack nor known.
class Reaching {
 public:
  using KindOf = std::function<std::optional<ObjectKind>(const ObjectId&)>;
  Reaching(const ById& pack, KindOf kind_of_known)
      : pack_(pack), kind_of_known_(std::move(kind_of_known)) {}

  // An own stack: a pack may nest folders deeper than ours is.
  Result<std::set<ObjectId>> from(const ObjectId& commit) {
    SWARMLAB_CHECK(reach(commit, ObjectKind::commit));
    while (!pending_.empty()) {
      const PackedObject& object = *pending_.back();
      pending_.pop_back();
      if (object.kind == ObjectKind::commit) {
        SWARMLAB_TRY(named, named_by_commit(object.bytes));
        SWARMLAB_CHECK(reach(named.tree, ObjectKind::tree));
        for (const ObjectId& parent : named.parents) {
          if (pack_.contains(parent)) SWARMLAB_CHECK(reach(parent, ObjectKind::commit));
        }
      } else if (object.kind == ObjectKind::tree) {
        SWARMLAB_TRY(named, named_by_tree(object.bytes));
        for (const NamedByTree& entry : named) {
          SWARMLAB_CHECK(reach(entry.id, entry.folder ? ObjectKind::tree : ObjectKind::blob));
        }
      }
    }
    return std::move(reached_);
  }

 private:
  Result<void> reach(const ObjectId& id, ObjectKind expected) {
    const auto found = pack_.find(id);
    const auto kind = found != pack_.end() ? std::optional(found->second.kind) : kind_of_known_(id);
    if (!kind) {
      return fail(ErrorCode::invalid_input, "pack: lacks object {} that it needs", id.hex());
    }
    if (*kind != expected) {
      return fail(ErrorCode::invalid_input,
                  "pack: object {} is of another kind than it is named as", id.hex());
    }
    if (found != pack_.end() && reached_.insert(id).second) pending_.push_back(&found->second);
    return {};
  }

  const ById& pack_;
  KindOf kind_of_known_;
  std::set<ObjectId> reached_;
  std::vector<const PackedObject*> pending_;
};

std::optional<ObjectKind> kind_in(const Repository& repository, const ObjectId& id) {
  const auto odb = odb_of(repository);
  if (!odb) return std::nullopt;
  const git_oid oid = to_oid(id);
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  if (git_odb_read_header(&size, &type, odb->get(), &oid) != 0) return std::nullopt;
  if (type < GIT_OBJECT_COMMIT || type > GIT_OBJECT_BLOB) return std::nullopt;
  return static_cast<ObjectKind>(type);
}

}  // namespace

struct PackIngest::State {
  Repository& repository;
  PackLimits limits;
  std::optional<Repository> view;           // of the repository, with `memory` laid over it
  git_odb_backend* memory = nullptr;        // view's
  std::map<ObjectId, ObjectKind> accepted;  // and in `memory`; ordered by kind when they are packed

  Result<void> open_view() {
    if (view) return {};
    SWARMLAB_TRY(opened, Repository::open(repository.git_folder()));
    SWARMLAB_TRY(odb, odb_of(opened));
    int code = git_mempack_new(&memory);
    if (code == 0) code = git_odb_add_backend(odb.get(), memory, kBeforeAllOthers);
    if (code != 0) return git_failed("open a quarantine", code);
    view = std::move(opened);
    return {};
  }

  // Into memory by the backend itself: git_odb_write() would look through all packs for each first.
  Result<void> remember(const PackedObject& object) const {
    const git_oid oid = to_oid(object.id);
    const int code = memory->write(memory, &oid, object.bytes.data(), object.bytes.size(),
                                   static_cast<git_object_t>(object.kind));
    if (code != 0) return git_failed("quarantine object " + object.id.hex(), code);
    return {};
  }

  [[nodiscard]] std::optional<ObjectKind> kind_of(const ObjectId& id) const {
    const auto found = accepted.find(id);
    return found != accepted.end() ? std::optional(found->second) : kind_in(repository, id);
  }

  // libgit2 must understand what we will store: it is the one to read it later.
  Result<void> check_parse(const PackedObject& object) const {
    if (object.kind == ObjectKind::blob) return {};
    const bool sound = object.kind == ObjectKind::commit ? commit_at(*view, object.id).has_value()
                                                         : tree_at(*view, object.id).has_value();
    if (sound) return {};
    return fail(ErrorCode::invalid_input, "pack: object {} is malformed", object.id.hex());
  }

  // What was accepted and is not stored yet, commits first. Does not look for packs that others
  // wrote meanwhile, as that for each object would cost most: at worst one is stored twice.
  [[nodiscard]] Result<std::vector<ObjectId>> missing() const {
    SWARMLAB_TRY(odb, odb_of(repository));
    std::vector<ObjectId> objects;
    for (const auto& [id, kind] : accepted) {
      const git_oid oid = to_oid(id);
      if (git_odb_exists_ext(odb.get(), &oid, GIT_ODB_LOOKUP_NO_REFRESH) != 1) {
        objects.push_back(id);
      }
    }
    std::stable_sort(objects.begin(), objects.end(), [this](const ObjectId& a, const ObjectId& b) {
      return accepted.at(a) < accepted.at(b);
    });
    return objects;
  }

  // The commits among these whose parents are nowhere.
  Result<std::vector<ObjectId>> cut_off(const std::vector<ObjectId>& stored) const {
    std::vector<ObjectId> commits;
    for (const ObjectId& id : stored) {
      if (accepted.at(id) != ObjectKind::commit) break;  // they come first
      SWARMLAB_TRY(parents, view->parents_of(id));
      if (!std::all_of(parents.begin(), parents.end(),
                       [this](const ObjectId& parent) { return kind_of(parent).has_value(); })) {
        commits.push_back(id);
      }
    }
    return commits;
  }

  Result<void> write_pack(const std::vector<ObjectId>& objects) const {
    git_packbuilder* made = nullptr;
    int code = git_packbuilder_new(&made, view->raw());
    if (code != 0) return git_failed("make a pack", code);
    const Owned<git_packbuilder> builder(made);
    for (const ObjectId& id : objects) {
      const git_oid oid = to_oid(id);
      code = git_packbuilder_insert(made, &oid, nullptr);
      if (code != 0) return git_failed("pack object " + id.hex(), code);
    }
    const std::string folder = repository.git_folder() + "/objects/pack";
    code = git_packbuilder_write(made, folder.c_str(), 0, nullptr, nullptr);
    if (code != 0) return git_failed("write a pack to " + folder, code);
    return {};
  }

  void forget() {
    accepted.clear();
    if (memory != nullptr) git_mempack_reset(memory);
  }
};

PackIngest::PackIngest(Repository& repository, const PackLimits& limits)
    : state_(std::make_unique<State>(State{.repository = repository,
                                           .limits = limits,
                                           .view = {},
                                           .memory = nullptr,
                                           .accepted = {}})) {}
PackIngest::PackIngest(PackIngest&&) noexcept = default;
PackIngest& PackIngest::operator=(PackIngest&&) noexcept = default;
PackIngest::~PackIngest() = default;

Result<void> PackIngest::add(std::string_view pack, const ObjectId& commit, const Check& check) {
  State& state = *state_;
  SWARMLAB_CHECK(state.open_view());
  SWARMLAB_TRY(objects, read_pack(pack, state.limits));
  ById by_id;
  for (PackedObject& object : objects) by_id.emplace(object.id, std::move(object));
  const auto kind_of = [&state](const ObjectId& id) { return state.kind_of(id); };
  SWARMLAB_TRY(reached, Reaching(by_id, kind_of).from(commit));
  for (const ObjectId& id : reached) SWARMLAB_CHECK(state.remember(by_id.at(id)));
  for (const ObjectId& id : reached) SWARMLAB_CHECK(state.check_parse(by_id.at(id)));
  if (check) SWARMLAB_CHECK(check(*state.view));
  for (const ObjectId& id : reached) state.accepted.emplace(id, by_id.at(id).kind);
  return {};
}

Result<void> PackIngest::commit() {
  State& state = *state_;
  SWARMLAB_TRY(missing, state.missing());
  if (!missing.empty()) {
    SWARMLAB_TRY(cut, state.cut_off(missing));
    SWARMLAB_CHECK(mark_shallow(state.repository, cut));
    SWARMLAB_CHECK(state.write_pack(missing));
    SWARMLAB_CHECK(state.repository.refresh());
  }
  state.forget();
  return {};
}

Result<void> index_pack(Repository& repository, std::string_view pack, const ObjectId& commit,
                        const PackLimits& limits) {
  PackIngest ingest(repository, limits);
  SWARMLAB_CHECK(ingest.add(pack, commit));
  return ingest.commit();
}

}  // namespace swarmlab::git
