#include "harness/counter_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "harness/counter_events.hpp"
#include "harness/counter_groups.hpp"
#include "transports/posix.hpp"

namespace ipcmark {

namespace {

perf_event_attr attr_of(const EventCode& code, CountedPart part) {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = code.type;
  attr.config = code.config;
  attr.config1 = code.config1;
  attr.config2 = code.config2;
  attr.read_format =
      PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  attr.disabled = 1;
  attr.exclude_user = part == CountedPart::kernel;
  attr.exclude_kernel = part == CountedPart::user;
  attr.exclude_hv = part == CountedPart::user;  // or even user code's needs a privilege
  return attr;
}

// "hitm user"; of all: the counter's name.
std::string name_with_part(const auto& counter) {
  if (counter.part == CountedPart::all) return counter.counter;
  return fmt::format("{} {}", counter.counter, word(counter.part));
}

// Opens what fits together, and leaves the rest for another pass. Those that do not even fit alone
// are missing.
CounterPass take_pass(std::vector<PlannedCounter>& left, CounterPlan& plan, PerfEvents& perf) {
  CounterPass pass;
  std::vector<Fd> open;
  std::vector<PlannedCounter> later;
  for (PlannedCounter& each : left) {
    const int leader = open.empty() ? -1 : open.front().get();
    const int fd = pass.size() < kMostCounted ? perf.open(each.attr, leader) : -ENOSPC;
    if (fd >= 0) {
      open.emplace_back(fd);
      pass.push_back(std::move(each));
      continue;
    }
    const int alone = leader < 0 ? fd : perf.open(each.attr, -1);
    if (alone >= 0) {
      const Fd closed(alone);
      later.push_back(std::move(each));
      continue;
    }
    const int error = -alone;
    plan.missing.push_back({.counter = each.counter,
                            .part = each.part,
                            .why = perf_refusal(error, plan.facts),
                            .remedy = perf_remedy(error, plan.facts)});
  }
  left = std::move(later);
  return pass;
}

void add_passes(std::vector<PlannedCounter> left, CounterPlan& plan, PerfEvents& perf) {
  while (!left.empty()) {
    CounterPass pass = take_pass(left, plan, perf);
    if (!pass.empty()) plan.passes.push_back(std::move(pass));
  }
}

// What is missing by its reason, each reason once.
std::vector<std::pair<std::string, std::vector<const MissingCounter*>>> by_reason(
    const std::vector<MissingCounter>& missing) {
  std::vector<std::pair<std::string, std::vector<const MissingCounter*>>> reasons;
  for (const MissingCounter& each : missing) {
    auto found = std::ranges::find(reasons, each.why, [](const auto& pair) { return pair.first; });
    if (found == reasons.end()) found = reasons.insert(found, {each.why, {}});
    found->second.push_back(&each);
  }
  return reasons;
}

// A counter once, with its part where only that is missing.
std::string names_of(const std::vector<const MissingCounter*>& counters) {
  std::vector<std::string> names;
  for (const MissingCounter* each : counters) {
    const auto same = std::ranges::count(counters, each->counter, &MissingCounter::counter);
    std::string name =
        same > 1 || each->part == CountedPart::all ? each->counter : name_with_part(*each);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::string CounterPlan::why_missing() const {
  std::vector<std::string> parts;
  for (const auto& [why, counters] : by_reason(missing)) {
    parts.push_back(fmt::format("{}: {}", names_of(counters), why));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

CounterPlan plan_counters(const std::string& selection, PerfEvents& perf) {
  CounterPlan plan{
      .selection = selection, .passes = {}, .events = {}, .missing = {}, .facts = perf.facts()};
  if (selection == "none") return plan;
  std::vector<PlannedCounter> kernels_own;
  // Apart by passes: the PMU has the same few counters for both.
  std::vector<PlannedCounter> user, kernel;
  for (const WantedEvent& each : wanted_by(selection, plan.facts.pmus)) {
    if (!each.lacking.empty()) {
      plan.missing.push_back({each.counter, CountedPart::all, each.lacking, ""});
      continue;
    }
    plan.events.emplace_back(each.counter, each.event);
    const auto planned = [&](CountedPart part) {
      return PlannedCounter{each.counter, part, attr_of(each.code, part)};
    };
    const bool own = each.code.type == PERF_TYPE_SOFTWARE;
    if (!each.apart) {
      kernels_own.push_back(planned(CountedPart::all));
      continue;
    }
    (own ? kernels_own : user).push_back(planned(CountedPart::user));
    (own ? kernels_own : kernel).push_back(planned(CountedPart::kernel));
  }
  add_passes(std::move(kernels_own), plan, perf);
  add_passes(std::move(user), plan, perf);
  add_passes(std::move(kernel), plan, perf);
  return plan;
}

nlohmann::json counter_status(PerfEvents& perf) {
  auto all = nlohmann::json::array();
  for (const std::string& group : counter_groups()) {
    const CounterPlan plan = plan_counters(group, perf);
    auto counts = nlohmann::json::array();
    auto missing = nlohmann::json::array();
    for (const CounterPass& pass : plan.passes) {
      for (const PlannedCounter& each : pass) {
        counts.push_back(name_with_part(each));
      }
    }
    for (const auto& [why, counters] : by_reason(plan.missing)) {
      missing.push_back(
          {{"names", names_of(counters)}, {"why", why}, {"remedy", counters.front()->remedy}});
    }
    all.push_back({{"group", group}, {"counts", counts}, {"missing", missing}});
  }
  return all;
}

}  // namespace ipcmark
