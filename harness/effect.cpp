#include "harness/effect.hpp"

#include "harness/calibration.hpp"
#include "harness/contention.hpp"
#include "harness/launch.hpp"
#include "harness/shootdown.hpp"

namespace ipcmark {

namespace {

// As of a launch's other phases: this much longer than promised, besides the fixed deadline.
constexpr std::int64_t kEffectPatience = 20;
// Of a probe, and of what the roles and the coordinator say to each other.
constexpr std::int64_t kTalkNs = 3'000'000;

}  // namespace

std::int64_t Director::deadline(std::int64_t expected_ns) const {
  return static_cast<std::int64_t>(spec_.settings.phase_deadline_ns) +
         kEffectPatience * expected_ns;
}

std::vector<Report> Director::tell_all(const Order& order, Phase phase, std::int64_t expected_ns) {
  return cast_.tell_all(order, phase, deadline(expected_ns));
}

Report Director::tell(Role role, const Order& order, Phase phase, std::int64_t expected_ns) {
  const std::size_t who = cast_.first(role);
  return cast_.tell({who}, order, phase, deadline(expected_ns))[who];
}

std::uint64_t Director::chain_steps(std::uint64_t ns) {
  if (ns == 0) return 0;
  if (step_ns_ == 0) {
    tell(Role::client, {.kind = Order::Kind::chain, .delay_steps = kCalibrationSteps},
         Phase::calibrate);
    step_ns_ = median_chain_ns(stage_.stamps(Role::client), spec_.scale.ticks_per_ns) /
               static_cast<double>(kCalibrationSteps);
  }
  return static_cast<std::uint64_t>(static_cast<double>(ns) / step_ns_);
}

double Director::to_ns(std::uint64_t ticks) const {
  return static_cast<double>(ticks) / spec_.scale.ticks_per_ns;
}

std::string effect_refusal(Reading reading, const Case& point) {
  if (reading == Reading::contention) return contention_refusal(point);
  return reading == Reading::shootdowns ? shootdown_refusal(point) : "";
}

std::int64_t effect_ns(Reading reading, const Case& point, const RunSettings& run) {
  const auto budget = static_cast<std::int64_t>(run.measure_ns + run.operations_ns);
  return kTalkNs + (reading == Reading::shootdowns ? shootdown_ns(point, run) : budget);
}

std::unique_ptr<Effect> effect_of(const LaunchSpec& spec) {
  if (spec.reading == Reading::contention) return contention(spec);
  if (spec.reading == Reading::shootdowns) return shootdowns(spec);
  return nullptr;
}

}  // namespace ipcmark
