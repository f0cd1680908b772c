// When a worker that is paid for is not needed any more.
#include "worker/server/idle_watch.h"

#include <gtest/gtest.h>

namespace swarmlab::worker {
namespace {

class HandClock final : public SteadyClock {
 public:
  TimePoint now() override { return now_; }
  bool wait(const CancelToken& stop, Milliseconds time) override {
    now_ += time;
    return stop.cancelled();
  }

 private:
  TimePoint now_;
};

class IdleWatchTest : public testing::Test {
 protected:
  void pass(Milliseconds time) { clock.wait(CancelToken(), time); }
  [[nodiscard]] bool is_over() const { return watch.is_over(kPatience, 2); }

  static constexpr Milliseconds kPatience{60'000};
  HandClock clock;
  IdleWatch watch{clock};
};

TEST_F(IdleWatchTest, AtTheStartItIsOverWhenNoSlotGotAnything) {
  watch.found_nothing(0);
  watch.found_nothing(0);
  EXPECT_FALSE(is_over()) << "the other slot did not hear yet";
  watch.found_nothing(1);
  EXPECT_TRUE(is_over());
}

TEST_F(IdleWatchTest, NobodyAnswersForSoLong) {
  EXPECT_FALSE(is_over());
  pass(kPatience);
  EXPECT_TRUE(is_over());
}

TEST_F(IdleWatchTest, WhatWorksIsNotIdle) {
  watch.found_nothing(1);
  watch.begins(0);
  pass(10 * kPatience);
  EXPECT_FALSE(is_over());
}

TEST_F(IdleWatchTest, AfterWorkItStaysForAWhile) {
  watch.begins(0);
  watch.begins(1);
  watch.ends(0);
  pass(kPatience);
  watch.ends(1);
  watch.found_nothing(0);
  watch.found_nothing(1);
  EXPECT_FALSE(is_over());
  pass(kPatience - Milliseconds(1));
  EXPECT_FALSE(is_over());
  pass(Milliseconds(1));
  EXPECT_TRUE(is_over());
}

}  // namespace
}  // namespace swarmlab::worker
