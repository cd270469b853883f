#include "harness/clock_sync.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <system_error>
#include <vector>

#include "harness/binding.hpp"

namespace ipcmark {
namespace {

constexpr auto kShort = std::chrono::milliseconds(20);

TEST(OffsetTest, the_smallest_round_trip_decides) {
  // B is 1000 ahead; the second exchange was delayed on its way back.
  const std::vector<StampExchange> exchanges = {{100, 1150, 200}, {500, 1550, 4000}};
  const ClockOffset offset = offset_from(exchanges);
  EXPECT_EQ(offset.ticks, 1000);
  EXPECT_EQ(offset.bound_ticks, 50U);
  EXPECT_EQ(offset.exchanges, 2U);
}

TEST(OffsetTest, the_bound_holds_however_lopsided_the_directions) {
  constexpr std::int64_t kTrue = -300;
  for (std::uint64_t there = 0; there <= 101; ++there) {
    const std::vector<StampExchange> one = {{1000, 1000 + there - 300, 1101}};
    const ClockOffset offset = offset_from(one);
    EXPECT_LE(std::abs(offset.ticks - kTrue), static_cast<std::int64_t>(offset.bound_ticks));
  }
}

TEST(OffsetTest, no_exchange_is_no_offset) {
  EXPECT_THROW((void)offset_from({}), std::invalid_argument);
}

TEST(ClockSyncTest, one_cpu_agrees_with_itself) {
  const int cpu = bound_cpus().front();
  EXPECT_EQ(measure_offset(cpu, cpu, kShort).bound_ticks, 0U);
  EXPECT_EQ(check_warp(cpu, cpu, kShort).warps, 0U);
}

TEST(ClockSyncTest, two_cpus_alternate_and_exchange) {
  const auto cpus = bound_cpus();
  if (cpus.size() < 2) GTEST_SKIP() << "needs two CPUs";
  EXPECT_GE(check_warp(cpus[0], cpus[1], kShort).reads, 200U);
  EXPECT_GE(measure_offset(cpus[0], cpus[1], kShort).exchanges, 1U);
  EXPECT_EQ(bound_cpus(), cpus) << "the caller's binding must stay";
}

TEST(ClockSyncTest, a_cpu_that_cannot_be_had_is_an_error_and_no_hang) {
  const int cpu = bound_cpus().front();
  EXPECT_THROW((void)check_warp(cpu, 8191, kShort), std::system_error);
  EXPECT_THROW((void)measure_offset(8191, cpu, kShort), std::system_error);
}

TEST(InvariantCounterTest, x86_needs_both_flags_on_every_cpu) {
  EXPECT_TRUE(
      has_invariant_counter("processor\t: 0\nflags\t\t: fpu constant_tsc nonstop_tsc sse\n"
                            "processor\t: 1\nflags\t\t: fpu constant_tsc nonstop_tsc\n"));
  EXPECT_FALSE(has_invariant_counter("flags\t\t: fpu constant_tsc sse\n"));
  EXPECT_FALSE(has_invariant_counter("flags\t\t: constant_tsc nonstop_tsc\nflags\t\t: fpu\n"));
  EXPECT_FALSE(has_invariant_counter("flags\t\t: constant_tsc nonstop_tsc_s3\n"));
}

TEST(InvariantCounterTest, arm64_has_one_by_architecture) {
  EXPECT_TRUE(has_invariant_counter("processor\t: 0\nFeatures\t: fp asimd evtstrm\n"));
}

TEST(InvariantCounterTest, an_unknown_machine_has_none) { EXPECT_FALSE(has_invariant_counter("")); }

}  // namespace
}  // namespace ipcmark
