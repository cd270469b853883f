#include "harness/known_delay.hpp"

#include "harness/calibration.hpp"

namespace ipcmark {

void KnownDelay::inject(std::size_t rung, RungMeter& meter) {
  const double step_ns = director_.chain_ns(kCalibrationSteps) / kCalibrationSteps;
  steps_ = static_cast<std::uint64_t>(static_cast<double>(meter.point().delay_ns) / step_ns);
  achieved_before_ns_ = director_.chain_ns(steps_);
  director_.reshape(rung, meter, steps_);
}

void KnownDelay::note(RungMeter& meter) {
  auto& values = meter.result().values;
  values["delay_requested_ns"] = static_cast<double>(meter.point().delay_ns);
  values["delay_achieved_ns"] = (achieved_before_ns_ + director_.chain_ns(steps_)) / 2;
}

}  // namespace ipcmark
