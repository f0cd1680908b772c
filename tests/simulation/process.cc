#include "tests/simulation/process.h"

#include <utility>

namespace swarmlab::simulation {

void Process::spawn(std::function<void()> body) {
  fibers_.push_back(std::make_unique<Fiber>([body = std::move(body)] {
    try {
      body();
    } catch (const Killed&) {
      // It ends here.
    }
  }));
  Fiber* fiber = fibers_.back().get();
  world_.after(Micros(0), [weak = weak_from_this(), fiber] {
    const auto me = weak.lock();
    if (!me || !me->alive()) return;
    me->when_awake([me = me.get(), fiber] { me->run(*fiber); });
  });
}

void Process::run(Fiber& fiber) {
  fiber.resume();
  if (!killed_) wake_cancelled();
}

void Process::kill() {
  if (killed_) return;
  killed_ = true;
  after_thaw_.clear();
  // Each throws where it waits; what it destroys on its way may wake no one.
  auto waiting = std::exchange(waiting_, {});
  for (auto& [ticket, one] : waiting) one.fiber->resume();
  fibers_.clear();
}

void Process::die() {
  world_.after(Micros(0), [weak = weak_from_this()] {
    const auto me = weak.lock();
    if (me && me->on_death) me->on_death();
  });
  frozen_ = true;  // until it is killed: no other thread does anything more
  throw Killed{};
}

void Process::thaw() {
  frozen_ = false;
  while (!after_thaw_.empty() && !frozen_ && !killed_) {
    const auto action = std::move(after_thaw_.front());
    after_thaw_.pop_front();
    action();
  }
}

void Process::when_awake(std::function<void()> action) {
  if (killed_) return;
  if (frozen_) {
    after_thaw_.push_back(std::move(action));
  } else {
    action();
  }
}

void Process::block(Ticket ticket, const CancelToken& stop) {
  waiting_.emplace(ticket, Waiting{.fiber = Fiber::current(), .stop = stop});
  Fiber::pause();
  if (killed_) throw Killed{};
}

void Process::wake(Ticket ticket) {
  if (Fiber::current() != nullptr) {  // one thread does not run within another
    world_.after(Micros(0), [weak = weak_from_this(), ticket] {
      if (const auto me = weak.lock()) me->wake(ticket);
    });
    return;
  }
  when_awake([this, ticket] {
    const auto found = waiting_.find(ticket);
    if (found == waiting_.end()) return;
    Fiber& fiber = *found->second.fiber;
    waiting_.erase(found);
    run(fiber);
  });
}

void Process::wake_cancelled() {
  for (auto& [ticket, one] : waiting_) {
    if (one.wakes || !one.stop.cancelled()) continue;
    one.wakes = true;
    world_.after(Micros(0), [weak = weak_from_this(), ticket = ticket] {
      if (const auto me = weak.lock()) me->wake(ticket);
    });
  }
}

bool Process::sleep(Micros time, const CancelToken& stop) {
  if (stop.cancelled()) return true;
  const Ticket mine = ticket();
  world_.after(time, [weak = weak_from_this(), mine] {
    if (const auto me = weak.lock()) me->wake(mine);
  });
  block(mine, stop);
  return stop.cancelled();
}

}  // namespace swarmlab::simulation
