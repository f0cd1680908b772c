#include "worker/server/janitor.h"

#include "common/log/log.h"
#include "common/os/file.h"

namespace swarmlab::worker {
namespace {

constexpr std::size_t kMostWaiting = 16;

void remove_now(const std::string& folder) {
  if (const auto removed = remove_tree(folder); !removed) {
    log::warning("{} stays: {}", folder, removed.error().message);
  }
}

}  // namespace

Janitor::~Janitor() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Janitor::remove(std::string folder) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < kMostWaiting) {
      waiting_.push_back(std::move(folder));
      folder.clear();
    }
  }
  folder.empty() ? changed_.notify_all() : remove_now(folder);
}

void Janitor::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return over_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::string folder = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    remove_now(folder);
    lock.lock();
  }
}

}  // namespace swarmlab::worker
