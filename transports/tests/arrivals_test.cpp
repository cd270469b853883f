// Losses, repetitions and late messages are told apart by the sequence alone.
#include "transports/arrivals.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "transports/keystream.hpp"

namespace ipcmark {
namespace {

Tally after(const std::vector<std::uint64_t>& sequences, std::uint64_t first = 0,
            std::uint64_t count = 10) {
  ArrivalsOfAll arrivals({.messages = count, .first_sequence = first});
  for (const auto sequence : sequences) EXPECT_TRUE(arrivals.note(sequence)) << sequence;
  Tally tally;
  arrivals.finish(tally);
  EXPECT_EQ(tally.messages + tally.lost, count);
  return tally;
}

TEST(Arrivals, all_in_order_lose_nothing) {
  const Tally tally = after({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(tally.messages, 10u);
  EXPECT_EQ(tally.lost + tally.duplicated + tally.reordered, 0u);
}

TEST(Arrivals, a_gap_and_a_missing_end_are_losses) {
  const Tally tally = after({0, 3, 4});
  EXPECT_EQ(tally.messages, 3u);
  EXPECT_EQ(tally.lost, 7u);
}

TEST(Arrivals, a_late_message_is_no_loss_but_out_of_order) {
  const Tally tally = after({0, 2, 1, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(tally.messages, 10u);
  EXPECT_EQ(tally.reordered, 1u);
}

TEST(Arrivals, the_same_message_again_is_a_repetition) {
  const Tally tally = after({0, 1, 1, 0, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(tally.messages, 10u);
  EXPECT_EQ(tally.duplicated, 2u);
}

TEST(Arrivals, one_of_an_earlier_phase_is_late_and_one_beyond_the_last_does_not_exist) {
  EXPECT_EQ(after({95, 100, 101}, 100).reordered, 1u);
  EXPECT_FALSE(ArrivalsOfAll({.messages = 10, .first_sequence = 100}).note(110));
}

TEST(Arrivals, forget_what_is_older_than_they_remember) {
  constexpr std::uint64_t kFar = 3 * Arrivals::kRemembered;
  const Tally tally = after({0, kFar, 1, kFar - 1}, 0, kFar + 1);
  EXPECT_EQ(tally.messages, 3u);
  EXPECT_EQ(tally.duplicated, 1u) << "message 1 stays lost";
  EXPECT_EQ(tally.reordered, 1u);
}

TEST(Arrivals, of_several_producers_are_in_order_by_producer) {
  ArrivalsOfAll arrivals({.messages = 6, .first_sequence = 10, .producers = 2});
  // Producer 0 sends 10, 12, 14 and producer 1 sends 11, 13, 15, of which 13 is lost.
  for (const std::uint64_t sequence : {11ul, 10ul, 12ul, 14ul, 15ul}) {
    EXPECT_FALSE(arrivals.complete());
    EXPECT_TRUE(arrivals.note(sequence));
  }
  EXPECT_TRUE(arrivals.complete());
  Tally tally;
  arrivals.finish(tally);
  EXPECT_EQ(tally.messages, 5u);
  EXPECT_EQ(tally.lost, 1u);
  EXPECT_EQ(tally.reordered, 0u);
}

TEST(Taken, of_all_consumers_is_the_whole_or_something_was_lost_or_came_twice) {
  for (const std::uint64_t n : {0ul, 1ul, 2ul, 3ul, 7ul, 1000ul}) {
    Taken even, odd;
    for (std::uint64_t i = 0; i < n; ++i) (i % 2 == 0 ? even : odd).add(i);
    EXPECT_EQ(even += odd, Taken::whole(n)) << n;
  }
  Taken twice;
  for (const std::uint64_t position : {0ul, 1ul, 2ul, 2ul, 4ul}) twice.add(position);
  EXPECT_NE(twice, Taken::whole(5)) << "3 was lost and 2 taken by two";
  Taken balanced;
  for (const std::uint64_t position : {0ul, 0ul, 3ul, 3ul}) balanced.add(position);
  EXPECT_NE(balanced, Taken::whole(4)) << "the sum alone would not tell";
  // Beyond 2^64 the sums still are those of the messages.
  Taken last;
  constexpr std::uint64_t kMany = std::uint64_t{1} << 32;
  last.add(kMany);
  Taken before = Taken::whole(kMany);
  EXPECT_EQ(before += last, Taken::whole(kMany + 1));
}

TEST(Keystream, tells_the_sequence_of_a_whole_word_whatever_was_expected) {
  std::vector<std::byte> message(24);
  for (const std::uint64_t sequence : {0ul, 1ul, 77ul, 1ul << 40}) {
    keystream::fill(message, keystream::key(sequence));
    EXPECT_EQ(keystream::sequence_of(message, 12345), sequence);
  }
}

TEST(Keystream, tells_the_sequence_of_a_short_message_near_what_was_expected) {
  for (const std::size_t bytes : {1u, 3u, 7u}) {
    std::vector<std::byte> message(bytes);
    for (const std::uint64_t sequence : {0ul, 63ul, 1000ul, 1190ul, 950ul}) {
      keystream::fill(message, keystream::key(sequence));
      const std::uint64_t expected = sequence < 100 ? 0 : 1000;
      EXPECT_EQ(keystream::sequence_of(message, expected), sequence) << bytes;
    }
  }
}

}  // namespace
}  // namespace ipcmark
