// A rung whose messages differ in size: the sizes, and how fast the channel takes them. The open
// loop itself is that of messages of one size.
#include <algorithm>
#include <numeric>

#include "harness/claims.hpp"
#include "harness/rung.hpp"
#include "harness/sizes.hpp"

namespace ipcmark {

namespace {

constexpr std::uint64_t kVerifiedMixed = 64;
// A count that does not depend on how fast the case is: all cases send the same messages. One each
// 10 us of the budget.
constexpr std::uint64_t kNsPerStreamed = 10'000;
constexpr std::uint64_t kFewestStreamed = 64;
constexpr std::uint64_t kMostStreamed = 8192;

}  // namespace

Order RungMeter::stream(const Stage& stage, std::uint64_t seed) {
  sizes::draw(point_.sizes, point_.message_bytes, seed, stage.sizes());
  const std::uint64_t count =
      std::clamp(settings_.measure_ns / kNsPerStreamed, kFewestStreamed, kMostStreamed);
  Order order{.kind = Order::Kind::steps, .together = true, .step_count = 2};
  order.steps[0] = {.part = Part::pace, .job = job(kVerifiedMixed, 1), .phase = Phase::warm_up};
  order.steps[0].job.verify = true;
  sequence_ += kVerifiedMixed;
  order.steps[1] = {.part = Part::pace, .job = job(count, 1)};
  sequence_ += count;
  expected_ns_ =
      static_cast<std::int64_t>(static_cast<double>(count + kVerifiedMixed) * (message_ns_ + 1000));
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
  const Report& server = reports[first_server()];
  const auto arrived =
      stage.stamps(Role::server).subspan(server.steps[0].stamped, server.steps[1].stamped);
  const auto sent = stage.sizes().first(count);
  double cpu_ns = 0;
  for (const Report& report : reports) cpu_ns += static_cast<double>(report.steps[1].cpu_ns);
  const double bytes = std::accumulate(sent.begin(), sent.end(), 0.0);
  result_.values["stream_ns_per_message"] =
      to_ns(arrived.back() - arrived.front()) / static_cast<double>(count - 1);
  result_.values["stream_cpu_ns_per_message"] = cpu_ns / static_cast<double>(count);
  result_.values["mean_bytes"] = bytes / static_cast<double>(count);
  result_.values["streamed"] = static_cast<double>(count);
}

}  // namespace ipcmark
