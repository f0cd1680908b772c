#include "coordinator/store/database.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <limits>
#include <system_error>
#include <utility>
#include <vector>

#include "coordinator/store/keys.h"
#include "coordinator/store/rocksdb_options.h"

namespace swarmlab::store {

namespace {

constexpr std::array<std::string_view, kFamilies> kNames = {"default",
                                                            "labs",
                                                            "experiments",
                                                            "experiments_by_score",
                                                            "experiments_by_parent",
                                                            "tasks",
                                                            "workers",
                                                            "frontier",
                                                            "trees",
                                                            "events",
                                                            "blobs"};

std::size_t index_of(Family family) {
  return static_cast<std::size_t>(family);
}

rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

tl::unexpected<Error> failed(const rocksdb::Status& status) {
  if (status.IsCorruption()) return fail(ErrorCode::corrupt, "{}", status.ToString());
  return fail(ErrorCode::internal, "{}", status.ToString());
}

// A process that was killed between write and sync leaves what it wrote to the machine alone.
// Opening reads it, what follows builds on it, and a loss of power would then tear a hole into the
// log, at which all that comes later is dropped. So it is synced before anything builds on it.
rocksdb::Status sync_logs(const std::filesystem::path& folder, rocksdb::Env& env) {
  std::error_code error;
  std::vector<std::string> logs;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".log") logs.push_back(entry.path().string());
  }
  for (const std::string& log : logs) {
    std::unique_ptr<rocksdb::RandomRWFile> file;
    rocksdb::Status status = env.NewRandomRWFile(log, &file, rocksdb::EnvOptions());
    if (status.ok()) status = file->Fsync();
    if (!status.ok()) return status;
  }
  if (logs.empty()) return rocksdb::Status::OK();
  std::unique_ptr<rocksdb::Directory> entries;
  rocksdb::Status status = env.NewDirectory(folder.string(), &entries);
  return status.ok() ? entries->Fsync() : status;
}

}  // namespace

std::string_view name_of(Family family) {
  return family == Family::meta ? "meta" : kNames.at(index_of(family));
}

// A batch names column families by their place: handles are only known to the database.
struct Batch::Impl {
  enum class Kind : std::uint8_t { put, remove, remove_prefix };
  struct Entry {
    Kind kind;
    Family family;
    std::string key;
    std::string value;
  };
  std::vector<Entry> entries;
};

Batch::Batch() : impl_(std::make_unique<Impl>()) {}
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;
Batch::~Batch() = default;

void Batch::put(Family family, std::string_view key, std::string_view value) {
  impl_->entries.push_back({Impl::Kind::put, family, std::string(key), std::string(value)});
}

void Batch::remove(Family family, std::string_view key) {
  impl_->entries.push_back({Impl::Kind::remove, family, std::string(key), {}});
}

void Batch::remove_prefix(Family family, std::string_view prefix) {
  impl_->entries.push_back({Impl::Kind::remove_prefix, family, std::string(prefix), {}});
}

std::uint64_t Batch::bytes() const {
  std::uint64_t bytes = 0;
  for (const Impl::Entry& entry : impl_->entries) bytes += entry.key.size() + entry.value.size();
  return bytes;
}

KeyRange KeyRange::of_prefix(std::string_view prefix) {
  return {.from = std::string(prefix), .to = keys::after_prefix(prefix), .backwards = false};
}

struct Database::Impl {
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;  // the database's; given back before it closes
  bool read_only = false;
  bool compacts = true;
  bool broken = false;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  Impl(Impl&&) = delete;
  Impl& operator=(Impl&&) = delete;
  ~Impl() {
    if (db == nullptr) return;
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
      static_cast<void>(db->DestroyColumnFamilyHandle(handle));
    }
    static_cast<void>(db->Close());  // what was acknowledged is synced: nothing is lost by an error
  }

  [[nodiscard]] rocksdb::ColumnFamilyHandle* handle(Family family) const {
    return handles.at(index_of(family));
  }
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<bool> Database::exists(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::exists(folder / "CURRENT", error)) return true;
  std::filesystem::directory_iterator entries(folder, error);
  if (error == std::errc::no_such_file_or_directory) return false;
  if (error) return fail(ErrorCode::unavailable, "cannot be read: {}", error.message());
  for (const auto& entry : entries) {
    // RocksDB would take the folder for a new one, and delete the tables as left over. What a
    // process that was killed while it made the database leaves has neither tables nor a log.
    const std::string extension = entry.path().extension().string();
    std::error_code ignored;
    const bool is_log = extension == ".log" && entry.file_size(ignored) > 0;
    if (extension == ".sst" || is_log) {
      return fail(ErrorCode::corrupt, "file CURRENT is missing, but {} is there; restore a backup",
                  entry.path().filename().string());
    }
  }
  return false;
}

