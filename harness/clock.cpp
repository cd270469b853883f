#include "harness/clock.hpp"

#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "transports/ticks.hpp"

namespace ipcmark {
namespace {

constexpr int kBrackets = 64;
constexpr int kQuantumReadings = 8192;
constexpr int kCostBatches = 4096;
constexpr std::uint64_t kFewestReads = 16, kMostReads = 1 << 16;
constexpr double kQuantaPerBatch = 16;

std::uint64_t reference_ns() {
  timespec time{};
  if (::clock_gettime(CLOCK_MONOTONIC_RAW, &time) != 0) {
    throw std::system_error(errno, std::generic_category(), "clock_gettime");
  }
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

std::vector<BracketedReading> bracketed_readings() {
  std::vector<BracketedReading> readings(kBrackets);
  for (BracketedReading& reading : readings) {
    reading.ticks_before = ticks::now();
    reading.reference_ns = reference_ns();
    reading.ticks_after = ticks::now();
  }
  return readings;
}

std::uint64_t width(const BracketedReading& reading) {
  return reading.ticks_after - reading.ticks_before;
}

const BracketedReading& narrowest(std::span<const BracketedReading> readings) {
  if (readings.empty()) throw std::invalid_argument("calibrate: no readings");
  return *std::min_element(readings.begin(), readings.end(),
                           [](const auto& a, const auto& b) { return width(a) < width(b); });
}

// Ticks a nanosecond between two readings, each taken for the middle of its bracket.
double rate(const BracketedReading& a, const BracketedReading& b) {
  if (b.reference_ns <= a.reference_ns || b.ticks_before <= a.ticks_before) {
    throw std::invalid_argument("calibrate: time does not advance");
  }
  const double shift = (static_cast<double>(width(b)) - static_cast<double>(width(a))) / 2;
  const double elapsed = static_cast<double>(b.ticks_before - a.ticks_before) + shift;
  return elapsed / static_cast<double>(b.reference_ns - a.reference_ns);
}

Calibration calibrated_for(std::chrono::nanoseconds duration) {
  const auto start = bracketed_readings();
  std::this_thread::sleep_for(duration / 2);
  const auto middle = bracketed_readings();
  std::this_thread::sleep_for(duration / 2);
  return calibrate(start, middle, bracketed_readings());
}

// Irregular work between the reads: at a regular distance a counter that steps by 24 and one that
// steps by 1 can look alike.
std::vector<std::uint64_t> irregular_readings() {
  std::vector<std::uint64_t> readings(kQuantumReadings);
  std::uint32_t random = 1;
  for (std::uint64_t& reading : readings) {
    random = random * 1664525 + 1013904223;
    for (std::uint32_t i = random >> 23; i != 0; --i) asm volatile("" : "+r"(i));
    reading = ticks::now();
  }
  return readings;
}

double ticks_of(std::uint64_t reads) {
  const std::uint64_t start = ticks::now();
  std::uint64_t end = start;
  for (std::uint64_t i = 0; i < reads; ++i) end = ticks::now();
  return static_cast<double>(end - start);
}

// Mean ticks of a read in each batch, ascending. A batch outlasts several steps of the counter: one
// that is shorter than a step takes no time at all, or all of the step's.
std::vector<double> read_costs(double quantum) {
  std::uint64_t reads = kFewestReads;
  while (reads < kMostReads && ticks_of(reads) < kQuantaPerBatch * quantum) reads *= 2;
  std::vector<double> costs(kCostBatches);
  for (double& cost : costs) cost = ticks_of(reads) / static_cast<double>(reads);
  std::sort(costs.begin(), costs.end());
  return costs;
}

}  // namespace

ClockFacts measure_clock(std::chrono::nanoseconds calibration) {
  const Calibration measured = calibrated_for(calibration);
  const double quantum = quantum_ticks(irregular_readings());
  const std::vector<double> costs = read_costs(quantum);
  const auto ns = [&](double ticks) { return ticks / measured.ticks_per_ns; };
  return {.method = std::string(ticks::kMethod),
          .ticks_per_ns = measured.ticks_per_ns,
          .quantum_ns = ns(quantum),
          .cost_min_ns = ns(costs.front()),
          .cost_p50_ns = ns(costs[costs.size() / 2]),
          .cost_p99_ns = ns(costs[costs.size() * 99 / 100]),
          .calibration_error_ppm = measured.error_ppm};
}

Calibration calibrate(std::span<const BracketedReading> start,
                      std::span<const BracketedReading> middle,
                      std::span<const BracketedReading> end) {
  const BracketedReading& first = narrowest(start);
  const BracketedReading& between = narrowest(middle);
  const BracketedReading& last = narrowest(end);
  const double whole = rate(first, last);
  const double open = static_cast<double>(width(first) + width(last)) / 2 /
                      static_cast<double>(last.ticks_before - first.ticks_before);
  const double halves = std::abs(rate(first, between) - rate(between, last)) / whole / 2;
  return {.ticks_per_ns = whole, .error_ppm = 1e6 * std::max(open, halves)};
}

TickScale::TickScale(double ticks_per_ns) : unit_(0), ticks_per_ns_(ticks_per_ns) {
  if (!(ticks_per_ns > 1.0 / 4096 && ticks_per_ns < 4096)) {
    throw std::invalid_argument("clock: impossible rate of " + std::to_string(ticks_per_ns) +
                                " ticks per ns");
  }
  unit_ = static_cast<std::uint64_t>(std::round(std::ldexp(1.0 / ticks_per_ns, kShift)));
}

std::uint64_t TickScale::to_ticks(std::uint64_t ns) const noexcept {
  return static_cast<std::uint64_t>(std::llround(static_cast<double>(ns) * ticks_per_ns_));
}

nlohmann::json to_json(const ClockFacts& facts) {
  return {{"method", facts.method},
          {"ticks_per_ns", facts.ticks_per_ns},
          {"quantum_ns", facts.quantum_ns},
          {"cost_min_ns", facts.cost_min_ns},
          {"cost_p50_ns", facts.cost_p50_ns},
          {"cost_p99_ns", facts.cost_p99_ns},
          {"calibration_error_ppm", facts.calibration_error_ppm}};
}

ClockFacts clock_facts_from_json(const nlohmann::json& object) {
  return {.method = object.at("method"),
          .ticks_per_ns = object.at("ticks_per_ns"),
          .quantum_ns = object.at("quantum_ns"),
          .cost_min_ns = object.at("cost_min_ns"),
          .cost_p50_ns = object.at("cost_p50_ns"),
          .cost_p99_ns = object.at("cost_p99_ns"),
          .calibration_error_ppm = object.at("calibration_error_ppm")};
}

}  // namespace ipcmark
