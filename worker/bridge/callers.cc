#include "worker/bridge/callers.h"

#include <system_error>

namespace swarmlab::worker {

Result<std::unique_ptr<Callers>> Callers::make(std::size_t most, Serve serve) {
  SWARMLAB_TRY(stop, CancelSource::make());
  return std::unique_ptr<Callers>(new Callers(most, std::move(serve), std::move(stop)));
}

bool Callers::take(UniqueFd connection) {
  const std::lock_guard lock(mutex_);
  callers_.remove_if([](Caller& caller) {
    if (!caller.done) return false;
    caller.thread.join();  // it has nothing left to do
    return true;
  });
  if (over_ || callers_.size() >= most_) return false;
  Caller& caller = callers_.emplace_back();
  try {
    caller.thread =
        std::thread([this, &caller, peer = Peer(std::move(connection), stop_.token())]() mutable {
          run(caller, peer);
        });
    ++serving_;
  } catch (const std::system_error&) {  // no more threads
    callers_.pop_back();
    return false;
  }
  return true;
}

void Callers::run(Caller& caller, Peer& peer) {
  serve_(peer);
  const std::lock_guard lock(mutex_);
  caller.done = true;
  --serving_;
  served_.notify_all();
}

void Callers::stop() {
  const std::lock_guard lock(mutex_);
  over_ = true;
  stop_.cancel();
}

bool Callers::wait_for_end(Milliseconds time) {
  std::unique_lock lock(mutex_);
  return served_.wait_for(lock, time, [this] { return serving_ == 0; });
}

void Callers::end() {
  stop();
  std::list<Caller> last;
  {
    const std::lock_guard lock(mutex_);
    last.splice(last.end(), callers_);
  }
  for (Caller& caller : last) caller.thread.join();
}

}  // namespace swarmlab::worker
