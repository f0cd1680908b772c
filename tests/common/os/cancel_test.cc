#include "common/os/cancel.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

namespace swarmlab {
namespace {

TEST(CancelToken, IsNeverCancelledWithoutASource) {
  const CancelToken token;
  EXPECT_FALSE(token.cancelled());
  EXPECT_EQ(token.fd(), -1);
}

TEST(CancelToken, SeesTheCancelOfItsSourceForGood) {
  const auto source = CancelSource::make();
  ASSERT_TRUE(source.has_value());
  const CancelToken token = source->token();
  EXPECT_FALSE(token.cancelled());
  source->cancel();
  source->cancel();
  EXPECT_TRUE(token.cancelled());
  EXPECT_TRUE(token.cancelled());
}

TEST(CancelToken, WakesAPollInAnotherThread) {
  const auto source = CancelSource::make();
  ASSERT_TRUE(source.has_value());
  std::thread waiter([token = source->token()] {
    pollfd event{.fd = token.fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&event, 1, 20'000), 1);
  });
  source->cancel();
  waiter.join();
}

}  // namespace
}  // namespace swarmlab
