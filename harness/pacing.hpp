// The schedule of an open loop: how many messages, when each is due, and when its sender looks
// around.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/case.hpp"
#include "harness/plan.hpp"
#include "harness/reading.hpp"
#include "harness/time_scale.hpp"

namespace ipcmark {

// Messages of one visit, from the rate and the plan's budget; at most Stage::kMostScheduled.
[[nodiscard]] std::uint64_t paced_messages(const Case& point, const RunSettings& run,
                                           Reading reading, int visits = 1);

// What the schedule of one visit takes, ns, where the channel keeps up.
[[nodiscard]] std::int64_t paced_ns(const Case& point, const RunSettings& run, Reading reading);

// Ticks since the origin at which each message is due, the first at 0; returns when one more would
// be, in ns. Exponential gaps where the schedule is Poisson's.
double fill_schedule(const Case& point, TimeScale scale, std::uint64_t seed,
                     std::span<std::uint64_t> intended);

// Mean gap between a watched sender's looks. A look costs a line's way between CPUs, and only where
// a message has come since the last: no more often than once a message at 1 M/s.
inline constexpr double kMeanLookNs = 1000;

// Exponential gaps of that mean, ticks: few enough to stay in a cache, used over and over.
[[nodiscard]] std::vector<std::uint64_t> look_gaps(std::uint64_t mean_ticks, std::uint64_t seed);

}  // namespace ipcmark
