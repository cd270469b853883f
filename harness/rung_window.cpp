// A rung whose client keeps several messages out: how many each phase takes, what came of them, and
// whether the channel holds as many at all.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/cast.hpp"
#include "harness/rung.hpp"
#include "transports/registered.hpp"

namespace ipcmark {

namespace {

constexpr std::uint64_t kFewestResponses = 4;
// Two stamps each: the rest of a role's part of the stage is the batch phase's.
constexpr std::uint64_t kMostResponses = 30'000;
// A channel that holds more is not asked how much more.
constexpr std::uint64_t kMostFilled = 1 << 16;

}  // namespace

// The window fills before the first stamp and empties after the last: both at full speed, but with
// fewer messages out than the rung is about.
void RungMeter::plan_window(Order& order) {
  plan_windows(order);
  const std::uint64_t each = result_.window_messages;
  const std::uint64_t windows = (order.steps[1].job.messages - lead()) / each;
  Job& job = order.steps[1].job;
  job.lead = point_.window;
  job.messages = 2 * job.lead + each * windows;
  sequence_ = job.first_sequence + job.messages;

  const double fit = static_cast<double>(settings_.operations_ns) / visits_ / message_ns_;
  const auto timed = static_cast<std::uint64_t>(
      std::clamp(fit, static_cast<double>(std::max<std::uint64_t>(kFewestResponses, point_.window)),
                 static_cast<double>(kMostResponses - 2 * point_.window)));
  Step& last = order.steps[order.step_count++];
  last = {.part = part(), .job = this->job(timed + 2 * point_.window, 1)};
  last.job.lead = point_.window;
  last.job.responses = true;
  sequence_ += last.job.messages;
  expected_ns_ += as_ns(static_cast<double>(4 * point_.window + timed) * message_ns_);
}

// Not those that found the window filling or emptying.
void RungMeter::take_responses(std::span<const std::uint64_t> pairs, std::uint64_t lead) {
  auto& histogram = result_.histograms["turnaround_ns"];
  const std::uint64_t count = pairs.size() / 2;
  for (std::uint64_t i = lead; i + lead < count; ++i) {
    histogram.record(
        static_cast<std::uint64_t>(std::llround(to_ns(pairs[2 * i + 1] - pairs[2 * i]))));
    ++result_.messages;
  }
}

Order RungMeter::fill() const {
  const std::uint64_t most = point_.pattern == Pattern::window ? point_.window : kMostFilled;
  Order order{.kind = Order::Kind::steps, .step_count = 1};
  order.steps[0] = {.part = Part::fill, .job = job(most, most), .phase = Phase::verify};
  return order;
}

Order RungMeter::empty(std::uint64_t messages) const {
  Order order{.kind = Order::Kind::steps, .step_count = 1};
  order.steps[0] = {.part = Part::drain, .job = job(messages, messages), .phase = Phase::verify};
  order.steps[0].job.lead = 0;
  order.steps[0].job.verify = true;
  return order;
}

void RungMeter::take_filled(const Report& filler, std::span<const std::uint64_t> stamps) {
  const StepReport& step = filler.steps[0];
  capacity_ = std::min(capacity_, step.messages);
  sequence_ += step.messages;
  if (step.stamped != 2) return;  // it was not full
  result_.values["capacity_messages"] = static_cast<double>(capacity_);
  result_.values["refusal_ns"] = to_ns(stamps[1] - stamps[0]) / Flow::kRefusals;
}

void RungMeter::take_emptied(Reports reports) const {
  for (const Report& report : reports) {
    if (report.steps[0].wrong == 0) continue;
    throw PayloadWrong(
        fmt::format("{} of {} messages that filled the channel were not what was sent",
                    report.steps[0].wrong, report.steps[0].messages));
  }
}

bool RungMeter::fills() const {
  const bool asks = point_.pattern == Pattern::window
                        ? point_.window > 1
                        : point_.pattern == Pattern::deal && !point_.shared();
  return asks && find_transport(point_.transport)->has("try_send");
}

std::string RungMeter::too_wide() const {
  if (point_.pattern != Pattern::window || point_.window == 1) return {};
  // A ring's slots are all there is, whichever of them its receiver still held back.
  const Transport& transport = *find_transport(point_.transport);
  const std::uint64_t slots = transport.traits.has_threshold ? 0 : slots_;
  const std::uint64_t room = fills() ? std::max(capacity_, slots) : slots;
  if (point_.window <= room) return {};
  if (room == 0 && !fills()) {
    return fmt::format(
        "{} has no try_send: how many messages it holds cannot be told, and window "
        "{} might wait for ever",
        point_.transport, point_.window);
  }
  return fmt::format("window {} is more than {} holds: {} messages of {} B", point_.window,
                     point_.transport, room, point_.message_bytes);
}

}  // namespace ipcmark
