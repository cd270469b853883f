#include "harness/clock.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <vector>

#include "transports/ticks.hpp"

namespace ipcmark {
namespace {

// Readings of a counter that moves by `step` ticks at irregular distances.
std::vector<std::uint64_t> readings_of(double step, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::uint64_t> readings;
  double ticks = 123456789.0;
  for (int i = 0; i < 4000; ++i) {
    ticks += 45 + static_cast<double>(random() % 500);
    readings.push_back(static_cast<std::uint64_t>(std::floor(std::floor(ticks / step) * step)));
  }
  return readings;
}

TEST(QuantumTest, finds_whole_steps) {
  for (const double step : {1.0, 2.0, 10.0, 24.0, 36.0, 100.0}) {
    EXPECT_EQ(quantum_ticks(readings_of(step, 1)), step);
  }
}

TEST(QuantumTest, finds_steps_that_are_no_whole_number) {
  for (const double step : {24.45, 33.3, 10.3}) {
    EXPECT_NEAR(quantum_ticks(readings_of(step, 2)), step, 0.001 * step) << step;
  }
}

TEST(QuantumTest, irregular_readings_of_a_fine_counter_stay_fine) {
  for (unsigned seed = 1; seed < 20; ++seed) EXPECT_EQ(quantum_ticks(readings_of(1.0, seed)), 1.0);
}

// An emulator's counter of 62.5 MHz that is kept by a clock of microseconds.
TEST(QuantumTest, a_counter_that_stands_still_between_readings_steps_by_what_it_then_moves) {
  std::vector<std::uint64_t> readings;
  for (std::uint64_t us = 0; us < 1000; ++us) {
    for (std::uint64_t reads = 0; reads < 5 + us % 7; ++reads) readings.push_back(us * 125 / 2);
  }
  EXPECT_EQ(quantum_ticks(readings), 62.0);
}

TEST(QuantumTest, few_kinds_of_steps_prove_no_fractional_quantum) {
  std::vector<std::uint64_t> readings = {0};
  for (int i = 0; i < 1000; ++i) readings.push_back(readings.back() + (i % 2 == 0 ? 48 : 50));
  EXPECT_EQ(quantum_ticks(readings), 2.0);
}

TEST(QuantumTest, a_stuck_counter_has_none) {
  EXPECT_EQ(quantum_ticks(std::vector<std::uint64_t>(100, 7)), 0.0);
  EXPECT_EQ(quantum_ticks({}), 0.0);
}

TEST(CalibrationTest, finds_the_rate_between_exact_readings) {
  const std::vector<BracketedReading> start = {{1000, 0, 1000}};
  const std::vector<BracketedReading> middle = {{1001000, 400000, 1001000}};
  const std::vector<BracketedReading> end = {{2001000, 800000, 2001000}};
  const Calibration calibration = calibrate(start, middle, end);
  EXPECT_DOUBLE_EQ(calibration.ticks_per_ns, 2.5);
  EXPECT_DOUBLE_EQ(calibration.error_ppm, 0.0);
}

TEST(CalibrationTest, the_narrowest_bracket_counts) {
  const std::vector<BracketedReading> start = {{0, 5000, 100000}, {100000, 40000, 100010}};
  const std::vector<BracketedReading> middle = {{1350000, 540000, 1350010}};
  const std::vector<BracketedReading> end = {{2600000, 1040000, 2600010}, {2610000, 9, 2699999}};
  const Calibration calibration = calibrate(start, middle, end);
  EXPECT_NEAR(calibration.ticks_per_ns, 2.5, 1e-9);
  EXPECT_NEAR(calibration.error_ppm, 10.0 / 2.5, 1e-6);  // 10 ticks open in 2,500,000
}

TEST(CalibrationTest, halves_that_disagree_show_in_the_error) {
  const std::vector<BracketedReading> start = {{0, 0, 0}};
  const std::vector<BracketedReading> middle = {{1000000, 1000000, 1000000}};
  const std::vector<BracketedReading> end = {{2010000, 2000000, 2010000}};
  EXPECT_NEAR(calibrate(start, middle, end).error_ppm, 5000, 50);
}

TEST(CalibrationTest, time_that_stands_still_is_refused) {
  const std::vector<BracketedReading> now = {{10, 10, 10}};
  EXPECT_THROW((void)calibrate(now, now, now), std::invalid_argument);
  EXPECT_THROW((void)calibrate({}, now, now), std::invalid_argument);
}

TEST(TickScaleTest, is_exact_where_the_rate_is) {
  const TickScale half(0.5), one(1.0), two(2.0), eight(8.0);
  for (const std::uint64_t ticks : {0ULL, 1ULL, 7ULL, 1ULL << 40, (1ULL << 62) + 5}) {
    EXPECT_EQ(one.to_ns(ticks), ticks);
    EXPECT_EQ(two.to_ns(2 * (ticks >> 1)), ticks >> 1);
    EXPECT_EQ(eight.to_ns(8 * (ticks >> 3)), ticks >> 3);
    EXPECT_EQ(half.to_ns(ticks >> 1), 2 * (ticks >> 1));
  }
}

TEST(TickScaleTest, rounds_to_nearest) {
  const TickScale scale(4.0);
  EXPECT_EQ(scale.to_ns(5), 1U);
  EXPECT_EQ(scale.to_ns(6), 2U);
  EXPECT_EQ(scale.to_ns(7), 2U);
}

TEST(TickScaleTest, agrees_with_long_double_to_half_a_nanosecond_over_a_day) {
  std::mt19937_64 random(11);
  for (const double rate : {0.025, 1.0 / 3, 2.4454321, 4.987654321}) {
    const TickScale scale(rate);
    for (int i = 0; i < 1000; ++i) {
      const std::uint64_t ticks = random() % static_cast<std::uint64_t>(rate * 86400e9);
      const long double exact = static_cast<long double>(ticks) / static_cast<long double>(rate);
      EXPECT_LE(std::abs(static_cast<long double>(scale.to_ns(ticks)) - exact), 0.55L);
      EXPECT_NEAR(static_cast<double>(scale.to_ticks(scale.to_ns(ticks))),
                  static_cast<double>(ticks), 1 + rate);
    }
  }
}

TEST(TickScaleTest, an_impossible_rate_is_refused) {
  for (const double rate : {0.0, -1.0, 1e9, std::nan("")}) {
    EXPECT_THROW(TickScale{rate}, std::invalid_argument);
  }
}

TEST(ClockTest, measures_this_machine) {
  const ClockFacts facts = measure_clock(std::chrono::milliseconds(40));
  EXPECT_EQ(facts.method, ticks::kMethod);
  EXPECT_GT(facts.ticks_per_ns, 0.0);
  EXPECT_GT(facts.quantum_ns, 0.0);
  EXPECT_GT(facts.cost_p50_ns, 0.0);
  EXPECT_LE(facts.cost_min_ns, facts.cost_p50_ns);
  EXPECT_LE(facts.cost_p50_ns, facts.cost_p99_ns);
  EXPECT_EQ(to_json(clock_facts_from_json(to_json(facts))), to_json(facts));
}

}  // namespace
}  // namespace ipcmark
