#include "common/os/sha256.h"

#include <gtest/gtest.h>

namespace swarmlab {
namespace {

TEST(Sha256, IsThatOfTheStandard) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, IsTheSameHoweverTheBytesCome) {
  const std::string bytes(1000, 'x');
  Sha256 sum;
  for (std::size_t at = 0; at < bytes.size(); at += 7) sum.add(bytes.substr(at, 7));
  EXPECT_EQ(sum.hex(), sha256_hex(bytes));
  sum.add("abc");
  EXPECT_EQ(sum.hex(), sha256_hex("abc")) << "it begins anew";
}

}  // namespace
}  // namespace swarmlab
