// A rung whose events are counted: messages for each pass of a plan, and what came of it. No time
// is kept.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "harness/claims.hpp"
#include "harness/counter_plan.hpp"
#include "harness/rung.hpp"

namespace ipcmark {

namespace {

// What begins and ends once a pass (waiting for the other end, the ioctls) is shared by so many.
constexpr std::uint64_t kFewestEvents = 256;
constexpr std::uint64_t kMostEvents = 1 << 20;
constexpr std::uint64_t kFewestLarge = 16;
constexpr std::uint64_t kEventBytes = 64 << 20;

struct Account {
  std::string_view name;
  Count (*of)(const Counted&);
};
// Of each end, by rusage and schedstat.
constexpr auto kAccounts = std::to_array<Account>({
    {"cpu_ns", [](const Counted& c) { return Count(c.usage.cpu_ns); }},
    {"voluntary_switches", [](const Counted& c) { return Count(c.usage.voluntary_switches); }},
    {"involuntary_switches", [](const Counted& c) { return Count(c.usage.involuntary_switches); }},
    {"run_queue_wait_ns", [](const Counted& c) { return c.usage.run_queue_wait_ns; }},
});
// Of each CPU that an end runs on, by /proc/interrupts.
constexpr auto kInterrupts = std::to_array<Account>({
    {"tlb_shootdowns", [](const Counted& c) { return c.interrupts.tlb_shootdowns; }},
    {"function_calls", [](const Counted& c) { return c.interrupts.function_calls; }},
    {"reschedules", [](const Counted& c) { return c.interrupts.reschedules; }},
    {"timer_interrupts", [](const Counted& c) { return c.interrupts.timer_interrupts; }},
});

}  // namespace

Order RungMeter::count_events(std::int32_t pass) {
  const std::uint64_t fit =
      std::max(kEventBytes / std::max<std::uint64_t>(point_.message_bytes, 1), kFewestLarge);
  const auto timely =
      static_cast<std::uint64_t>(static_cast<double>(settings_.measure_ns) / message_ns_);
  const std::uint64_t messages = in_batches(
      static_cast<double>(std::min(std::clamp(timely, kFewestEvents, kMostEvents), fit)));
  const std::uint64_t before = std::min(warm_up_messages(), messages);
  Order order{.kind = Order::Kind::steps, .together = together(), .step_count = 2};
  for (std::uint32_t i = 0; i < 2; ++i) {
    Step& step = order.steps[i] = {.part = part(),
                                   .job = job(i == 0 ? before : messages, 0),
                                   .phase = i == 0 ? Phase::warm_up : Phase::measure};
    step.job.lead = 0;
    step.job.messages_each = part() == Part::pour && lossy() ? 1 : step.job.messages;
    sequence_ += step.job.messages;
  }
  order.steps[1].counter_pass = pass;
  expected_ns_ = as_ns(static_cast<double>(before + messages) * message_ns_);
  last_ = order;
  return order;
}

void RungMeter::take_events(Reports reports, const CounterPlan& plan, std::int32_t pass,
                            const Stage& stage) {
  check(reports, last_);
  require_true(last_, reports, stage, scale_, lossy());
  static const CounterPass kNone;
  const auto place = static_cast<std::size_t>(pass);
  const CounterPass& events = place < plan.passes.size() ? plan.passes[place] : kNone;
  result_.messages = last_.steps[1].job.messages;
  result_.roles.resize(reports.size());
  for (std::size_t end = 0; end < reports.size(); ++end) {
    RungResult::OfRole& role = result_.roles[end];
    const Counted& counted = reports[end].counted;
    role.cpus.insert(reports[end].cpu);
    role.pages |= reports[end].pages;
    role.messages = reports[end].steps[1].messages;
    if (pass == 0) role.accounts = counted;
    const std::string dropped = events.empty() ? "" : multiplexed(counted, plan.facts);
    for (std::size_t i = 0; i < events.size(); ++i) {
      const PlannedCounter& event = events[i];
      role.counters[event.counter][std::string(word(event.part))] =
          dropped.empty() ? Count(counted.values[i]) : std::nullopt;
      if (dropped.empty()) continue;
      role.counters_missing += fmt::format("{}{} {}: {}", role.counters_missing.empty() ? "" : "; ",
                                           event.counter, word(event.part), dropped);
    }
  }
}

void RungMeter::normalise_events() {
  const double ways = closed_loop() ? 2 : 1;  // a reply is a message too
  const auto say = [&](const std::string& name, const Count& count) {
    if (!count) return;
    result_.values[name + "_per_message"] =
        static_cast<double>(*count) / (ways * static_cast<double>(result_.messages));
  };
  for (const auto& [counter, parts] : result_.roles.front().counters) {
    Count whole = 0;
    for (const auto& [part, ignored] : parts) {
      Count both = 0;
      for (RungResult::OfRole& role : result_.roles) add_to(both, role.counters[counter][part]);
      if (part != word(CountedPart::all)) say(fmt::format("{}_{}", counter, part), both);
      add_to(whole, both);
    }
    // Half of it, where only one side could be counted, would not be the whole.
    if (parts.size() == 2 || parts.contains(std::string(word(CountedPart::all))))
      say(counter, whole);
  }
  for (const Account& account : kAccounts) {
    Count both = 0;
    for (const RungResult::OfRole& role : result_.roles) add_to(both, account.of(*role.accounts));
    say(std::string(account.name), both);
  }
  for (const Account& account : kInterrupts) {
    Count all = 0;
    std::set<std::set<int>> counted;  // ends that share a CPU share its interrupts
    for (const RungResult::OfRole& role : result_.roles) {
      if (counted.insert(role.cpus).second) add_to(all, account.of(*role.accounts));
    }
    say(std::string(account.name), all);
  }
  if (slots_ != 0) result_.values["slots"] = static_cast<double>(slots_);
}

}  // namespace ipcmark
