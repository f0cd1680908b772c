// The objects: every candidate's commit, in a bare git repository beside the store. Durable means
// packed and fsynced. Refs, which are for people, are in refs.h.
//
// Threads: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "coordinator/store/object_store.h"

namespace swarmlab::store {

class Objects final : public ObjectStore {
 public:
  /// Opens the bare repository at `path`, or creates it; folds small packs together. Starts libgit2
  /// with syncing on: to be called before threads start.
  static Result<Objects> open(const std::filesystem::path& path);

  Objects(Objects&&) noexcept;
  Objects& operator=(Objects&&) noexcept;
  Objects(const Objects&) = delete;
  Objects& operator=(const Objects&) = delete;
  ~Objects() override;

  Result<std::vector<Result<void>>> ingest(std::span<const IncomingPack> packs) override;
  Result<void> import_commit(const std::filesystem::path& from, const ObjectId& commit) override;
  [[nodiscard]] bool has(const ObjectId& object) const override;
  [[nodiscard]] Result<ObjectId> tree_of(const ObjectId& commit) const override;
  [[nodiscard]] Result<std::string> make_pack(std::span<const ObjectId> wanted,
                                              std::span<const ObjectId> had) const override;
  Result<void> take_in(git::StagedPack& pack) override;
  Result<void> take_in(std::string_view pack, const ObjectId& commit) override;
  Result<git::FolderManifest> import_data(const std::filesystem::path& from) override;
  [[nodiscard]] std::string folder() const override;
  [[nodiscard]] Result<bool> is_small_pack(const std::vector<ObjectId>& wanted,
                                           const std::vector<ObjectId>& had,
                                           std::uint64_t max_bytes) const override;
  [[nodiscard]] Result<std::string> diff_text(const ObjectId& parent, const ObjectId& commit,
                                              std::size_t max_bytes) const override;
  [[nodiscard]] Result<std::vector<StoredFile>> files_of(const ObjectId& commit) const override;
  [[nodiscard]] Result<std::string> file_of(const ObjectId& commit, const std::string& path,
                                            std::uint64_t max_bytes) const override;
  Result<ObjectId> change_file(const FileChange& change) override;
  Result<Grafted> graft(const Graft& graft) override;
  Result<void> compact_if_needed() override;

 private:
  struct Impl;
  explicit Objects(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace swarmlab::store
