#include "common/git/data_commit.h"

#include <unistd.h>

#include <climits>
#include <cstring>
#include <map>
#include <set>

#include "common/git/byte_file.h"
#include "common/git/handle.h"
#include "common/git/pack_writer.h"
#include "common/git/sha1.h"

namespace swarmlab::git {
namespace {

std::string commit_text(const ObjectId& tree) {
  return fmt::format(
      "tree {}\nauthor swarmlab <swarmlab@localhost> 0 +0000\n"
      "committer swarmlab <swarmlab@localhost> 0 +0000\n\ndata\n",
      tree.hex());
}

using Trees = std::map<ObjectId, std::string>;

class DataWriter {
 public:
  DataWriter(const std::string& folder, const FolderManifest& manifest, const Progress& progress)
      : folder_(folder), manifest_(manifest), progress_(progress) {
    for (const ManifestFile& file : manifest.files) {
      if (blobs_.insert(file.leaf.id).second) all_ += file.bytes;
    }
  }

  Result<PackInfo> write(const Trees& trees, const Sink& sink) {
    PackWriter writer(sink, static_cast<std::uint32_t>(1 + trees.size() + blobs_.size()));
    SWARMLAB_CHECK(writer.add(ObjectKind::commit, commit_text(manifest_.tree)));
    for (const auto& [id, bytes] : trees) SWARMLAB_CHECK(writer.add(ObjectKind::tree, bytes));
    for (const ManifestFile& file : manifest_.files) {
      if (blobs_.erase(file.leaf.id) == 0) continue;
      const std::string path = joined(folder_, file.path);
      auto added = file.leaf.mode == FileMode::symlink ? add_link(path, file, writer)
                                                       : add_file(path, file, writer);
      if (!added) return within(path, added.error());
    }
    return writer.finish();
  }

 private:
  static Result<void> add_link(const std::string& path, const ManifestFile& file,
                               PackWriter& writer) {
    std::string target(PATH_MAX, '\0');
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    if (length < 0) return fail(ErrorCode::conflict, "{}", std::strerror(errno));
    target.resize(static_cast<std::size_t>(length));
    if (hash_blob(target) != file.leaf.id) return fail(ErrorCode::conflict, "changed meanwhile");
    return writer.add(ObjectKind::blob, target);
  }

  Result<void> add_file(const std::string& path, const ManifestFile& file, PackWriter& writer) {
    SWARMLAB_TRY(opened, open_to_read(path));
    SWARMLAB_CHECK(writer.begin(ObjectKind::blob, file.bytes));
    Sha1 hash;
    hash.add(object_header(ObjectKind::blob, file.bytes));
    const auto take = [&](std::string_view piece) -> Result<void> {
      hash.add(piece);
      done_ += piece.size();
      if (progress_) progress_(done_, all_);
      return writer.piece(piece);
    };
    SWARMLAB_CHECK(read_range(opened.get(), 0, file.bytes, take));
    if (hash.finish() != file.leaf.id) {
      return fail(ErrorCode::conflict, "changed while it was read");
    }
    return writer.end();
  }

  const std::string& folder_;
  const FolderManifest& manifest_;
  const Progress& progress_;
  std::set<ObjectId> blobs_;  // not written yet
  std::uint64_t all_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace

ObjectId data_commit_of(const ObjectId& tree) {
  return hash_object(ObjectKind::commit, commit_text(tree));
}

Result<DataPack> write_data_pack(const std::string& folder, const std::string& path,
                                 const Progress& progress) {
  Trees trees;
  FolderHasher hasher;
  SWARMLAB_TRY(manifest, hasher.hash(folder, [&trees](const ObjectId& id, std::string_view bytes) {
    trees.emplace(id, bytes);
    return Result<void>();
  }));
  DataPack made{
      .commit = data_commit_of(manifest.tree), .manifest = std::move(manifest), .pack = {}};
  SWARMLAB_TRY(file, NewFile::create(path));
  SWARMLAB_TRY(
      info,
      DataWriter(folder, made.manifest, progress).write(trees, [&file](std::string_view bytes) {
        return file.write(bytes);
      }));
  SWARMLAB_CHECK(file.done());
  made.pack = info;
  return made;
}

Result<DataPack> import_data(const std::string& folder, Repository& to, const Progress& progress) {
  FolderHasher hasher;
  SWARMLAB_TRY(manifest, hasher.hash(folder));
  const ObjectId commit = data_commit_of(manifest.tree);
  if (to.has(commit))
    return DataPack{.commit = commit, .manifest = std::move(manifest), .pack = {}};
  const std::string path = to.git_folder() + "/data-" + manifest.tree.hex() + ".pack";
  SWARMLAB_TRY(made, write_data_pack(folder, path, progress));
  const auto stored = store_pack_file(to, path, made.commit);
  ::unlink(path.c_str());
  SWARMLAB_CHECK(stored);
  return made;
}

}  // namespace swarmlab::git
