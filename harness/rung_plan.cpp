// How many messages each phase of a rung takes: from a probe of the first ones and the plan's
// budgets.
#include <algorithm>
#include <cmath>

#include "harness/pacing.hpp"
#include "harness/rung.hpp"

namespace ipcmark {

namespace {

// A window is timed by two reads of the clock: at 1000 quanta their error is a thousandth.
constexpr double kQuantaPerWindow = 1000;
constexpr std::uint64_t kVerified = 32;
constexpr std::uint64_t kProbed = 12;
constexpr std::uint64_t kRechecked = 4;
// Of a mailbox: its roles do not start at the same moment, which must not show.
constexpr std::uint64_t kProbedOfMany = 512;
constexpr std::uint64_t kFewestWindows = 3;
constexpr std::uint64_t kFewestOperations = 4;
constexpr std::uint64_t kMostOperations = 60'000;
// Large messages: this many bytes are verified, and of the probe's; two messages at the least.
constexpr std::uint64_t kVerifiedBytes = 2 << 20;
constexpr std::uint64_t kProbedBytes = 8 << 20;
// A warm-up counted in messages, or in turns of a ring, takes at most so many times its own time.
constexpr double kMostByCount = 10, kMostByTurns = 2;
// First touch, keystream and comparison of a byte; the patience of a deadline comes on top.
constexpr double kProbeNsPerByte = 2;
constexpr std::uint64_t kMostExpiries = 1000;
constexpr std::uint64_t kFewestExpiries = 5;
constexpr double kPaceStartNs = 2e6;  // long after the nap from which the ends come

}  // namespace

RungMeter::RungMeter(const Case& point, const RunSettings& settings, TimeScale scale, int visits,
                     Reading reading)
    : point_(point), settings_(settings), scale_(scale), visits_(visits), reading_(reading) {}

std::int64_t RungMeter::stall_ns() const { return static_cast<std::int64_t>(point_.stall_ns); }

Part RungMeter::part() const {
  if (point_.pattern == Pattern::window) return Part::window;
  return closed_loop() ? Part::ask : Part::pour;
}

// A batch of each producer for each consumer: shares of all of them are whole.
std::uint64_t RungMeter::lead() const {
  const std::uint64_t shares = std::uint64_t{point_.producers} * point_.consumers;
  return part() == Part::pour ? point_.batch * shares : 0;
}

std::uint64_t RungMeter::in_batches(double messages) const {
  const std::uint64_t batch = std::max<std::uint64_t>(lead(), 1);
  const auto batches =
      static_cast<std::uint64_t>(std::ceil(std::max(messages, 1.0) / static_cast<double>(batch)));
  return batches * batch;
}

Job RungMeter::job(std::uint64_t messages, std::uint64_t each) const {
  return {
      .messages = messages,
      .message_bytes = point_.message_bytes,
      .reply_bytes = point_.reply_bytes,
      .messages_each = each,
      .lead = lead(),
      .first_sequence = sequence_,
      .batch = point_.batch,
      .touch = point_.touch,
      .access = point_.access,
      // What a retry's client waits for may not come in time; what it is proven by does.
      .timeout_ns = closed_loop() && point_.pattern != Pattern::retry ? point_.timeout_ns : kNever,
      .mixed = point_.mixed(),
      .producers = point_.producers,
      .consumers = point_.consumers,
      .window = point_.window};
}

Order RungMeter::probe() const {
  if (point_.pattern == Pattern::deal) return probe_deal();
  const auto in_batches_within = [this](std::uint64_t wanted, std::uint64_t bytes) {
    const std::uint64_t fit =
        std::max<std::uint64_t>(bytes / std::max<std::uint64_t>(point_.message_bytes, 1), 2);
    return in_batches(static_cast<double>(std::min(fit, wanted)));
  };
  const std::uint64_t verified = in_batches_within(kVerified, kVerifiedBytes);
  const std::uint64_t probed =
      in_batches_within(point_.shared() ? kProbedOfMany : kProbed, kProbedBytes);
  // An expiring end only waits, but on a channel that has been proven to work.
  const bool proven_by_asking = point_.pattern == Pattern::expire ||
                                point_.pattern == Pattern::detect ||
                                point_.pattern == Pattern::window;
  const Part proven = proven_by_asking ? Part::ask : part();
  Order order{.kind = Order::Kind::steps, .together = together(), .step_count = 2};
  order.steps[0] = {.part = proven, .job = job(verified, verified)};
  order.steps[0].job.verify = true;
  order.steps[0].job.lead = 0;
  order.steps[1] = {.part = proven, .job = job(probed + lead(), proven == Part::ask ? 1 : probed)};
  if (proven == Part::ask) order.steps[1].job = job(probed, 1), order.steps[1].job.lead = 0;
  order.steps[0].phase = order.steps[1].phase = Phase::verify;
  // One window over all would never end where some are lost.
  if (proven == Part::pour && lossy()) order.steps[1].job.messages_each = 1;
  return order;
}

// What a measured phase with untouched payload cannot tell, a message too many, is still in the
// channel when it has ended.
Order RungMeter::recheck() const {
  if (point_.pattern == Pattern::deal) return recheck_deal();
  Order order = probe();
  const auto fit = std::min(order.steps[0].job.messages, kRechecked);
  const std::uint64_t verified = in_batches(static_cast<double>(fit));
  order.step_count = 1;
  order.steps[0].job = job(verified, verified);
  order.steps[0].job.verify = true;
  order.steps[0].job.lead = 0;
  order.steps[0].phase = Phase::close;
  return order;
}

std::int64_t RungMeter::probe_ns() const {
  const Order order = probe();
  std::uint64_t bytes = 0;
  for (std::uint32_t i = 0; i < order.step_count; ++i) {
    bytes += order.steps[i].job.messages * (point_.message_bytes + point_.reply_bytes);
  }
  return static_cast<std::int64_t>(static_cast<double>(bytes) * kProbeNsPerByte);
}

std::uint64_t RungMeter::warm_up_messages() const {
  const double by_time = static_cast<double>(settings_.warm_up_ns) / message_ns_;
  // The count is for mechanisms that need messages, not time, to settle; a slow one is not held up
  // by it.
  const double by_count =
      std::min(static_cast<double>(settings_.warm_up_messages), kMostByCount * by_time);
  const double turns = std::min(2.0 * static_cast<double>(slots_), kMostByTurns * by_time);
  return in_batches(std::max({by_time, by_count, turns}) / visits_);
}

Order RungMeter::measure(const Stage& stage, std::uint64_t seed) {
  Order order{.kind = Order::Kind::steps, .together = together()};
  expected_ns_ = 0;
  if (point_.pattern == Pattern::pace) {
    plan_schedule(order, stage, seed);
  } else if (point_.pattern == Pattern::overtake) {
    plan_overtaking(order);
  } else if (point_.pattern == Pattern::expire) {
    plan_expiry(order);
  } else if (point_.pattern == Pattern::window) {
    plan_window(order);
  } else if (point_.pattern == Pattern::deal) {
    plan_deal(order);
  } else if (point_.pattern == Pattern::retry) {
    plan_retries(order);
  } else {
    plan_windows(order);
    if (closed_loop()) plan_operations(order);
  }
  if (point_.think_ns != 0) plan_thoughts(order, stage, seed);
  last_ = order;
  return order;
}

void RungMeter::plan_windows(Order& order) {
  const std::uint64_t warm = warm_up_messages();
  order.steps[0] = {.part = part(), .job = job(warm, warm), .phase = Phase::warm_up};
  order.steps[0].job.lead = 0;
  sequence_ += warm;

  const double budget = static_cast<double>(settings_.measure_ns) / visits_;
  const double planned = std::max(1.0, static_cast<double>(settings_.windows) / visits_);
  const double shortest = kQuantaPerWindow * scale_.quantum_ns / message_ns_;
  // Later visits keep the first one's K: a record has one.
  const std::uint64_t each =
      result_.window_messages != 0
          ? result_.window_messages
          : in_batches(std::max({shortest, budget / planned / message_ns_, 1.0}));
  const double fit = budget / (static_cast<double>(each) * message_ns_);
  const auto windows =
      static_cast<std::uint64_t>(std::clamp(fit, static_cast<double>(kFewestWindows), planned));
  order.steps[1] = {.part = part(), .job = job(lead() + each * windows, each)};
  sequence_ += lead() + each * windows;
  order.step_count = 2;
  result_.window_messages = each;
  result_.warm_up_messages += warm;
  result_.warm_up_ns += static_cast<std::uint64_t>(as_ns(static_cast<double>(warm) * message_ns_));
  expected_ns_ += as_ns(static_cast<double>(warm + each * windows) * message_ns_);
}

void RungMeter::plan_operations(Order& order) {
  const double fit = static_cast<double>(settings_.operations_ns) / visits_ / message_ns_;
  const auto count = static_cast<std::uint64_t>(std::clamp(
      fit, static_cast<double>(kFewestOperations), static_cast<double>(kMostOperations)));
  Step& step = order.steps[order.step_count++] = {.part = part(), .job = job(count, 1)};
  step.job.stall_ns = point_.stall_ns;
  sequence_ += count;
  expected_ns_ += as_ns(static_cast<double>(count) * message_ns_) + stall_ns();
}

void RungMeter::plan_schedule(Order& order, const Stage& stage, std::uint64_t seed) {
  const std::uint64_t count = paced_messages(point_, settings_, reading_, visits_);
  const double all_ns = fill_schedule(point_, scale_, seed, stage.schedule().first(count));
  Step step{.part = Part::pace, .job = job(count, count)};
  if (reading_ == Reading::under_way) {
    step.look_ticks = static_cast<std::uint64_t>(kMeanLookNs * scale_.ticks_per_ns);
  }
  step.job.stall_ns = point_.stall_ns;
  step.job.poll_interval_ns = point_.poll_interval_ns;
  stage.received().store(0, std::memory_order_relaxed);  // the order that follows is later
  stage.origin().store(0, std::memory_order_relaxed);
  order.lead_ticks = static_cast<std::uint64_t>(kPaceStartNs * scale_.ticks_per_ns);
  if (point_.flush_ns != kNever) {
    step.job.flush_ticks =
        static_cast<std::uint64_t>(static_cast<double>(point_.flush_ns) * scale_.ticks_per_ns);
  }
  order.steps[0] = step;
  order.step_count = 1;
  sequence_ += count;
  expected_ns_ = as_ns(all_ns + static_cast<double>(count) * message_ns_) + stall_ns();
}

void RungMeter::plan_expiry(Order& order) {
  const double one_ns = static_cast<double>(point_.timeout_ns) + 2000;
  const auto count = static_cast<std::uint64_t>(
      std::clamp(2 * static_cast<double>(settings_.measure_ns) / visits_ / one_ns,
                 static_cast<double>(kFewestExpiries), static_cast<double>(kMostExpiries)));
  Job waits = job(count, 1);
  waits.timeout_ns = point_.timeout_ns;
  order.steps[0] = {.part = Part::expire, .job = waits};
  order.step_count = 1;
  expected_ns_ = as_ns(static_cast<double>(count) * one_ns);
}

}  // namespace ipcmark
