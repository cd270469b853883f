// A rung whose system calls are counted: how many messages, and what came of it. No time is kept.
#include <algorithm>

#include "harness/claims.hpp"
#include "harness/rung.hpp"

namespace ipcmark {

namespace {

// Enough that a call made once in a hundred messages shows; few enough for a debugger's pace.
constexpr std::uint64_t kCounted = 256;
constexpr std::uint64_t kFewestCounted = 8;
constexpr std::uint64_t kCountedBytes = 64 << 20;
// Stops of both ends for one message there and back: two a call, some twenty microseconds each.
constexpr double kWatchedNs = 200'000;

}  // namespace

Order RungMeter::count() {
  const std::uint64_t fit = kCountedBytes / std::max<std::uint64_t>(point_.message_bytes, 1);
  const std::uint64_t messages =
      in_batches(static_cast<double>(std::clamp(fit, kFewestCounted, kCounted)));
  Order order{.kind = Order::Kind::steps, .together = together(), .step_count = 1};
  order.steps[0] = {.part = part(), .job = job(messages, messages), .counted = true};
  order.steps[0].job.lead = 0;
  if (part() == Part::pour && lossy()) order.steps[0].job.messages_each = 1;
  sequence_ += messages;
  expected_ns_ =
      static_cast<std::int64_t>(static_cast<double>(messages) * (message_ns_ + kWatchedNs));
  last_ = order;
  return order;
}

void RungMeter::take_count(Reports reports, std::span<const SystemCalls> calls,
                           const Stage& stage) {
  check(reports, last_);
  require_true(last_, reports, stage, scale_, lossy());
  result_.messages = last_.steps[0].job.messages;
  result_.roles.resize(reports.size());
  CallCounts all;
  for (std::size_t end = 0; end < reports.size(); ++end) {
    RungResult::OfRole& role = result_.roles[end];
    role.cpus.insert(reports[end].cpu);
    role.pages |= reports[end].pages;
    role.messages = reports[end].steps[0].messages;
    role.system_calls = calls[end];
    all += sum_of(calls[end]);
  }
  const double ways = closed_loop() ? 2 : 1;  // a reply is a message too
  const auto each = [&](std::uint64_t count) {
    return static_cast<double>(count) / (ways * static_cast<double>(result_.messages));
  };
  result_.values["system_calls_per_message"] = each(all.ok + all.again + all.error);
  result_.values["ok_per_message"] = each(all.ok);
  result_.values["again_per_message"] = each(all.again);
  result_.values["error_per_message"] = each(all.error);
  if (slots_ != 0) result_.values["slots"] = static_cast<double>(slots_);
}

}  // namespace ipcmark
