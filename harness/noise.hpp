#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "harness/clock.hpp"

namespace ipcmark {

// A gap between two readings of the clock longer than this was not the loop's: an interrupt,
// another task or the host had the CPU.
inline constexpr std::uint64_t kNoiseGapNs = 1'000;

// What a loop that does nothing but read the clock saw (`noise` in the manifest's probes).
struct NoiseReport {
  int cpu = -1;
  std::uint64_t gaps = 0;        // longer than kNoiseGapNs
  std::uint64_t longest_ns = 0;  // of the gaps; 0 if none
  double stolen_ppm = 0;         // time in gaps per time watched
};

[[nodiscard]] nlohmann::json to_json(const NoiseReport& report);

// Collects gaps from consecutive readings, one at a time: a second of them would not fit into
// memory. Pure arithmetic, so that it can be fed with invented readings.
class GapCounter {
 public:
  GapCounter(std::uint64_t first_reading, std::uint64_t longer_than_ticks) noexcept
      : first_(first_reading), last_(first_reading), threshold_(longer_than_ticks) {}

  void see(std::uint64_t reading) noexcept {
    const std::uint64_t gap = reading - last_;
    last_ = reading;
    if (gap > threshold_) [[unlikely]]
      add(gap);
  }

  [[nodiscard]] std::uint64_t watched_ticks() const noexcept { return last_ - first_; }

  // Ticks as nanoseconds; `cpu` as given.
  [[nodiscard]] NoiseReport report(int cpu, const TickScale& scale) const noexcept;

 private:
  void add(std::uint64_t gap) noexcept;

  std::uint64_t first_;
  std::uint64_t last_;
  std::uint64_t threshold_;
  std::uint64_t gaps_ = 0;
  std::uint64_t longest_ = 0;
  std::uint64_t stolen_ = 0;
};

// Binds the calling thread to `cpu` for good and watches it for `duration`. Throws
// std::system_error when the CPU cannot be had.
[[nodiscard]] NoiseReport probe_noise(int cpu, std::chrono::nanoseconds duration,
                                      const TickScale& scale);

}  // namespace ipcmark
