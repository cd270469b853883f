#include "harness/effect_time.hpp"

#include "harness/shootdown_plan.hpp"

namespace ipcmark {

namespace {

// Of a probe, and of what the roles and the coordinator say to each other.
constexpr std::int64_t kTalkNs = 3'000'000;

}  // namespace

std::int64_t effect_ns(Reading reading, const Case& point, const RunSettings& run) {
  const auto budget = static_cast<std::int64_t>(run.measure_ns + run.operations_ns);
  return kTalkNs +
         (reading == Reading::shootdowns ? shootdown_plan::expected_ns(point, run) : budget);
}

}  // namespace ipcmark
