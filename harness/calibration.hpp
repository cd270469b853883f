// What the injected delay of the null transport costs on a role's own CPU: timed before and after
// it is used.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "transports/delay.hpp"
#include "transports/ticks.hpp"

namespace ipcmark {

inline constexpr std::uint64_t kCalibrationSteps = 10'000;
inline constexpr std::size_t kCalibrationRounds = 200;
// Each round repeats a short chain until it is far above the timer's cost and quantum.
inline constexpr std::uint64_t kStepsPerRound = 20'000;

// Pairs of stamps around `repeats(steps)` chains one after the other.
[[nodiscard]] inline std::uint64_t repeats(std::uint64_t steps) {
  return std::max<std::uint64_t>(1, kStepsPerRound / std::max<std::uint64_t>(steps, 1));
}

// stamps[0] says how often a round repeats the chain; then follow pairs.
inline void time_chain(std::uint64_t steps, std::span<std::uint64_t> stamps) noexcept {
  const std::uint64_t often = repeats(steps);
  stamps[0] = often;
  std::uint64_t link = 3;
  for (std::size_t i = 0; i < kCalibrationRounds; ++i) {
    stamps[1 + 2 * i] = ticks::now();
    for (std::uint64_t repeat = 0; repeat < often; ++repeat) delay_chain(link, steps);
    stamps[2 + 2 * i] = ticks::now();
  }
}

// ns of one chain: the median round.
[[nodiscard]] inline double median_chain_ns(std::span<const std::uint64_t> stamps,
                                            double ticks_per_ns) {
  std::vector<std::uint64_t> rounds;
  for (std::size_t i = 0; i < kCalibrationRounds; ++i)
    rounds.push_back(stamps[2 + 2 * i] - stamps[1 + 2 * i]);
  std::ranges::nth_element(rounds, rounds.begin() + kCalibrationRounds / 2);
  return static_cast<double>(rounds[kCalibrationRounds / 2]) / static_cast<double>(stamps[0]) /
         ticks_per_ns;
}

}  // namespace ipcmark
