#include "common/os/clock.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace swarmlab {
namespace {

TEST(SystemClock, NeverGoesBackInAnyThread) {
  SystemClock clock;
  const auto watch = [&] {
    Timestamp latest = clock.now();
    for (int i = 0; i < 20'000; ++i) {
      const Timestamp now = clock.now();
      ASSERT_GE(now, latest);
      latest = now;
    }
  };
  std::thread other(watch);
  watch();
  other.join();
}

TEST(SystemClock, TellsTheTimeOfTheMachine) {
  SystemClock clock;
  const auto before = std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
  EXPECT_GE(clock.now(), before);
}

TEST(Deadline, NeverComesUnlessSet) {
  EXPECT_FALSE(Deadline::never().expired());
  EXPECT_EQ(Deadline::never().poll_timeout(), -1);
  EXPECT_FALSE(Deadline::never().remaining().has_value());
}

TEST(Deadline, HasComeWhenNothingRemains) {
  const Deadline deadline = Deadline::after(Milliseconds(0));
  EXPECT_TRUE(deadline.expired());
  EXPECT_EQ(deadline.poll_timeout(), 0);
}

TEST(Deadline, BearsTheLongestWait) {
  const Deadline deadline = Deadline::after(Milliseconds::max());
  EXPECT_FALSE(deadline.expired());
  EXPECT_GT(deadline.poll_timeout(), 0);
}

}  // namespace
}  // namespace swarmlab
