// A disk, as RocksDB sees it, that can lose its power and fail to sync. It knows which bytes of
// which file, and which entries of which folder, were synced; lose_power() takes the rest away.
// The idea: LevelDB, db/fault_injection_test.cc.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <utility>

namespace swarmlab::store {

// What happened to the disk so far; shared by the file system and its files.
struct DiskState {
  struct Bytes {
    std::uint64_t written = 0;
    std::uint64_t synced = 0;
  };
  std::mutex mutex;
  std::map<std::string, Bytes> files;
  std::set<std::string> new_entries;                // files whose folder was not synced since
  std::map<std::string, std::string> replaced;      // by a rename that was not: the old content
  bool is_off = false;                              // nothing reaches it any more
  std::optional<std::uint64_t> operations_to_live;  // then the power goes
  std::optional<std::uint64_t> log_syncs_to_live;   // then one sync of the log fails
  std::optional<std::uint64_t> log_writes_to_live;  // of the log's; then the power goes
  bool keeps_options = true;  // the copy of RocksDB's options, made by each opening and never read
  std::uint64_t log_syncs = 0;

  // Whether an operation still reaches the disk. \pre  the mutex is held
  bool takes_it() {
    if (operations_to_live && !is_off && (*operations_to_live)-- == 0) is_off = true;
    return !is_off;
  }
  // As takes_it(), of what the committing thread itself does: no other thread's timing counts.
  bool takes_log_write() {
    if (log_writes_to_live && !is_off && (*log_writes_to_live)-- == 0) is_off = true;
    return !is_off;
  }
};

class FaultyFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string name,
             std::shared_ptr<DiskState> disk)
      : FSWritableFileOwnerWrapper(std::move(file)),
        name_(std::move(name)),
        disk_(std::move(disk)) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    const std::lock_guard lock(disk_->mutex);
    if (!disk_->takes_it()) return rocksdb::IOStatus::OK();
    if (name_.ends_with(".log") && !disk_->takes_log_write()) return rocksdb::IOStatus::OK();
    disk_->files[name_].written += data.size();
    return FSWritableFileOwnerWrapper::Append(data, options, context);
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo&,
                           rocksdb::IODebugContext* context) override {
    return Append(data, options, context);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* context) override {
    const std::lock_guard lock(disk_->mutex);
    if (!disk_->takes_it()) return rocksdb::IOStatus::OK();
    if (name_.ends_with(".log")) {
      if (!disk_->takes_log_write()) return rocksdb::IOStatus::OK();
      ++disk_->log_syncs;
      if (disk_->log_syncs_to_live && (*disk_->log_syncs_to_live)-- == 0) {
        return rocksdb::IOStatus::IOError("the disk failed to sync");
      }
    }
    auto& bytes = disk_->files[name_];
    bytes.synced = bytes.written;
    return FSWritableFileOwnerWrapper::Sync(options, context);
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* context) override {
    return Sync(options, context);
  }
  // Space taken beforehand: says nothing of what is written, and costs more than writing does.
  void PrepareWrite(std::size_t, std::size_t, const rocksdb::IOOptions&,
                    rocksdb::IODebugContext*) override {}

 private:
  std::string name_;
  std::shared_ptr<DiskState> disk_;
};

// A file that is written in place. What is never synced the system writes back when it likes to:
// here at once, as long as there is power.
class FaultyOldFile : public rocksdb::FSRandomRWFileOwnerWrapper {
 public:
  FaultyOldFile(std::unique_ptr<rocksdb::FSRandomRWFile> file, std::string name,
                std::shared_ptr<DiskState> disk)
      : FSRandomRWFileOwnerWrapper(std::move(file)),
        name_(std::move(name)),
        disk_(std::move(disk)) {}

  rocksdb::IOStatus Write(std::uint64_t offset, const rocksdb::Slice& data,
                          const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* context) override {
    const std::lock_guard lock(disk_->mutex);
    if (!disk_->takes_it()) return rocksdb::IOStatus::OK();
    return FSRandomRWFileOwnerWrapper::Write(offset, data, options, context);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    const std::lock_guard lock(disk_->mutex);
    if (!disk_->takes_it()) return rocksdb::IOStatus::OK();
    const auto found = disk_->files.find(name_);
    if (found != disk_->files.end()) found->second.synced = found->second.written;
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* context) override {
    return Sync(options, context);
  }

 private:
  std::string name_;
  std::shared_ptr<DiskState> disk_;
};

class FaultyFolder : public rocksdb::FSDirectoryWrapper {
 public:
  FaultyFolder(std::unique_ptr<rocksdb::FSDirectory> folder, std::string name,
               std::shared_ptr<DiskState> disk)
      : FSDirectoryWrapper(std::move(folder)), name_(std::move(name)), disk_(std::move(disk)) {}

  rocksdb::IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    const std::lock_guard lock(disk_->mutex);
    if (!disk_->takes_it()) return rocksdb::IOStatus::OK();
    const auto is_here = [&](const std::string& file) {
      return std::filesystem::path(file).parent_path() == std::filesystem::path(name_);
    };
    std::erase_if(disk_->new_entries, is_here);
    std::erase_if(disk_->replaced, [&](const auto& file) { return is_here(file.first); });
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus FsyncWithDirOptions(const rocksdb::IOOptions& options,
                                        rocksdb::IODebugContext* context,
                                        const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, context);
  }

 private:
  std::string name_;
  std::shared_ptr<DiskState> disk_;
};

