#include "harness/director.hpp"

#include "harness/calibration.hpp"
#include "harness/claims.hpp"
#include "harness/launch.hpp"
#include "transports/ticks.hpp"

namespace ipcmark {

std::int64_t phase_deadline_ns(const RunSettings& run, std::int64_t expected_ns) {
  return static_cast<std::int64_t>(run.phase_deadline_ns) + kPatience * expected_ns;
}

std::int64_t Director::deadline(std::int64_t expected_ns) const {
  return phase_deadline_ns(spec_.settings, expected_ns);
}

std::vector<Report> Director::tell_all(const Order& order, Phase phase, std::int64_t expected_ns) {
  return cast_.tell_all(order, phase, deadline(expected_ns));
}

Report Director::tell(Role role, const Order& order, Phase phase, std::int64_t expected_ns) {
  const std::size_t who = cast_.first(role);
  return cast_.tell({who}, order, phase, deadline(expected_ns))[who];
}

void Director::tell_home_first(Role home, const Order& order, Phase phase) {
  const std::size_t first = cast_.first(home);
  cast_.tell({first}, order, phase, deadline());
  cast_.tell(cast_.all_but(first), order, phase, deadline());
}

std::vector<Report> Director::perform(const Order& order, Phase phase, std::int64_t expected_ns) {
  if (order.steps[0].part == Part::deal) stage_.clear_flows();
  const std::uint64_t before = ticks::now();
  auto reports = tell_all(order, phase, expected_ns);
  require_within(order, reports, ticks::now() - before, spec_.scale);
  return reports;
}

std::vector<Report> Director::reshape(std::size_t rung, RungMeter& meter,
                                      std::uint64_t delay_steps) {
  const Order order{.kind = Order::Kind::reshape,
                    .rung = static_cast<std::uint32_t>(rung),
                    .delay_steps = delay_steps};
  const std::size_t home = cast_.first(spec_.rungs[rung].home);
  const auto patience = deadline(meter.probe_ns());  // it touches what is sent
  const auto first = cast_.tell({home}, order, Phase::reshape, patience);
  auto reports = cast_.tell(cast_.all_but(home), order, Phase::reshape, patience);
  meter.take_shapes(first), meter.take_shapes(reports);
  reports[home] = first[home];
  return reports;
}

double Director::chain_ns(std::uint64_t steps) {
  tell(Role::client, {.kind = Order::Kind::chain, .delay_steps = steps}, Phase::calibrate);
  return median_chain_ns(stage_.stamps(Role::client), spec_.scale.ticks_per_ns);
}

std::uint64_t Director::chain_steps(std::uint64_t ns) {
  if (ns == 0) return 0;
  if (step_ns_ == 0) {
    step_ns_ = chain_ns(kCalibrationSteps) / static_cast<double>(kCalibrationSteps);
  }
  return static_cast<std::uint64_t>(static_cast<double>(ns) / step_ns_);
}

double Director::to_ns(std::uint64_t ticks) const {
  return static_cast<double>(ticks) / spec_.scale.ticks_per_ns;
}

}  // namespace ipcmark
