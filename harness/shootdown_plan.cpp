#include "harness/shootdown_plan.hpp"

#include <algorithm>

namespace ipcmark::shootdown_plan {

namespace {

constexpr std::uint64_t kFewestBlows = 100;
constexpr std::uint64_t kMostBlows = 8192;
constexpr double kTouchNs = 500;  // a page that is touched again, for the plan
constexpr std::uint64_t kFewestTurns = 6;
constexpr std::uint64_t kFewestAlone = 32, kMostAlone = 256;
constexpr double kPeriodsAWindow = 8;
constexpr double kNothingDueNs = 1e15;

// What a blow takes, for the plan: an interrupt; a disk; a huge page that is copied together.
double blow_ns(Trigger trigger) {
  if (trigger == Trigger::writeback) return 1'000'000;
  return trigger == Trigger::collapse ? 2'000'000 : 15'000;
}

}  // namespace

double turn_ns(const Case& point) {
  return blow_ns(point.trigger) +
         kTouchNs * static_cast<double>(point.flush_pages) *
             static_cast<double>(std::max<std::uint64_t>(point.mappings, 1));
}

std::uint64_t blows(const Case& point, const RunSettings& run) {
  const double fit = static_cast<double>(run.measure_ns) / turn_ns(point);
  return static_cast<std::uint64_t>(
      std::clamp(fit, static_cast<double>(kFewestBlows), static_cast<double>(kMostBlows)));
}

double period_ns(const Case& point) {
  if (point.trigger == Trigger::none) return kNothingDueNs;
  return point.trigger_rate_per_s == 0 ? 0 : 1e9 / static_cast<double>(point.trigger_rate_per_s);
}

std::uint64_t turns(const RunSettings& run) {
  return std::max<std::uint64_t>(run.windows / 4, kFewestTurns);
}

// A window in which no blow falls says nothing about blows.
double window_ns(const Case& point, const RunSettings& run) {
  const double budget = static_cast<double>(run.measure_ns) / 2 / static_cast<double>(turns(run));
  return point.trigger == Trigger::none ? budget
                                        : std::max(budget, kPeriodsAWindow * period_ns(point));
}

std::uint64_t alone(const Case& point, const RunSettings& run) {
  const double fit = static_cast<double>(run.measure_ns) / 2 / std::max(period_ns(point), 1.0);
  return static_cast<std::uint64_t>(
      std::clamp(fit, static_cast<double>(kFewestAlone), static_cast<double>(kMostAlone)));
}

std::int64_t expected_ns(const Case& point, const RunSettings& run) {
  if (point.victim != Victim::traffic) {
    return static_cast<std::int64_t>(static_cast<double>(blows(point, run)) * turn_ns(point));
  }
  const bool alone_too = point.trigger != Trigger::none;
  const double ns =
      2 * static_cast<double>(turns(run)) * window_ns(point, run) +
      (alone_too ? static_cast<double>(alone(point, run)) * (period_ns(point) + turn_ns(point))
                 : 0);
  return static_cast<std::int64_t>(ns);
}

}  // namespace ipcmark::shootdown_plan
