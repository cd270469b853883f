// A rung that deals messages out for a time: how long, and what each role has made of it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/cast.hpp"
#include "harness/rung.hpp"
#include "harness/words.hpp"

namespace ipcmark {

namespace {

constexpr std::uint64_t kVerifiedEach = 32;  // of each producer
constexpr std::uint64_t kProbedOfAll = 512;
constexpr std::uint64_t kRecheckedEach = 4;
// A receiver stamps twice a message, and may get all of them in both steps.
constexpr std::uint64_t kMostWarmUp = 8'000;
constexpr std::uint64_t kMostDealt = 48'000;
static_assert(2 * (kMostWarmUp + kMostDealt) <= Stage::kMostStamps);
// How long dealing lasts, in batch-phase budgets: slow consumers need time, not messages.
constexpr double kDealBudgets = 5;
// Bounded by their number: a duration for the case that the machine is away.
constexpr double kProbeNs = 1e9;

}  // namespace

Step RungMeter::deal(double messages, double ns, Phase phase) const {
  const auto each = static_cast<std::uint64_t>(std::ceil(messages / point_.producers));
  Step step{.part = Part::deal, .job = job(each * point_.producers, 1), .phase = phase};
  step.job.lead = 0;
  step.job.duration_ticks = static_cast<std::uint64_t>(ns * scale_.ticks_per_ns);
  step.job.sharing = point_.sharing;
  return step;
}

Order RungMeter::probe_deal() const {
  Order order{.kind = Order::Kind::steps, .together = true, .step_count = 2};
  order.steps[0] = deal(kVerifiedEach * point_.producers, kProbeNs, Phase::verify);
  order.steps[0].job.verify = true;
  order.steps[1] = deal(kProbedOfAll, kProbeNs, Phase::verify);
  return order;
}

Order RungMeter::recheck_deal() const {
  Order order = probe_deal();
  order.step_count = 1;
  order.steps[0] = deal(kRecheckedEach * point_.producers, kProbeNs, Phase::close);
  order.steps[0].job.verify = true;
  return order;
}

// Only what is measured has a slow consumer, and credits.
void RungMeter::plan_deal(Order& order) {
  order.together = true;
  order.step_count = 2;
  const double ns = kDealBudgets * static_cast<double>(settings_.measure_ns) / visits_;
  const double warm = std::min(static_cast<double>(warm_up_messages()), double{kMostWarmUp});
  order.steps[0] = deal(warm, static_cast<double>(settings_.warm_up_ns), Phase::warm_up);
  sequence_ += order.steps[0].job.messages;
  order.steps[1] = deal(kMostDealt, ns, Phase::measure);
  Job& job = order.steps[1].job;
  job.full = point_.full, job.credits = point_.credits, job.pause_ns = point_.pause_ns;
  sequence_ += job.messages;
  result_.warm_up_messages += order.steps[0].job.messages;
  result_.warm_up_ns += settings_.warm_up_ns;
  expected_ns_ = as_ns(ns + static_cast<double>(settings_.warm_up_ns));
}

void RungMeter::check_deal(Reports reports, const Order& order) const {
  for (std::uint32_t i = 0; i < order.step_count; ++i) {
    const std::string_view phase = word(order.steps[i].phase);
    for (std::size_t producer = 0; producer < first_server(); ++producer) {
      Taken taken;
      for (const Report& server : reports.subspan(first_server())) {
        taken += server.steps[i].taken[producer];
      }
      const Taken& sent = reports[producer].steps[i].taken[producer];
      if (sent == Taken::whole(sent.count) && taken == sent) continue;
      throw PayloadWrong(
          fmt::format("of {} messages of {} in {} consumers took {}, and not each of them once",
                      sent.count, name_of(producer), phase, taken.count));
    }
  }
}

void RungMeter::take_deal_probe(Reports reports, const Stage& stage) {
  std::uint64_t messages = 0, last = 0;
  for (std::uint32_t i = 0; i < point_.consumers; ++i) {
    const Report& report = reports[first_server() + i];
    const auto stamps =
        stage.stamps(Role::server, i).subspan(report.steps[0].stamped, report.steps[1].stamped);
    messages += stamps.size() / 2;
    if (!stamps.empty()) last = std::max(last, stamps.back());
  }
  const std::uint64_t began = stage.flow(1).began.load(std::memory_order_relaxed);
  if (messages > 0 && last > began) {
    message_ns_ = std::max(to_ns(last - began) / static_cast<double>(messages), 0.5);
  }
}

// What was taken before the end counts, for its sender and its taker; what was still in the channel
// then was only brought home.
void RungMeter::take_deal(Reports reports, const Stage& stage) {
  const Flow& flow = stage.flow(1);
  const std::uint64_t began = flow.began.load(std::memory_order_relaxed);
  const std::uint64_t ended = flow.ended.load(std::memory_order_relaxed);
  if (ended <= began) throw LaunchFailed("nothing was dealt: no time passed");
  result_.roles.resize(reports.size());
  double delivered = 0, brought = 0, cpu_ns = 0;
  for (std::uint32_t i = 0; i < point_.consumers; ++i) {
    const Report& report = reports[first_server() + i];
    const auto pairs =
        stage.stamps(Role::server, i).subspan(report.steps[0].stamped, report.steps[1].stamped);
    const bool slow = point_.pause_ns > 0 && i + 1 == point_.consumers;
    auto& histogram = result_.histograms[slow ? "slow_delivery_ns" : "delivery_ns"];
    brought += static_cast<double>(pairs.size() / 2);
    for (std::size_t at = 0; at + 1 < pairs.size() && pairs[at + 1] <= ended; at += 2) {
      const std::size_t producer = pairs[at] % point_.producers;
      const auto sent = stage.stamps(Role::client, static_cast<std::uint32_t>(producer))
                            .subspan(reports[producer].steps[0].stamped);
      const std::uint64_t left = sent[pairs[at] / point_.producers];
      histogram.record(static_cast<std::uint64_t>(
          pairs[at + 1] <= left ? 0 : std::llround(to_ns(pairs[at + 1] - left))));
      ++result_.roles[producer].messages, ++result_.roles[first_server() + i].messages;
      ++result_.messages, ++delivered;
    }
  }
  for (const Report& report : reports) cpu_ns += static_cast<double>(report.steps[1].cpu_ns);
  auto& values = result_.values;
  values["elapsed_ns"] += to_ns(ended - began);
  values["delivered"] += delivered;
  values["cpu_ns_per_message"] = cpu_ns / std::max(brought, 1.0);
  for (std::size_t producer = 0; producer < first_server(); ++producer) {
    values["refused"] += static_cast<double>(reports[producer].steps[1].refused);
    values["dropped"] += static_cast<double>(reports[producer].steps[1].lost);
  }
}

}  // namespace ipcmark