class FaultyDisk : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultyDisk(std::shared_ptr<DiskState> disk)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), disk_(std::move(disk)) {}

  [[nodiscard]] const char* Name() const override { return "FaultyDisk"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    if (!disk_->keeps_options && name.find("/OPTIONS-") != std::string::npos) {
      return rocksdb::IOStatus::NotSupported();
    }
    std::unique_ptr<rocksdb::FSWritableFile> plain;
    auto status = FileSystemWrapper::NewWritableFile(name, options, &plain, context);
    if (!status.ok()) return status;
    const std::lock_guard lock(disk_->mutex);
    disk_->takes_it();
    disk_->files[name] = {};
    disk_->new_entries.insert(name);
    *file = std::make_unique<FaultyFile>(std::move(plain), name, disk_);
    return status;
  }
  rocksdb::IOStatus NewRandomRWFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                    rocksdb::IODebugContext* context) override {
    std::unique_ptr<rocksdb::FSRandomRWFile> plain;
    auto status = FileSystemWrapper::NewRandomRWFile(name, options, &plain, context);
    if (status.ok()) *file = std::make_unique<FaultyOldFile>(std::move(plain), name, disk_);
    return status;
  }
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* folder,
                                 rocksdb::IODebugContext* context) override {
    std::unique_ptr<rocksdb::FSDirectory> plain;
    auto status = FileSystemWrapper::NewDirectory(name, options, &plain, context);
    if (status.ok()) *folder = std::make_unique<FaultyFolder>(std::move(plain), name, disk_);
    return status;
  }
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override {
    const std::lock_guard lock(disk_->mutex);
    if (!disk_->takes_it()) return rocksdb::IOStatus::OK();
    if (std::ifstream old(to, std::ios::binary); old) {
      std::ostringstream content;
      content << old.rdbuf();
      disk_->replaced.emplace(to, content.str());
    } else {
      disk_->new_entries.insert(to);
    }
    disk_->new_entries.erase(from);
    if (auto file = disk_->files.extract(from); !file.empty()) disk_->files[to] = file.mapped();
    return FileSystemWrapper::RenameFile(from, to, options, context);
  }
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override {
    const std::lock_guard lock(disk_->mutex);
    if (!disk_->takes_it()) return rocksdb::IOStatus::OK();
    disk_->files.erase(name);
    disk_->new_entries.erase(name);
    return FileSystemWrapper::DeleteFile(name, options, context);
  }

 private:
  std::shared_ptr<DiskState> disk_;
};

// A disk, and the environment that RocksDB takes.
class Disk {
 public:
  Disk() : env_(rocksdb::NewCompositeEnv(std::make_shared<FaultyDisk>(state_))) {}

  [[nodiscard]] rocksdb::Env* env() const { return env_.get(); }
  [[nodiscard]] std::uint64_t log_syncs() const { return state_->log_syncs; }
  [[nodiscard]] bool is_off() const {
    const std::lock_guard lock(state_->mutex);
    return state_->is_off;
  }
  void lose_power_after(std::uint64_t operations) { state_->operations_to_live = operations; }
  void lose_power_after_log_writes(std::uint64_t writes) { state_->log_writes_to_live = writes; }
  // Nothing reaches it from now on.
  void lose_power_now() {
    const std::lock_guard lock(state_->mutex);
    state_->is_off = true;
  }
  // A write of another thing on the same disk, by the committing thread. \return whether it got
  // there
  bool takes_it() {
    const std::lock_guard lock(state_->mutex);
    return state_->takes_log_write();
  }
  // To make and check that copy is half of what an opening costs.
  void keep_no_options() { state_->keeps_options = false; }
  void fail_log_sync_after(std::uint64_t syncs) { state_->log_syncs_to_live = syncs; }

  // Takes away what was not synced: all of it, or what comes after some byte of it.
  // \pre  the store is closed
  template <class Random>
  void lose_power(Random& random) {
    const std::lock_guard lock(state_->mutex);
    const std::uint64_t salt = random();
    for (const auto& name : state_->new_entries) std::filesystem::remove(name);
    for (const auto& [name, content] : state_->replaced) {
      std::ofstream(name, std::ios::binary | std::ios::trunc) << content;
    }
    for (const auto& [name, bytes] : state_->files) {
      if (state_->replaced.contains(name) || !std::filesystem::exists(name)) continue;
      const std::uint64_t loose = bytes.written - bytes.synced;
      // Drawn by name: which files are loose may depend on the timing of RocksDB's threads.
      std::seed_seq seeds{
          salt, std::hash<std::string>()(std::filesystem::path(name).filename().string())};
      std::mt19937 draw(seeds);
      const std::uint64_t kept = loose == 0 || draw() % 2 == 0 ? 0 : draw() % loose;
      std::filesystem::resize_file(name, bytes.synced + kept);
    }
    state_->files.clear();
    state_->new_entries.clear();
    state_->replaced.clear();
    reset();
  }

  // The process is gone, the machine is not: what was written is there.
  // \pre  the store is closed
  void lose_process() {
    const std::lock_guard lock(state_->mutex);
    reset();
  }

 private:
  void reset() {
    state_->operations_to_live.reset();
    state_->log_writes_to_live.reset();
    state_->log_syncs_to_live.reset();
    state_->is_off = false;
  }

  std::shared_ptr<DiskState> state_ = std::make_shared<DiskState>();
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace swarmlab::store
