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

// Sources that a test moves.
struct SetClocks {
  std::chrono::nanoseconds wall = std::chrono::hours(24 * 365 * 50);
  std::chrono::nanoseconds steady = std::chrono::hours(3);

  void pass(std::chrono::nanoseconds time) {
    wall += time;
    steady += time;
  }
  [[nodiscard]] TimeSources sources() {
    return {.wall = [this] { return wall; }, .steady = [this] { return steady; }};
  }
};

TEST(SystemClock, IsMovedByNoJumpOfTheWallClock) {
  for (const auto jump : {std::chrono::hours(1), std::chrono::hours(-1), std::chrono::hours(8766),
                          std::chrono::hours(-8766)}) {
    SetClocks clocks;
    SystemClock clock(clocks.sources());
    const Timestamp begin = clock.now();
    EXPECT_EQ(begin.time_since_epoch(), clocks.wall);
    clocks.pass(std::chrono::seconds(5));
    clocks.wall += jump;
    EXPECT_EQ(clock.now() - begin, std::chrono::seconds(5));
    clocks.pass(std::chrono::seconds(5));
    EXPECT_EQ(clock.now() - begin, std::chrono::seconds(10));
  }
}

TEST(SystemClock, StandsWhileTheMachineSleeps) {
  SetClocks clocks;
  SystemClock clock(clocks.sources());
  const Timestamp begin = clock.now();
  clocks.wall += std::chrono::minutes(10);  // the steady clock does not count it
  EXPECT_EQ(clock.now(), begin);
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
