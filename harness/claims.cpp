#include "harness/claims.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "harness/cast.hpp"
#include "harness/words.hpp"

namespace ipcmark {

namespace {

// Between the role's reading of the clock and the pattern's lie tens of nanoseconds. A preemption
// just there hides time of an honest end, but not in every step of an order; one that hides this
// much in all of them leaves time out on purpose.
constexpr double kHiddenShare = 0.1;
constexpr double kHiddenFloorNs = 20'000;
// In one step alone: longer than a host takes a CPU away for, and more than is shown. A host short
// of CPUs was seen to hide 21 and 84 ms of honest ends.
constexpr double kHiddenAloneShare = 0.5;
constexpr double kHiddenAloneNs = 150e6;
double to_ns(std::uint64_t ticks, TimeScale scale) {
  return static_cast<double>(ticks) / scale.ticks_per_ns;
}

double taken_ns(const Claim& claim, TimeScale scale) {
  const std::uint64_t ended = claim.report.ended_ticks;
  const std::uint64_t began = std::max(claim.report.began_ticks, claim.together_ticks);
  return to_ns(ended - std::min(began, ended), scale);
}

// Parts whose stamps go from (nearly) the first message to the last.
bool stamps_its_course(Part part) {
  return part == Part::ask || part == Part::drain || part == Part::window;
}

// Messages of a step that no stamp is about.
std::uint64_t unstamped(Part part, const Job& job) {
  if (part == Part::window) return 2 * job.lead;
  return part == Part::drain ? job.lead : 0;
}

// A step whose stamps are not its course: pairs of each message, in the order of sending.
bool in_pairs(Part part, const Job& job) {
  return part == Part::take || (part == Part::window && job.responses);
}

std::uint64_t stamps_due(const Claim& claim) {
  switch (claim.part) {
    case Part::ask:
    case Part::drain:
    case Part::window:
      if (in_pairs(claim.part, claim.job)) return 2 * claim.job.messages;
      return 1 + (claim.job.messages - unstamped(claim.part, claim.job)) / claim.job.messages_each;
    case Part::deal:
      return claim.report.messages;
    case Part::take:
      return 2 * claim.report.messages;
    case Part::pace:
      return (claim.watched ? 2 : 1) * claim.job.messages;
    case Part::absorb:
    case Part::expire:
      return claim.job.messages;
    case Part::detect:
      return 1;
    case Part::overtake:
    case Part::give_way:
      return 3 * (claim.job.messages / (claim.job.backlog + 1));
    case Part::answer:
    case Part::pour:
    case Part::rank:
    case Part::pick:
    case Part::fill:
      return 0;
  }
  return 0;
}

// What a role's part of the step is: the order says the client's.
Part part_of(Role role, Part part) {
  if (role == Role::client) return part;
  switch (part) {
    case Part::ask:
    case Part::window:
      return Part::answer;
    case Part::pour:
      return Part::drain;
    case Part::deal:
      return Part::take;
    case Part::overtake:
      return Part::give_way;
    default:
      return Part::absorb;
  }
}

bool serves(Part part) { return part != Part::expire && part != Part::detect; }

// What one of several ends of a side is asked for: an equal share.
Job share_of(Job job, Role role, Part part) {
  if (part == Part::take) return job;
  const std::uint64_t ends = role == Role::client ? job.producers : job.consumers;
  job.messages /= ends, job.lead /= ends, job.messages_each /= ends;
  return job;
}

// When the last end began the step.
std::uint64_t together_ticks(std::span<const Report> reports, std::uint32_t step) {
  std::uint64_t last = 0;
  for (const Report& report : reports) last = std::max(last, report.steps[step].began_ticks);
  return last;
}

std::vector<Claim> claims_of(const Order& order, Role role, std::span<const Report> reports,
                             std::uint32_t place, std::span<const std::uint64_t> stamps,
                             bool lossy) {
  const Report& report = reports[place];
  std::vector<Claim> claims;
  std::uint64_t used = 0;
  for (std::uint32_t i = 0; i < order.step_count; ++i) {
    const Step& step = order.steps[i];
    if (role == Role::server && !serves(step.part)) continue;
    const std::uint64_t stamped =
        std::min<std::uint64_t>(report.steps[i].stamped, stamps.size() - used);
    const Part part = part_of(role, step.part);
    claims.push_back({part, share_of(step.job, role, part), report.steps[i],
                      stamps.subspan(used, stamped), lossy && part == Part::drain, step.watched(),
                      together_ticks(reports, i)});
    used += stamped;
  }
  return claims;
}

}  // namespace

double hidden_ns(const Claim& claim, TimeScale scale) {
  if (!stamps_its_course(claim.part) || claim.stamps.empty()) return 0;
  if (claim.lossy || claim.job.shared() || in_pairs(claim.part, claim.job)) return 0;
  const std::uint64_t lead = unstamped(claim.part, claim.job);
  const double stamped = static_cast<double>(claim.job.messages - lead) /
                         static_cast<double>(std::max<std::uint64_t>(claim.job.messages, 1));
  const double shown = to_ns(claim.stamps.back() - claim.stamps.front(), scale);
  return std::max(0.0, taken_ns(claim, scale) * stamped - shown);
}

std::string contradiction(const Claim& claim) {
  const StepReport& report = claim.report;
  const bool dealt = claim.part == Part::deal || claim.part == Part::take;
  const auto as_due = [&](std::uint64_t said, std::uint64_t due) {
    return said == due || (claim.lossy && said < due);
  };
  // A consumer may get them all; what is dealt ends with the time.
  const bool fits = dealt && report.messages <= claim.job.messages;
  if (!fits && !as_due(report.messages, claim.job.messages)) {
    return fmt::format("claims {} messages, {} were asked for", report.messages,
                       claim.job.messages);
  }
  if (!as_due(report.stamped, stamps_due(claim))) {
    return fmt::format("wrote {} stamps, {} were due", report.stamped, stamps_due(claim));
  }
  if (claim.part == Part::expire) return {};  // how late each wait was, not when
  if (in_pairs(claim.part, claim.job)) return {};
  const bool relative = claim.part == Part::pace || claim.part == Part::absorb;
  std::uint64_t last = report.began_ticks;
  for (const std::uint64_t stamp : claim.stamps) {
    const std::uint64_t at = relative ? claim.job.origin_ticks + stamp : stamp;
    if (at < last) return "its stamps descend, or begin before the step";
    last = at;
  }
  return last > report.ended_ticks ? "its last stamp is later than the end of the step" : "";
}

std::string too_fast(std::span<const Claim> claims, TimeScale scale, double waited_ns) {
  double hidden_sum = 0, taken_sum = 0;
  std::size_t timed = 0, hiding = 0;
  bool alone = false;
  for (const Claim& claim : claims) {
    if (!stamps_its_course(claim.part)) continue;
    const double hidden = hidden_ns(claim, scale), taken = taken_ns(claim, scale);
    hidden_sum += hidden, taken_sum += taken;
    ++timed;
    hiding += hidden > kHiddenFloorNs && hidden > kHiddenShare * taken;
    alone = alone || (hidden > kHiddenAloneNs && hidden > kHiddenAloneShare * taken);
  }
  const bool together = timed >= 2 && hiding == timed;
  if (!together && !alone) return {};
  if (hidden_sum <= waited_ns) return {};
  return fmt::format("its stamps account for {:.1f} of the {:.1f} us that its steps took",
                     (taken_sum - hidden_sum) / 1e3, taken_sum / 1e3);
}

namespace {

// What the scheduler kept any of the ends waiting for a CPU, in ns: the others wait for that one.
double waited_ns(std::span<const Report> reports) {
  double sum = 0;
  for (const Report& report : reports) {
    sum += static_cast<double>(report.usage.run_queue_wait_ns.value_or(0));
  }
  return sum;
}

}  // namespace

void require_true(const Order& order, std::span<const Report> reports, const Stage& stage,
                  TimeScale scale, bool lossy) {
  const std::uint32_t producers = order.steps[0].job.producers;
  for (std::uint32_t place = 0; place < reports.size(); ++place) {
    const Role role = place < producers ? Role::client : Role::server;
    const std::uint32_t index = role == Role::client ? place : place - producers;
    const auto claims = claims_of(order, role, reports, place, stage.stamps(role, index), lossy);
    std::string why;
    for (const Claim& claim : claims) {
      if (why.empty()) why = contradiction(claim);
    }
    if (why.empty()) why = too_fast(claims, scale, waited_ns(reports));
    if (!why.empty()) throw LaunchFailed(fmt::format("{}: {}", word(role), why));
  }
}

void require_within(const Order& order, std::span<const Report> reports, std::uint64_t waited_ticks,
                    TimeScale scale) {
  const std::uint32_t producers = order.steps[0].job.producers;
  for (std::uint32_t place = 0; place < reports.size(); ++place) {
    std::uint64_t taken = 0;
    for (std::uint32_t i = 0; i < order.step_count; ++i) {
      taken += reports[place].steps[i].ended_ticks - reports[place].steps[i].began_ticks;
    }
    if (taken > waited_ticks) {
      throw LaunchFailed(fmt::format("{}: its steps claim {:.1f} us, the launch waited {:.1f} us",
                                     word(place < producers ? Role::client : Role::server),
                                     to_ns(taken, scale) / 1e3, to_ns(waited_ticks, scale) / 1e3));
    }
  }
}

}  // namespace ipcmark
