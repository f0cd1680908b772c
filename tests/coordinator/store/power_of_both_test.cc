// The power goes, for the store and the objects at the same time: what was acknowledged is there,
// and no record names a commit that is not (I5).
//
// RocksDB writes to a disk of the test's own (faulty_disk.h). libgit2 writes to the real one, but
// this program has its own fsync(): it notes which files and which names in which folders were
// synced, and what was not is taken away when the power is gone.
#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <mutex>
#include <set>

#include "tests/coordinator/store/faulty_disk.h"
#include "tests/coordinator/store/saved_swarm.h"

namespace {

// What of the files below one folder is safe.
class Synced {
 public:
  // `counts`: asked at each sync, whether there is still power.
  void watch(const std::filesystem::path& folder, std::function<bool()> counts) {
    const std::lock_guard lock(mutex_);
    folder_ = std::filesystem::weakly_canonical(folder).string();  // as /proc tells it
    counts_ = std::move(counts);
  }
  void watch_nothing() {
    const std::lock_guard lock(mutex_);
    folder_.clear();
    counts_ = {};
    sizes_.clear();
    names_.clear();
  }

  void note(int fd) {
    const std::lock_guard lock(mutex_);
    if (folder_.empty()) return;
    std::string path(4096, '\0');
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
    if (length < 0) return;
    path.resize(static_cast<std::size_t>(length));
    if (!path.starts_with(folder_)) return;
    if (!counts_()) {
      remember_what_is_there();
      return;
    }
    struct stat about {};
    if (::fstat(fd, &about) != 0) return;
    if (!S_ISDIR(about.st_mode)) {
      sizes_[about.st_ino] = about.st_size;
      return;
    }
    std::set<std::string>& names = names_[path];
    names.clear();
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      names.insert(entry.path().filename());
    }
  }

  // What was not synced goes: as a whole, or from some byte on.
  void lose_power(std::mt19937_64& random) {
    const std::lock_guard lock(mutex_);
    if (std::filesystem::exists(remains())) {
      std::filesystem::remove_all(folder_);
      std::filesystem::rename(remains(), folder_);
    }
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    for (const auto& file : files) {
      struct stat about {};
      ::stat(file.c_str(), &about);
      const auto known = names_.find(file.parent_path().string());
      if (known == names_.end() || !known->second.contains(file.filename())) {
        if (random() % 2 == 0) {
          std::filesystem::remove(file);
          continue;
        }
      }
      const auto synced = sizes_.find(about.st_ino);
      if (synced == sizes_.end() && about.st_size > 0) {
        const auto kept =
            static_cast<std::uintmax_t>(random()) % static_cast<std::uintmax_t>(about.st_size);
        ::chmod(file.c_str(), 0600);
        std::filesystem::resize_file(file, kept);
      }
    }
    // What is still there is on the disk.
    sizes_.clear();
    names_.clear();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      struct stat about {};
      ::stat(entry.path().c_str(), &about);
      if (entry.is_regular_file()) sizes_[about.st_ino] = about.st_size;
      names_[entry.path().parent_path().string()].insert(entry.path().filename());
    }
  }

 private:
  [[nodiscard]] std::filesystem::path remains() const { return folder_ + ".remains"; }

  // What is done from now on never was: without power nobody renames or removes a file.
  void remember_what_is_there() const {
    if (std::filesystem::exists(remains())) return;
    std::filesystem::create_directories(remains());
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      const auto there = remains() / entry.path().lexically_relative(folder_);
      if (entry.is_directory()) {
        std::filesystem::create_directories(there);
      } else {
        std::filesystem::create_hard_link(entry.path(), there);
      }
    }
  }

  std::mutex mutex_;
  std::string folder_;
  std::function<bool()> counts_;
  std::map<ino_t, off_t> sizes_;
  std::map<std::string, std::set<std::string>> names_;
};

Synced& synced() {
  static Synced one;
  return one;
}

}  // namespace

// Instead of the C library's, for all that this program is linked with.
extern "C" int fsync(int fd) {
  synced().note(fd);
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

extern "C" int fdatasync(int fd) {
  synced().note(fd);
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

namespace swarmlab::store {
namespace {

// SWARMLAB_POWER: how often; scripts/faults.sh asks for more, and for others.
std::uint64_t times_without_power() {
  const char* wish = std::getenv("SWARMLAB_POWER");
  return wish == nullptr ? 25 : std::strtoull(wish, nullptr, 10);
}

class PowerLoss : public testing::Test {
 protected:
  ~PowerLoss() override { synced().watch_nothing(); }

  // Experiments until the power is gone. \return  the last event that was acknowledged before
  static Sequence work_until_off(const std::filesystem::path& folder, Disk& disk, bool first,
                                 std::mt19937_64& random) {
    synced().watch(folder / "objects.git", [] { return true; });
    StoreOptions options = small_options();
    options.env = disk.env();
    SavedSwarm swarm(folder, options);
    if (first) {
      swarm.start();
    } else {
      swarm.resume();
    }
    Sequence acknowledged;
    std::uint64_t syncs_to_live = random() % 40;
    synced().watch(folder / "objects.git", [&disk, &syncs_to_live] {
      if (!disk.is_off() && syncs_to_live-- == 0) disk.lose_power_now();
      return !disk.is_off();
    });
    if (random() % 2 == 0) disk.lose_power_after(random() % 60);
    while (!disk.is_off()) {
      acknowledged = swarm.store().last_sequence();
      swarm.run();
      if (random() % 4 == 0) swarm.tidy();
    }
    synced().watch(folder / "objects.git", [] { return false; });
    return acknowledged;
  }
};

TEST_F(PowerLoss, LeavesNoRecordThatNamesACommitThatIsNotThere) {
  std::mt19937_64 random(seed_wished_for());
  std::unique_ptr<Folder> folder;
  std::unique_ptr<Disk> disk;
  for (std::uint64_t round = 0; round < times_without_power(); ++round) {
    SCOPED_TRACE(fmt::format("round {}", round));
    const bool first = round % 10 == 0;
    if (first) {
      synced().watch_nothing();
      folder = std::make_unique<Folder>();
      disk = std::make_unique<Disk>();
    }
    const std::filesystem::path path = folder->path() / "swarm";
    std::filesystem::create_directories(path);
    const Sequence acknowledged = work_until_off(path, *disk, first, random);
    synced().lose_power(random);
    disk->lose_power(random);
    synced().watch(path / "objects.git", [] { return true; });
    StoreOptions options = small_options();
    options.env = disk->env();
    const auto store = Store::open(path / "store", options);
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_GE(store->last_sequence(), acknowledged);
    const auto objects = Objects::open(path / "objects.git");
    ASSERT_TRUE(objects) << objects.error().message;
    const auto all = read_all(*store, *objects);  // the diff of every candidate, too
    ASSERT_TRUE(all) << all.error().message;
  }
}

}  // namespace
}  // namespace swarmlab::store
