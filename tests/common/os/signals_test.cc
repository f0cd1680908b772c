#include "common/os/signals.h"

#include <gtest/gtest.h>

#include <csignal>

namespace swarmlab {
namespace {

TEST(SignalWatch, TakesSignalsInsteadOfDyingOfThem) {
  const auto watch = SignalWatch::make({SIGINT, SIGTERM});
  ASSERT_TRUE(watch.has_value());
  EXPECT_EQ(watch->take(), std::nullopt);
  ::kill(::getpid(), SIGTERM);
  EXPECT_EQ(watch->take(), SIGTERM);
  EXPECT_EQ(watch->take(), std::nullopt);
}

}  // namespace
}  // namespace swarmlab
