// A rung whose messages differ in size: the sizes, and how fast the channel takes them. The open
// loop itself is that of messages of one size.
#include <algorithm>
#include <array>
#include <numeric>

#include "harness/claims.hpp"
#include "harness/rung.hpp"
#include "harness/sizes.hpp"

namespace ipcmark {

namespace {

constexpr std::uint64_t kVerifiedMixed = 64;
// A count that does not depend on how fast the case is: all cases send the same messages. One each
// 20 us of the budget, and that in each of three passes over the same sizes: one that the machine
// disturbs does not make the median.
constexpr std::uint64_t kNsPerStreamed = 20'000;
constexpr std::uint64_t kFewestStreamed = 64;
constexpr std::uint64_t kMostStreamed = 8192;
constexpr std::uint32_t kPasses = 3;
static_assert(1 + kPasses <= Order::kMostSteps);

}  // namespace

Order RungMeter::stream(const Stage& stage, std::uint64_t seed) {
  sizes::draw(point_.sizes, point_.message_bytes, seed, stage.sizes());
  const std::uint64_t count =
      std::clamp(settings_.measure_ns / kNsPerStreamed, kFewestStreamed, kMostStreamed);
  Order order{.kind = Order::Kind::steps, .together = true, .step_count = 1 + kPasses};
  order.steps[0] = {.part = Part::pace, .job = job(kVerifiedMixed, 1), .phase = Phase::warm_up};
  order.steps[0].job.verify = true;
  sequence_ += kVerifiedMixed;
  for (std::uint32_t i = 1; i < order.step_count; ++i, sequence_ += count) {
    order.steps[i] = {.part = Part::pace, .job = job(count, 1)};
  }
  const auto messages = static_cast<double>(kPasses * count + kVerifiedMixed);
  expected_ns_ = static_cast<std::int64_t>(messages * (message_ns_ + 1000));
  result_.warm_up_messages += kVerifiedMixed;
  last_ = order;
  return order;
}

// By the receiver's clock, from the first arrival to the last; the processor time is of both ends,
// none of which waits for a schedule.
void RungMeter::take_stream(Reports reports, const Stage& stage) {
  check(reports, last_);
  require_true(last_, reports, stage, scale_, lossy());
  const std::uint64_t count = last_.steps[1].job.messages;
  std::array<double, kPasses> taken_ns{}, cpu_ns{};
  std::uint64_t at = reports[first_server()].steps[0].stamped;
  for (std::uint32_t pass = 0; pass < kPasses; ++pass, at += count) {
    const auto arrived = stage.stamps(Role::server).subspan(at, count);
    taken_ns[pass] = to_ns(arrived.back() - arrived.front()) / static_cast<double>(count - 1);
    for (const Report& report : reports) {
      cpu_ns[pass] += static_cast<double>(report.steps[1 + pass].cpu_ns);
    }
  }
  const auto sent = stage.sizes().first(count);
  std::ranges::sort(taken_ns), std::ranges::sort(cpu_ns);
  result_.values["stream_ns_per_message"] = taken_ns[kPasses / 2];
  result_.values["stream_cpu_ns_per_message"] = cpu_ns[kPasses / 2] / static_cast<double>(count);
  result_.values["mean_bytes"] =
      std::accumulate(sent.begin(), sent.end(), 0.0) / static_cast<double>(count);
  result_.values["streamed"] = static_cast<double>(kPasses * count);
}

}  // namespace ipcmark
