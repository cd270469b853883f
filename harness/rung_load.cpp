// What a watched open loop tells beyond its times: Little's law, and what its driver costs.
#include "harness/driver_cost.hpp"
#include "harness/little.hpp"
#include "harness/pacing.hpp"
#include "harness/rung.hpp"

namespace ipcmark {

// Of a watched step each second stamp is that of a send's return.
std::vector<std::uint64_t> RungMeter::handed_over(const Stage& stage) const {
  const Step& step = last_.steps[0];
  const std::size_t each = step.watched() ? 2 : 1;
  const auto stamps = stage.stamps(Role::client).first(each * step.job.messages);
  std::vector<std::uint64_t> sent;
  for (std::size_t i = 0; i < stamps.size(); i += each) sent.push_back(stamps[i]);
  return sent;
}

Order RungMeter::dry() const {
  Order order{.kind = Order::Kind::dry, .step_count = 1};
  order.steps[0].job = job(kDryMessages, 1);
  return order;
}

void RungMeter::take_dry(const Report& report) {
  result_.values["driver_ns_per_message"] =
      to_ns(report.work_ticks) / static_cast<double>(kDryMessages);
}

void RungMeter::leave_out_one_way() {
  result_.histograms.erase("response_ns");
  for (const char* name : {"under_way", "under_way_expected", "little_residual", "little_error"}) {
    result_.values.erase(name);
  }
}

void RungMeter::take_watched(Reports reports, const Stage& stage) {
  const std::uint64_t count = last_.steps[0].job.messages;
  const auto sends = stage.stamps(Role::client).first(2 * count);
  std::uint64_t in_sends = 0;
  for (std::size_t i = 0; i < sends.size(); i += 2) in_sends += sends[i + 1] - sends[i];
  result_.values["send_ns_per_message"] = to_ns(in_sends) / static_cast<double>(count);
  const StepReport& step = reports[0].steps[0];
  if (step.away > Stage::kMostAways) return;  // nobody knows any more when it could look
  const auto little = check_little({.sends = sends,
                                    .arrived = stage.stamps(Role::server).first(count),
                                    .aways = stage.aways().first(2 * step.away)},
                                   {step.looks, step.seen, step.seen_squares});
  if (!little) return;
  result_.values["under_way"] = little->seen;
  result_.values["under_way_expected"] = little->expected;
  result_.values["little_residual"] = little->residual;
  result_.values["little_error"] = little->error;
}

}  // namespace ipcmark
