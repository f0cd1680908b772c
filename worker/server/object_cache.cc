#include "worker/server/object_cache.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

#include "common/git/pack.h"
#include "common/git/pack_file.h"
#include "common/log/log.h"
#include "common/os/file.h"
#include "worker/server/since_boot.h"

namespace swarmlab::worker {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostTold = 32;    // commits named in a fetch
constexpr std::size_t kMostPacks = 100;  // then they are folded together
constexpr std::uint64_t kSmallPack = 1U << 20U;
constexpr unsigned kLooks = 16;  // every how many attempts the size is looked at
constexpr std::size_t kHexLine = 41;

constexpr const char* kKnown = "/known";  // commits that are here, a line each
constexpr const char* kSuffix = ".git";   // of generations, after their number

std::string text_of(const std::string& path) {
  constexpr std::uint64_t kMostBytes = 100'000;
  return read_file(path, kMostBytes).value_or("");
}

std::uint64_t size_of_folder(const std::string& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored)) bytes += it->file_size(ignored);
  }
  return bytes;
}

// Of the newest generation; 0 if there is none.
std::uint64_t newest_in(const std::string& folder) {
  std::uint64_t newest = 0;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    std::uint64_t number = 0;
    const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (wrong == std::errc() && std::string_view(rest) == kSuffix)
      newest = std::max(newest, number);
  }
  return newest;
}

}  // namespace

class ObjectCache::Generation {
 public:
  Generation(std::string folder, std::uint64_t number)
      : folder_(std::move(folder)), number_(number) {}
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;
  Generation(Generation&&) = delete;
  Generation& operator=(Generation&&) = delete;
  ~Generation() {
    if (!over_) return;
    if (const auto removed = remove_tree(folder_); !removed) {
      log::warning("{} stays: {}", folder_, removed.error().message);
    }
  }

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  /// Another follows: this one's folder goes with it.
  void end() const { over_ = true; }

 private:
  std::string folder_;
  std::uint64_t number_;
  mutable bool over_ = false;  // set before the cache lets go of it
};

Result<std::unique_ptr<ObjectCache>> ObjectCache::open(const std::string& folder,
                                                       std::uint64_t max_bytes) {
  std::error_code ignored;
  if (fs::exists(folder, ignored) && !fs::is_directory(folder, ignored)) {
    SWARMLAB_CHECK(remove_tree(folder));
  }
  SWARMLAB_CHECK(make_folder_of_this_boot(folder));
  std::unique_ptr<ObjectCache> cache(new ObjectCache(folder, max_bytes));
  const std::uint64_t newest = newest_in(folder);
  if (!cache->start(std::max<std::uint64_t>(newest, 1))) {
    // It holds nothing that the coordinator has not: a damaged one is made anew.
    SWARMLAB_CHECK(remove_tree(folder));
    SWARMLAB_CHECK(make_folder_of_this_boot(folder));
    if (const auto again = cache->start(1); !again) return within(folder, again.error());
  }
  for (std::uint64_t old = newest > 8 ? newest - 8 : 1; old < newest; ++old) {
    SWARMLAB_CHECK(remove_tree(fmt::format("{}/{}{}", folder, old, kSuffix)));
  }
  cache->read_known();
  return cache;
}

Result<void> ObjectCache::start(std::uint64_t number) {
  const std::string folder = fmt::format("{}/{}{}", folder_, number, kSuffix);
  SWARMLAB_CHECK(git::Repository::init_bare(folder));
  generation_ = std::make_shared<Generation>(folder, number);
  limit_ = max_bytes_;
  return {};
}

bool ObjectCache::is_full() {
  if (looks_++ % kLooks != 0) return false;
  return size_of_folder(generation_->folder()) > limit_;
}

Result<ObjectCache::Opened> ObjectCache::repository() {
  const std::lock_guard lock(writing_);
  if (is_full()) SWARMLAB_CHECK(renew());
  SWARMLAB_TRY(repository, git::Repository::open(generation_->folder()));
  return Opened{.repository = std::move(repository), .generation = generation_};
}

