// Work that would hold up the turn: done by a thread of its own, one piece after the other. The
// thread starts with the first piece; without one there is none.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace swarmlab::server {

class Background {
 public:
  Background() = default;
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  Background(Background&&) = delete;
  Background& operator=(Background&&) = delete;
  /// Waits for the piece that runs; the others are not begun.
  ~Background() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  /// The future has what `piece` returns; it throws if that was never begun.
  template <class Piece>
  auto run(Piece piece) {
    auto task = std::make_shared<std::packaged_task<decltype(piece())()>>(std::move(piece));
    auto future = task->get_future();
    {
      const std::lock_guard lock(mutex_);
      waiting_.emplace_back([task] { (*task)(); });
      if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
    }
    changed_.notify_all();
    return future;
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return over_ || !waiting_.empty(); });
      if (over_) return;
      const std::function<void()> piece = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      piece();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool over_ = false;
  std::thread thread_;
};

template <class T>
[[nodiscard]] bool is_ready(const std::future<T>& future) {
  return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

}  // namespace swarmlab::server
