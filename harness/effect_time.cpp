#include "harness/effect_time.hpp"

#include "harness/shootdown_plan.hpp"

namespace ipcmark {

namespace {

// Of a probe, and of what the roles and the coordinator say to each other.
constexpr std::int64_t kTalkNs = 1'000'000;

// Seen on two shared vCPUs: a round of a litmus test whose orders cost something, one update of a
// stack (twice round at least), a child that follows a list.
constexpr std::int64_t kLitmusNs = 500;
constexpr std::int64_t kUpdatesNs = 2 * 6;
constexpr std::int64_t kFollowersNs = 16 * 1'000'000;
constexpr std::int64_t kPageOfListNs = 48 * 64 * 50;  // before each window and by each child

std::int64_t least_ns(Reading reading, const Case& point) {
  if (reading == Reading::publication) return static_cast<std::int64_t>(point.rounds) * kLitmusNs;
  if (reading == Reading::hops) {
    return kFollowersNs + static_cast<std::int64_t>(point.working_pages) * kPageOfListNs;
  }
  const bool round = point.structure == Structure::stalled_pop && point.counter_bits < 32;
  return round ? (std::int64_t{1} << point.counter_bits) * kUpdatesNs : 0;
}

}  // namespace

std::int64_t effect_ns(Reading reading, const Case& point, const RunSettings& run) {
  if (reading == Reading::shootdowns) return kTalkNs + shootdown_plan::expected_ns(point, run);
  const bool pairs_and_storms = point.structure == Structure::stack;
  const auto budget =
      static_cast<std::int64_t>(run.measure_ns * (pairs_and_storms ? 2 : 1) + run.operations_ns);
  if (point.rounds != 0) return kTalkNs + least_ns(reading, point);
  return kTalkNs + budget + least_ns(reading, point);
}

}  // namespace ipcmark
