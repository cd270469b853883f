// A rung of an open loop: its times, counted from when messages were due; of a watched one also
// Little's law, and what its driver costs.
#include <algorithm>
#include <cmath>

#include "harness/driver_cost.hpp"
#include "harness/little.hpp"
#include "harness/pacing.hpp"
#include "harness/rung.hpp"

namespace ipcmark {

void RungMeter::take_schedule(Reports reports, const Stage& stage) {
  const std::uint64_t count = last_.steps[0].job.messages;
  const auto intended = stage.schedule().first(count);
  const auto sent = handed_over(stage);
  const auto arrived = stage.stamps(Role::server).first(count);
  auto& response = result_.histograms["response_ns"];
  auto& lag = result_.histograms[point_.batch == 1 ? "send_lag_ns" : "wait_ns"];
  const auto since = [&](std::uint64_t later, std::uint64_t earlier) {
    return later <= earlier ? 0 : static_cast<std::uint64_t>(std::llround(to_ns(later - earlier)));
  };
  for (std::uint64_t i = 0; i < count; ++i) {
    response.record(since(arrived[i], intended[i]));
    lag.record(since(sent[i], intended[i]));
  }
  const double sends = static_cast<double>(count - 1);
  const double offered = sends / to_ns(intended.back() - intended.front()) * 1e9;
  // From the first intended send to the last arrival, less what the last message waited for its
  // batch on purpose.
  const double late = to_ns(std::max(sent.back(), intended.back()) - intended.back());
  const double held =
      point_.flush_ns == kNever ? 0 : std::min(late, static_cast<double>(point_.flush_ns));
  const double taken = to_ns(std::max(arrived.back(), intended.back()) - intended.front()) - held;
  const double achieved = sends / taken * 1e9;
  result_.values["offered_per_s"] = offered;
  result_.values["achieved_per_s"] = achieved;
  result_.values["overloaded"] = achieved < 0.99 * offered ? 1 : 0;
  result_.values["flushes"] += static_cast<double>(reports[0].steps[0].flushes);
  result_.messages += count;
  result_.values["batch_fill"] = static_cast<double>(result_.messages) / result_.values["flushes"];
  result_.values["cpu_ns_per_message"] =
      static_cast<double>(reports[0].steps[0].cpu_ns + reports[1].steps[0].cpu_ns) /
      static_cast<double>(count);
  result_.values["receiver_cpu_ns_per_message"] =
      static_cast<double>(reports[1].steps[0].cpu_ns) / static_cast<double>(count);
  if (point_.poll_interval_ns != 0) take_looks(reports[1].steps[0]);
  if (last_.steps[0].watched()) take_watched(reports, stage);
}

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
