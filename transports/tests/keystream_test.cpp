#include "transports/keystream.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ipcmark::keystream {
namespace {

constexpr std::size_t kSizes[] = {1,   2,   7,    8,    9,    63,   64,   65,
                                  127, 128, 1000, 4095, 4096, 4097, 65537};

std::vector<std::byte> message(std::size_t n, std::uint64_t sequence) {
  std::vector<std::byte> bytes(n);
  fill(bytes, key(sequence));
  return bytes;
}

TEST(Keystream, what_was_filled_matches_by_every_reading) {
  for (const auto n : kSizes) {
    const auto bytes = message(n, 41);
    EXPECT_TRUE(sum_matches(bytes, key(41))) << n;
    EXPECT_TRUE(header_matches(bytes, key(41))) << n;
    EXPECT_EQ(first_mismatch(bytes, key(41)), n);
  }
}

TEST(Keystream, one_flipped_bit_anywhere_is_found) {
  for (const auto n : {1u, 9u, 64u, 100u, 4097u}) {
    for (std::size_t at = 0; at < n; at += n < 200 ? 1 : 97) {
      auto bytes = message(n, 7);
      bytes[at] ^= std::byte{0x10};
      EXPECT_FALSE(sum_matches(bytes, key(7))) << n << " " << at;
      EXPECT_EQ(first_mismatch(bytes, key(7)), at);
    }
  }
}

TEST(Keystream, a_lost_or_repeated_message_is_found_even_in_one_byte) {
  for (const auto n : kSizes) {
    const auto bytes = message(n, 1000);
    for (const std::uint64_t other : {999, 1001, 1002}) {
      EXPECT_FALSE(sum_matches(bytes, key(other))) << n;
      EXPECT_FALSE(header_matches(bytes, key(other))) << n;
    }
  }
}

TEST(Keystream, replies_are_not_messages) {
  for (const auto n : kSizes) EXPECT_FALSE(sum_matches(message(n, 5), key(5) ^ kReply));
}

TEST(Keystream, touch_none_reads_nothing_and_header_only_the_first_word) {
  auto bytes = message(64, 3);
  bytes[40] ^= std::byte{1};
  EXPECT_TRUE(read(Care::none, bytes, key(4)));
  EXPECT_TRUE(read(Care::header, bytes, key(3)));
  EXPECT_FALSE(read(Care::full, bytes, key(3)));
  EXPECT_FALSE(read(Care::every_byte, bytes, key(3)));
}

}  // namespace
}  // namespace ipcmark::keystream
