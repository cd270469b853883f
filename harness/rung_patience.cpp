// Rungs about waiting: a receiver that looks at intervals, one that waits in vain, a peer that
// thinks, requests that would be repeated too early, and a server that is lost.
#include <algorithm>
#include <cmath>
#include <random>

#include "harness/cast.hpp"
#include "harness/rung.hpp"

namespace ipcmark {

namespace {

// Rare events among them: as many requests as an open loop has messages.
constexpr std::uint64_t kRetryBudgets = 5;
constexpr std::uint64_t kFewestRetries = 200;
constexpr std::uint64_t kMostRetries = 60'000;
// Enough that the server is lost in the midst of traffic, not at its start.
constexpr std::uint64_t kAnswered = 5;

}  // namespace

std::uint64_t retry_ns(const Case& point, const RunSettings& settings) {
  const std::uint64_t least = kFewestRetries * point.think_ns;
  return std::max(kRetryBudgets * settings.measure_ns, least);
}

void RungMeter::plan_retries(Order& order) {
  const std::uint64_t warm = warm_up_messages();
  order.steps[0] = {.part = Part::ask, .job = job(warm, warm), .phase = Phase::warm_up};
  sequence_ += warm;
  const double fit = static_cast<double>(retry_ns(point_, settings_)) / visits_ / message_ns_;
  const auto count = static_cast<std::uint64_t>(
      std::clamp(fit, static_cast<double>(kFewestRetries), static_cast<double>(kMostRetries)));
  order.steps[1] = {.part = Part::ask, .job = job(count, 1)};
  order.steps[1].job.timeout_ns = point_.timeout_ns;
  order.steps[1].job.retries = true;
  sequence_ += count;
  order.step_count = 2;
  result_.warm_up_messages += warm;
  expected_ns_ += static_cast<std::int64_t>(static_cast<double>(warm + count) * message_ns_);
}

// Exponential, as services are that tell nothing of when they will be done. The quantiles of the
// distribution in random order, so that a launch of few messages still has its mean.
void RungMeter::plan_thoughts(Order& order, const Stage& stage, std::uint64_t seed) const {
  const auto thoughts = stage.schedule().first(Stage::kThoughts);
  const double mean = static_cast<double>(point_.think_ns) * scale_.ticks_per_ns;
  for (std::size_t i = 0; i < thoughts.size(); ++i) {
    const double at = (static_cast<double>(i) + 0.5) / static_cast<double>(thoughts.size());
    thoughts[i] = static_cast<std::uint64_t>(-mean * std::log1p(-at));
  }
  std::mt19937_64 random(seed);
  std::ranges::shuffle(thoughts, random);
  for (std::uint32_t i = 0; i < order.step_count; ++i) order.steps[i].job.thinks = true;
}

void RungMeter::take_thoughts(const Stage& stage, std::uint64_t counted) {
  const auto thoughts = stage.schedule().first(Stage::kThoughts);
  const Job& timed = last_.steps[1].job;
  std::uint64_t ticks = 0;
  for (std::uint64_t i = 0; i < timed.messages; ++i) {
    ticks += thoughts[(timed.first_sequence + i) % thoughts.size()];
  }
  const double mean = to_ns(ticks) / static_cast<double>(timed.messages);
  const auto now = static_cast<double>(counted), all = static_cast<double>(result_.windowed);
  double& value = result_.values["thought_ns"];
  value = (value * (all - now) + mean * now) / all;
}

void RungMeter::take_retries(const Report& client, std::span<const std::uint64_t> stamps) {
  const auto before = static_cast<double>(result_.messages);
  take_operations(stamps);
  const auto requests = static_cast<double>(result_.messages);
  // Shares of all visits' requests.
  const auto share = [&](const char* name, std::uint64_t more) {
    double& value = result_.values[name];
    value = (value * before + static_cast<double>(more)) / requests;
  };
  share("late_share", client.steps[1].late);
  share("retries_per_request", client.steps[1].expired);
}

void RungMeter::take_looks(const StepReport& receiver) {
  const auto took = to_ns(receiver.ended_ticks - receiver.began_ticks);
  result_.values["looks"] += static_cast<double>(receiver.looks);
  result_.values["interval_got_ns"] = took / static_cast<double>(receiver.looks);
  result_.values["timer_slack_ns"] = static_cast<double>(timer_slack_ns_);
}

void RungMeter::take_expiry(std::span<const std::uint64_t> stamps) {
  auto& overshoot = result_.histograms["overshoot_ns"];
  result_.values.try_emplace("early", 0);
  // A sleep may be this much late without the kernel being at fault.
  result_.values["timer_slack_ns"] = static_cast<double>(timer_slack_ns_);
  for (const std::uint64_t stamp : stamps) {
    const auto late = static_cast<std::int64_t>(stamp);
    if (late < 0) result_.values["early"] += 1;
    overshoot.record(static_cast<std::uint64_t>(std::max<std::int64_t>(late, 0)));
  }
  result_.messages += stamps.size();
}

Order RungMeter::outlive() {
  Order order{.kind = Order::Kind::steps, .step_count = 1};
  order.steps[0] = {.part = Part::detect, .job = job(kAnswered, 1), .fate = point_.peer};
  order.steps[0].job.timeout_ns = point_.timeout_ns;
  order.steps[0].job.lead = 0;
  sequence_ = 0;  // the next channel is a new one
  last_ = order;
  return order;
}

// A client whose patience ended while the server still lived has given it up for nothing.
void RungMeter::take_outlived(const Report& survivor, const Stage& stage) {
  const std::uint64_t noticed = stage.stamps(Role::client)[0];
  const std::uint64_t lost = stage.stamps(Role::server)[0];
  const StepReport& step = survivor.steps[0];
  check_payload({&survivor, 1}, last_);
  if (noticed < step.began_ticks || noticed > step.ended_ticks) {
    throw LaunchFailed("client: gave the server up at a time outside its step");
  }
  result_.values.try_emplace("false_alarms", 0);
  result_.values.try_emplace("told_by_error", 0);
  result_.values["timer_slack_ns"] = static_cast<double>(timer_slack_ns_);
  result_.messages += 1;
  result_.roles.resize(2);
  result_.roles[0].messages += step.messages;
  result_.roles[0].cpus.insert(survivor.cpu);
  if (step.messages < kAnswered || lost == 0 || noticed < lost) {
    result_.values["false_alarms"] += 1;
    return;
  }
  if (step.noticed_errno != 0) {
    result_.values["told_by_error"] += 1;
    result_.values["errno"] = step.noticed_errno;
  }
  result_.histograms["detection_ns"].record(
      static_cast<std::uint64_t>(std::llround(to_ns(noticed - lost))));
}

}  // namespace ipcmark
