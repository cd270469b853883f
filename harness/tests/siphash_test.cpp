#include "harness/siphash.hpp"

#include <gtest/gtest.h>

namespace ipcmark {
namespace {

// The paper's key, 00 01 ... 0f.
constexpr HashKey kPaperKey = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

TEST(SipHashTest, gives_the_reference_values) {
  std::string input;
  EXPECT_EQ(siphash(input, kPaperKey), 0x726fdb47dd0e0e31U);
  for (char byte = 0; byte < 15; ++byte) input += byte;
  EXPECT_EQ(siphash(input, kPaperKey), 0xa129ca6149be45e5U);
}

TEST(SipHashTest, depends_on_every_byte_and_on_the_key) {
  EXPECT_NE(siphash("host-a", {1, 2}), siphash("host-b", {1, 2}));
  EXPECT_NE(siphash("host-a", {1, 2}), siphash("host-a", {1, 3}));
  EXPECT_NE(siphash("", {0, 0}), siphash(std::string(1, '\0'), {0, 0}));
}

TEST(SipHashTest, hex_has_sixteen_digits) { EXPECT_EQ(hex(0xab), "00000000000000ab"); }

}  // namespace
}  // namespace ipcmark
