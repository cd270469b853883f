#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

namespace ipcmark {

// What a run must say of its clock (`manifest.json`, `clock`).
struct ClockFacts {
  std::string method = {};  // the instructions of one read
  double ticks_per_ns = 0;  // calibrated against CLOCK_MONOTONIC_RAW
  double quantum_ns = 0;    // the step readings move by; some guests' counters step by 10 ns
  double cost_min_ns = 0;   // of one read, as the mean of 16 in a row, so that
  double cost_p50_ns = 0;   // a coarse quantum does not hide it
  double cost_p99_ns = 0;
  double calibration_error_ppm = 0;  // see Calibration
};

[[nodiscard]] nlohmann::json to_json(const ClockFacts& facts);
// Throws nlohmann::json::exception when a field is missing.
[[nodiscard]] ClockFacts clock_facts_from_json(const nlohmann::json& object);

// Thresholds of METHOD's section on time.
inline constexpr double kCalibrationWarnPpm = 200;
inline constexpr double kCalibrationRefusePpm = 5000;

// Measures the clock on the calling thread, for `calibration` and some milliseconds. A run does it
// once, with at least a second; tests pass less. Throws std::system_error ("clock_gettime").
[[nodiscard]] ClockFacts measure_clock(std::chrono::nanoseconds calibration);

// Ticks to nanoseconds, rounded to nearest, by a 128-bit product with 2^-52 of a nanosecond as the
// unit: the factor is off by at most half a unit, i.e. by 1e-15 relative at 5 ticks a ns, less than
// the double it came from; no tick count overflows. Holds no state: copy it into loops.
class TickScale {
 public:
  // Throws std::invalid_argument unless 1/4096 < ticks_per_ns < 4096.
  explicit TickScale(double ticks_per_ns);

  [[nodiscard]] std::uint64_t to_ns(std::uint64_t ticks) const noexcept {
    const Wide half = Wide{1} << (kShift - 1);
    return static_cast<std::uint64_t>((Wide{ticks} * unit_ + half) >> kShift);
  }
  [[nodiscard]] std::uint64_t to_ticks(std::uint64_t ns) const noexcept;

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr int kShift = 52;

  std::uint64_t unit_;  // 2^52 / ticks_per_ns
  double ticks_per_ns_;
};

// One reading of the reference clock between two of ours.
struct BracketedReading {
  std::uint64_t ticks_before = 0;
  std::uint64_t reference_ns = 0;
  std::uint64_t ticks_after = 0;
};

struct Calibration {
  double ticks_per_ns = 0;
  // The larger of what the brackets leave open and half of what the two halves disagree by.
  double error_ppm = 0;
};

// The rate from several readings at the start, in the middle and at the end; of each group the
// narrowest bracket counts, since whatever widens one (an interrupt, a stolen CPU) spoils it.
// Throws std::invalid_argument when a group is empty or time does not advance.
[[nodiscard]] Calibration calibrate(std::span<const BracketedReading> start,
                                    std::span<const BracketedReading> middle,
                                    std::span<const BracketedReading> end);

// The step of a counter, in ticks, from consecutive readings taken at irregular distances: the
// greatest common divisor of the differences or, where the true step is no whole number (a guest's
// counter of 10 ns steps shown in ticks), the largest step that all short differences are
// multiples of within rounding; no less than the smallest difference where many readings are equal.
// 0 when nothing stepped.
[[nodiscard]] double quantum_ticks(std::span<const std::uint64_t> readings);

}  // namespace ipcmark
