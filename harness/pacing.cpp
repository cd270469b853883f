#include "harness/pacing.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "harness/rendezvous.hpp"

namespace ipcmark {

namespace {

// An open loop lasts this many batch-phase budgets: its percentiles need messages, its rate fixes
// their number.
constexpr double kPaceBudgets = 5;
constexpr std::uint64_t kFewestPaced = 200;
// Of a load curve: its idle end, 10 ms between messages, is read by its median alone.
constexpr std::uint64_t kFewestOfLoad = 50;
constexpr std::uint64_t kFewestBatches = 4;  // of those that fill, else how they do does not show
constexpr std::size_t kGaps = 1024;

double rate_of(const Case& point) {
  return static_cast<double>(std::max<std::uint64_t>(point.rate_per_s, 1));
}

}  // namespace

// Whole batches, where there are several: what is left of one at the end of a schedule leaves
// early.
std::uint64_t paced_messages(const Case& point, const RunSettings& run, Reading reading,
                             int visits) {
  const double wanted =
      rate_of(point) * kPaceBudgets * static_cast<double>(run.measure_ns) / 1e9 / visits;
  const double due =
      rate_of(point) * static_cast<double>(point.flush_ns) / 1e9;  // while a timer runs
  const double filled = std::min(static_cast<double>(point.batch), 1 + due);
  const std::uint64_t least = reading == Reading::under_way ? kFewestOfLoad : kFewestPaced;
  const double fewest =
      std::max(static_cast<double>(least), static_cast<double>(kFewestBatches) * filled);
  const auto most = static_cast<double>(Stage::kMostScheduled);
  const auto count = static_cast<std::uint64_t>(std::min(std::max(wanted, fewest), most));
  return count < point.batch ? count : count - count % point.batch;
}

std::int64_t paced_ns(const Case& point, const RunSettings& run, Reading reading) {
  const auto count = static_cast<double>(paced_messages(point, run, reading));
  return static_cast<std::int64_t>(count / rate_of(point) * 1e9);
}

double fill_schedule(const Case& point, TimeScale scale, std::uint64_t seed,
                     std::span<std::uint64_t> intended) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> gap(rate_of(point));
  double at_s = 0;
  for (std::uint64_t& due : intended) {
    due = static_cast<std::uint64_t>(at_s * 1e9 * scale.ticks_per_ns);
    at_s += point.schedule == Schedule::poisson ? gap(random) : 1 / rate_of(point);
  }
  return at_s * 1e9;
}

std::vector<std::uint64_t> look_gaps(std::uint64_t mean_ticks, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> gap(1 / static_cast<double>(mean_ticks));
  std::vector<std::uint64_t> gaps(kGaps);
  for (std::uint64_t& ticks : gaps) ticks = static_cast<std::uint64_t>(gap(random));
  return gaps;
}

}  // namespace ipcmark
