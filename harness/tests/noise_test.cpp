#include "harness/noise.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "harness/binding.hpp"

namespace ipcmark {
namespace {

TEST(GapCounterTest, counts_what_is_longer_than_the_threshold) {
  GapCounter counter(1000, 100);
  for (const std::uint64_t reading : {1050, 1150, 1251, 1300, 2300, 11000}) counter.see(reading);
  const NoiseReport report = counter.report(3, TickScale(2.0));
  EXPECT_EQ(report.cpu, 3);
  EXPECT_EQ(report.gaps, 3U) << "101, 1000 and 8700 ticks; 100 is not longer";
  EXPECT_EQ(report.longest_ns, 4350U);
  EXPECT_DOUBLE_EQ(report.stolen_ppm, 1e6 * (101 + 1000 + 8700) / 10000);
  EXPECT_EQ(counter.watched_ticks(), 10000U);
}

TEST(GapCounterTest, a_quiet_cpu_has_none) {
  GapCounter counter(0, 100);
  for (std::uint64_t reading = 50; reading < 10000; reading += 50) counter.see(reading);
  const auto report = to_json(counter.report(0, TickScale(1.0)));
  EXPECT_EQ(report,
            nlohmann::json({{"cpu", 0}, {"gaps", 0}, {"longest_ns", 0}, {"stolen_ppm", 0.0}}));
}

TEST(GapCounterTest, nothing_watched_is_nothing_stolen) {
  EXPECT_EQ(GapCounter(7, 1).report(0, TickScale(1.0)).stolen_ppm, 0.0);
}

TEST(NoiseTest, watches_a_cpu) {
  const int cpu = bound_cpus().front();
  const TickScale scale(measure_clock(std::chrono::milliseconds(10)).ticks_per_ns);
  std::thread([&] {
    const NoiseReport report = probe_noise(cpu, std::chrono::milliseconds(20), scale);
    EXPECT_EQ(report.cpu, cpu);
    EXPECT_GE(report.stolen_ppm, 0.0);
    EXPECT_LE(report.stolen_ppm, 1e6);
    EXPECT_THROW((void)probe_noise(8191, std::chrono::milliseconds(1), scale), std::system_error);
  }).join();
}

}  // namespace
}  // namespace ipcmark