Result<Database> Database::open(const std::filesystem::path& folder, Mode mode, rocksdb::Env* env,
                                bool compacts) {
  auto impl = std::make_unique<Impl>();
  impl->read_only = mode != Mode::read_write;
  const rocksdb::DBOptions options = database_options(env);
  impl->compacts = compacts;
  const FamilyOptions family_options(compacts);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  const std::size_t count = mode == Mode::only_meta ? 1 : kFamilies;
  for (std::size_t place = 0; place < count; ++place) {
    families.emplace_back(std::string(kNames.at(place)),
                          family_options.of(static_cast<Family>(place)));
  }
  if (!impl->read_only) {
    const rocksdb::Status synced = sync_logs(folder, *options.env);
    if (!synced.ok()) return failed(synced);
  }
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      impl->read_only
          ? rocksdb::DB::OpenForReadOnly(options, folder.string(), families, &impl->handles,
                                         &opened)
          : rocksdb::DB::Open(options, folder.string(), families, &impl->handles, &opened);
  if (!status.ok()) return failed(status);
  impl->db.reset(opened);
  return Database(std::move(impl));
}

Result<std::optional<std::string>> Database::get(Family family, std::string_view key) const {
  std::string value;
  const rocksdb::Status status =
      impl_->db->Get(rocksdb::ReadOptions(), impl_->handle(family), slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) {
    return within(fmt::format("{} {}", name_of(family), keys::printable(key)),
                  failed(status).value());
  }
  return value;
}

Result<void> Database::scan(Family family, const KeyRange& range, const Visitor& visit) const {
  const rocksdb::Slice lower = slice(range.from);
  const rocksdb::Slice upper = slice(range.to);
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower;
  if (!range.to.empty()) options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> entry(
      impl_->db->NewIterator(options, impl_->handle(family)));
  range.backwards ? entry->SeekToLast() : entry->SeekToFirst();
  while (entry->Valid()) {
    const auto visited = visit(entry->key().ToStringView(), entry->value().ToStringView());
    if (!visited) {
      return within(
          fmt::format("{} {}", name_of(family), keys::printable(entry->key().ToStringView())),
          visited.error());
    }
    if (!*visited) return {};
    range.backwards ? entry->Prev() : entry->Next();
  }
  if (!entry->status().ok()) {
    return within(std::string(name_of(family)), failed(entry->status()).value());
  }
  return {};
}

Result<void> Database::write(Batch batch) {
  if (impl_->read_only) return fail(ErrorCode::invalid_input, "opened for reading only");
  if (impl_->broken) return fail(ErrorCode::internal, "an earlier write failed; restart");
  rocksdb::WriteBatch writes;
  rocksdb::Status status;
  for (const Batch::Impl::Entry& entry : batch.impl_->entries) {
    rocksdb::ColumnFamilyHandle* handle = impl_->handle(entry.family);
    switch (entry.kind) {
      case Batch::Impl::Kind::put:
        status = writes.Put(handle, slice(entry.key), slice(entry.value));
        break;
      case Batch::Impl::Kind::remove:
        status = writes.Delete(handle, slice(entry.key));
        break;
      case Batch::Impl::Kind::remove_prefix:
        status = writes.DeleteRange(handle, slice(entry.key), slice(keys::after_prefix(entry.key)));
        break;
    }
    if (!status.ok()) break;
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  if (status.ok()) status = impl_->db->Write(options, &writes);
  if (status.ok()) return {};
  impl_->broken = true;
  return failed(status);
}

// Without a flush: it would wait for a slow disk, and make small tables.
Result<void> Database::checkpoint(const std::filesystem::path& folder) const {
  constexpr auto kNeverFlush = std::numeric_limits<std::uint64_t>::max();
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(impl_->db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(folder.string(), kNeverFlush);
  if (!status.ok()) return failed(status);
  return {};
}

Result<void> Database::start_compactions() {
  if (impl_->compacts) return {};
  const rocksdb::Status status = impl_->db->EnableAutoCompaction(impl_->handles);
  if (!status.ok()) return failed(status);
  impl_->compacts = true;
  return {};
}

bool Database::is_read_only() const {
  return impl_->read_only;
}

}  // namespace swarmlab::store