// The commits that were used last, as many as half of the room takes; the very last one always.
Result<void> ObjectCache::renew() {
  const std::shared_ptr<const Generation> old = generation_;
  SWARMLAB_TRY(from, git::Repository::open(old->folder()));
  SWARMLAB_CHECK(remove_tree(incoming()));
  SWARMLAB_CHECK(start(old->number() + 1));
  SWARMLAB_TRY(to, git::Repository::open(generation_->folder()));
  const std::vector<ObjectId> commits = known();
  std::vector<ObjectId> kept;
  std::uint64_t bytes = 0;
  for (auto it = commits.rbegin(); it != commits.rend() && bytes <= max_bytes_ / 2; ++it) {
    if (!from.has(*it)) continue;
    if (const auto copied = git::copy_commit(from, *it, to); !copied) {
      log::debug("{} is not kept: {}", it->brief(), copied.error().message);
      continue;
    }
    kept.push_back(*it);
    bytes = size_of_folder(generation_->folder());
  }
  limit_ = std::max(max_bytes_, bytes + bytes / 2);  // one commit may be larger than all the room
  old->end();
  log::info("the object cache was full: begins anew{}{}", log::field("kept", kept.size()),
            log::field("bytes", bytes));
  const std::lock_guard lock(mutex_);
  known_.assign(kept.rbegin(), kept.rend());
  return {};
}

std::vector<ObjectId> ObjectCache::known() const {
  const std::lock_guard lock(mutex_);
  return {known_.begin(), known_.end()};
}

void ObjectCache::read_known() {
  const std::string text = text_of(folder_ + kKnown);
  for (std::size_t at = 0; at + kHexLine <= text.size(); at += kHexLine) {
    const auto id = ObjectId::from_hex(std::string_view(text).substr(at, kHexLine - 1));
    if (id && known_.size() < kMostTold) known_.push_back(*id);
  }
}

void ObjectCache::remember(const ObjectId& commit) {
  const std::lock_guard lock(mutex_);
  if (!known_.empty() && known_.back() == commit) return;
  std::erase(known_, commit);
  known_.push_back(commit);
  if (known_.size() > kMostTold) known_.pop_front();
  std::string text;
  for (const ObjectId& id : known_) text += id.hex() + "\n";
  // Only a hint: without it, more is fetched.
  if (const auto kept = write_file(folder_ + kKnown, text); !kept) {
    log::debug("{}", kept.error().message);
  }
}

Result<void> ObjectCache::bring(Link& link, LabId lab, std::span<const ObjectId> commits,
                                Opened& opened, const CancelToken& stop) {
  // A slot that waits here may find that another fetched what it needs.
  const std::lock_guard lock(writing_);
  SWARMLAB_CHECK(opened.repository.refresh());
  for (const ObjectId& commit : commits) {
    if (!opened.repository.has(commit)) {
      if (auto fetched = fetch(link, lab, commit, opened, stop); !fetched) {
        return within("commit " + commit.brief() + " from the coordinator", fetched.error());
      }
    }
    remember(commit);
  }
  return git::consolidate_packs(opened.generation->folder(), kMostPacks);
}

Result<void> ObjectCache::fetch(Link& link, LabId lab, const ObjectId& commit, Opened& opened,
                                const CancelToken& stop) {
  std::vector<ObjectId> had;
  for (const ObjectId& id : known()) {
    if (opened.repository.has(id)) had.push_back(id);
  }
  SWARMLAB_TRY(
      path,
      link.fetch({.lab = lab, .wanted = std::span(&commit, 1), .had = had, .folder = incoming()},
                 stop));
  SWARMLAB_TRY(info, git::info_of_pack_file(path));
  Result<void> stored;
  if (info.bytes <= kSmallPack) {
    SWARMLAB_TRY(pack, read_file(path, kSmallPack));
    stored = git::index_pack(opened.repository, pack, commit);
  } else {
    stored = git::store_pack_file(opened.repository, path, commit);
    looks_ = 0;  // much more than before
  }
  std::error_code ignored;
  fs::remove(path, ignored);
  return stored;
}

}  // namespace swarmlab::worker
