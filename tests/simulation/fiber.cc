#include "tests/simulation/fiber.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace swarmlab::simulation {
namespace {

constexpr std::size_t kStackBytes = 512U << 10U;  // touched pages only are real

// Stacks that ended fibers left: to map one costs more than most fibers do.
class Stacks {
 public:
  Stacks() = default;
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;
  Stacks(Stacks&&) = delete;
  Stacks& operator=(Stacks&&) = delete;
  ~Stacks() {
    for (void* stack : free_) ::munmap(stack, kStackBytes);
  }
  void* take() {
    if (free_.empty()) {
      void* fresh = ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (fresh == MAP_FAILED) std::abort();
      return fresh;
    }
    void* stack = free_.back();
    free_.pop_back();
    return stack;
  }
  void give_back(void* stack) {
#if defined(__SANITIZE_ADDRESS__)
    ASAN_UNPOISON_MEMORY_REGION(stack, kStackBytes);
#endif
    free_.push_back(stack);
  }

 private:
  std::vector<void*> free_;
};

thread_local Stacks stacks;
thread_local Fiber* running = nullptr;

// What AddressSanitizer must be told when the stack changes.
struct Switch {
  static void leave([[maybe_unused]] void** fake, [[maybe_unused]] const void* to,
                    [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(fake, to, bytes);
#endif
  }
  static void arrive([[maybe_unused]] void* fake, [[maybe_unused]] const void** from,
                     [[maybe_unused]] std::size_t* bytes) {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake, from, bytes);
#endif
  }
};

}  // namespace

struct Fiber::Impl {
  std::function<void()> body;
  void* stack = nullptr;
  ucontext_t inside{};
  ucontext_t outside{};
  void* fake_inside = nullptr;
  void* fake_outside = nullptr;
  const void* outer_stack = nullptr;
  std::size_t outer_bytes = 0;
  bool ended = false;
};

Fiber::Fiber(std::function<void()> body) : impl_(std::make_unique<Impl>()) {
  impl_->body = std::move(body);
}

Fiber::~Fiber() {
  assert(impl_->stack == nullptr || impl_->ended);
  if (impl_->stack != nullptr) stacks.give_back(impl_->stack);
}

void Fiber::run_current() {
  Impl& me = *running->impl_;
  Switch::arrive(nullptr, &me.outer_stack, &me.outer_bytes);
  me.body();
  me.body = nullptr;
  me.ended = true;
  Switch::leave(nullptr, me.outer_stack, me.outer_bytes);
  ::swapcontext(&me.inside, &me.outside);
}

void Fiber::resume() {
  Impl& me = *impl_;
  assert(running == nullptr && !me.ended);
  running = this;
  if (me.stack == nullptr) {
    me.stack = stacks.take();
    ::getcontext(&me.inside);
    me.inside.uc_stack.ss_sp = me.stack;
    me.inside.uc_stack.ss_size = kStackBytes;
    me.inside.uc_link = nullptr;
    ::makecontext(&me.inside, &Fiber::run_current, 0);
  }
  Switch::leave(&me.fake_outside, me.stack, kStackBytes);
  ::swapcontext(&me.outside, &me.inside);
  Switch::arrive(me.fake_outside, nullptr, nullptr);
  running = nullptr;
}

bool Fiber::ended() const {
  return impl_->ended;
}

void Fiber::pause() {
  Impl& me = *running->impl_;
  Switch::leave(&me.fake_inside, me.outer_stack, me.outer_bytes);
  ::swapcontext(&me.inside, &me.outside);
  Switch::arrive(me.fake_inside, &me.outer_stack, &me.outer_bytes);
}

Fiber* Fiber::current() {
  return running;
}

}  // namespace swarmlab::simulation
