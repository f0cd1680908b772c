#include "common/model/object_id.h"

#include <gtest/gtest.h>

namespace swarmlab {
namespace {

TEST(ObjectId, ReadsBackItsOwnHexadecimalDigits) {
  const std::string text = "0123456789abcdef0123456789abcdef01234567";
  const auto id = ObjectId::from_hex(text);
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->hex(), text);
  EXPECT_EQ(id->brief(), "01234567");
}

TEST(ObjectId, RefusesWhatIsNoName) {
  EXPECT_FALSE(ObjectId::from_hex("").has_value());
  EXPECT_FALSE(ObjectId::from_hex("0123").has_value());
  EXPECT_FALSE(ObjectId::from_hex("g123456789abcdef0123456789abcdef01234567").has_value());
}

}  // namespace
}  // namespace swarmlab
