// quantum_ticks(): apart from the rest of clock.hpp because it is an algorithm and reads no clock.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "harness/clock.hpp"

namespace ipcmark {
namespace {

// Differences up to this many times the smallest one are used: further away, a small error of the
// step adds up to more than a tick.
constexpr std::uint64_t kFurthest = 64;
// A step below this is not told from rounding: with a tolerance of a tick on both sides, three of
// four numbers would fit by chance.
constexpr double kSmallestStep = 4;
// So many different multiples must be seen before a fractional step is believed.
constexpr std::size_t kMultiplesNeeded = 8;

// A counter that stood still between so many of the readings steps by more than a reading takes.
constexpr double kStandsStill = 0.05;

// Both readings are rounded down, so a difference is less than a tick off its multiple.
bool fits(const std::vector<double>& differences, double step) {
  return std::all_of(differences.begin(), differences.end(), [step](double difference) {
    return std::abs(difference - step * std::round(difference / step)) <= 1.0;
  });
}

bool well_supported(const std::vector<double>& differences, double step) {
  std::vector<double> multiples;
  for (const double difference : differences) multiples.push_back(std::round(difference / step));
  std::sort(multiples.begin(), multiples.end());
  const auto end = std::unique(multiples.begin(), multiples.end());
  return static_cast<std::size_t>(end - multiples.begin()) >= kMultiplesNeeded;
}

// The middle of the first range of fitting steps around smallest/divisor, or 0.
double fitting_step(const std::vector<double>& differences, double divisor) {
  const double smallest = differences.front();
  const double low = (smallest - 1) / divisor;
  const double high = (smallest + 1) / divisor;
  // Fine enough that the furthest multiple moves by a quarter of a tick.
  const double grain = 0.25 / (differences.back() / low);
  double first = 0;
  double last = 0;
  for (double step = high; step >= low; step -= grain) {
    if (fits(differences, step)) {
      if (first == 0) first = step;
      last = step;
    } else if (first != 0) {
      break;
    }
  }
  return (first + last) / 2;
}

// Least squares over the multiples: the middle of a fitting range is only roughly the step.
double refined(const std::vector<double>& differences, double step) {
  double products = 0;
  double squares = 0;
  for (const double difference : differences) {
    const double multiple = std::round(difference / step);
    products += difference * multiple;
    squares += multiple * multiple;
  }
  return products / squares;
}

double fractional_step(const std::vector<double>& differences) {
  for (double divisor = 1; differences.front() / divisor >= kSmallestStep; ++divisor) {
    const double step = fitting_step(differences, divisor);
    if (step >= kSmallestStep && well_supported(differences, step)) {
      return refined(differences, step);
    }
  }
  return 0;
}

std::vector<std::uint64_t> distinct_steps(std::span<const std::uint64_t> readings) {
  std::vector<std::uint64_t> steps;
  for (std::size_t i = 1; i < readings.size(); ++i) {
    if (readings[i] > readings[i - 1]) steps.push_back(readings[i] - readings[i - 1]);
  }
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

bool stands_still(std::span<const std::uint64_t> readings) {
  std::size_t still = 0;
  for (std::size_t i = 1; i < readings.size(); ++i) still += readings[i] == readings[i - 1] ? 1 : 0;
  return static_cast<double>(still) > kStandsStill * static_cast<double>(readings.size());
}

}  // namespace

double quantum_ticks(std::span<const std::uint64_t> readings) {
  const std::vector<std::uint64_t> steps = distinct_steps(readings);
  if (steps.empty()) return 0;
  std::uint64_t divisor = 0;
  for (const std::uint64_t step : steps) divisor = std::gcd(divisor, step);
  std::vector<double> near;
  for (const std::uint64_t step : steps) {
    if (step <= kFurthest * steps.front()) near.push_back(static_cast<double>(step));
  }
  const double whole = static_cast<double>(divisor);
  const double fractional = fractional_step(near);
  const double step = fractional > 1.5 * whole ? fractional : whole;
  // By turns 62 and 63, say: few multiples of a step that is no whole number, and no divisor.
  const auto smallest = static_cast<double>(steps.front());
  return stands_still(readings) ? std::max(step, smallest) : step;
}

}  // namespace ipcmark
