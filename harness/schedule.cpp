#include "harness/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "harness/axes.hpp"
#include "harness/director.hpp"
#include "harness/effect_time.hpp"
#include "harness/outlive.hpp"
#include "harness/pacing.hpp"
#include "harness/rung.hpp"

namespace ipcmark {

namespace {

constexpr std::uint64_t kBlockStride = 0x9E3779B97F4A7C15;
// Opening, casting and reaping; and of a visit the two canaries, reshapes, verifications, and what
// messages take beyond what the probe promised. A stream is filled and emptied besides, an open
// loop measures its own cost first. Seen on two shared vCPUs.
constexpr std::int64_t kLaunchOverheadNs = 15'000'000;
constexpr std::int64_t kVisitOverheadNs = 3'500'000;
constexpr std::int64_t kStreamNs = 3'000'000;
constexpr std::int64_t kOwnCostNs = 8'000'000;
// The fewest messages a visit verifies, warms up with and times, a dozen, at half a nanosecond a
// byte: what the largest cost whatever the budget says.
constexpr std::int64_t kLeastNsPerByte = 6;

bool is_auto(const Case& point) { return point.path == Path::automatic; }

// Whether an answer's `case` (a few axes) speaks of this rung. A mixture is of another pattern than
// what its T was learnt from.
bool answers(const nlohmann::json& entry, const Case& point) {
  if (entry.at("transport") != point.transport) return false;
  const auto map = to_json(point);
  for (const auto& [axis, value] : entry.at("case").items()) {
    if (point.mixed() && axis == "pattern") continue;
    if (map.contains(axis) && map.at(axis) != value) return false;
  }
  return true;
}

void refine(LaunchPlan& launch, const nlohmann::json& entry) {
  if (launch.rungs.front().mixed()) return;  // it has many sizes already
  std::set<std::uint64_t> have;
  for (const auto& rung : launch.rungs) have.insert(rung.message_bytes);
  const std::vector<Case> paths = [&] {  // one of each path, as templates
    std::vector<Case> found;
    for (const auto& rung : launch.rungs) {
      if (rung.message_bytes == launch.rungs.front().message_bytes) found.push_back(rung);
    }
    return found;
  }();
  for (const std::uint64_t bytes : entry.value("refine_bytes", std::vector<std::uint64_t>{})) {
    if (!have.insert(bytes).second) continue;
    for (Case rung : paths) {
      rung.message_bytes = bytes;
      if (rung.pattern == Pattern::ping) rung.reply_bytes = bytes;
      launch.rungs.push_back(rung);
    }
  }
}

// What `auto` should use: T, or one of the ends where one path wins everywhere.
std::int64_t threshold_of(const nlohmann::json& entry) {
  const auto& threshold = entry.at("threshold_bytes");
  return threshold.is_string() ? Case::kInfinite : threshold.get<std::int64_t>();
}

std::string_view teacher_of(const LaunchPlan& launch) {
  const Experiment* experiment = find_experiment(launch.experiment);
  return experiment == nullptr ? std::string_view() : experiment->learns_from;
}

// A case without what varies in a ladder of sizes and paths.
std::string conditions_of(Case point) {
  point.message_bytes = point.reply_bytes = 1;
  point.threshold_bytes = -1, point.path = Path::raw;
  return to_json(point).dump();
}

// The launches of the teaching experiment, by its own defaults, where the learner's transport is
// and waits as the learner's; unless the plan has them already.
void add_teacher(std::vector<LaunchPlan>& explorers, const LaunchPlan& learner) {
  Axes axes;
  for (const char* name : {"transport", "wait", "spin_budget_ns", "touch", "backing", "page_bytes",
                           "buffer_bytes", "placement", "idle", "roles", "policy", "home"}) {
    axes[name] = {find_axis(name)->read(learner.rungs.front())};
  }
  for (LaunchPlan& lesson : expand(*find_experiment(teacher_of(learner)), axes)) {
    const bool known = std::ranges::any_of(explorers, [&](const LaunchPlan& other) {
      return other.experiment == lesson.experiment &&
             conditions_of(other.rungs.front()) == conditions_of(lesson.rungs.front());
    });
    if (!known) explorers.push_back(std::move(lesson));
  }
}

// Two forks and what they take with them; a debugger's stops for a rung's counted messages. Seen on
// two shared vCPUs.
constexpr std::int64_t kLifeNs = 3'000'000;
constexpr std::int64_t kCountNs = 15'000'000;
// Of a group of hardware's events: user code's, the kernel's, and what opening them takes.
constexpr std::int64_t kCounterPasses = 2;
constexpr std::int64_t kCounterPassesNs = 2'000'000;

std::int64_t visit_ns(const Case& rung, const RunSettings& run, Reading reading) {
  if (reading == Reading::life_cycle) return (kLives + 1) * kLifeNs;
  if (reading == Reading::system_calls) return kCountNs;
  if (reading == Reading::counters)
    return kCounterPasses * static_cast<std::int64_t>(run.measure_ns) + kCounterPassesNs;
  const auto ns = [](std::uint64_t n) { return static_cast<std::int64_t>(n); };
  if (plays_effect(reading)) return effect_ns(reading, rung, run);
  const std::int64_t least = kLeastNsPerByte * ns(rung.message_bytes + rung.reply_bytes);
  if (rung.pattern == Pattern::expire)
    return std::max(2 * ns(run.measure_ns), 5 * ns(rung.timeout_ns));
  // A mixture's sizes are streamed before they are paced.
  const std::int64_t streams = rung.mixed() ? 2 * ns(run.measure_ns) : 0;
  if (rung.pattern == Pattern::pace)
    return paced_ns(rung, run, reading) + streams + ns(rung.stall_ns) +
           (reading == Reading::under_way ? kOwnCostNs : 0);
  if (rung.pattern == Pattern::overtake) return 5 * ns(run.measure_ns);
  if (rung.pattern == Pattern::deal) return ns(run.warm_up_ns) + 5 * ns(run.measure_ns);
  if (rung.pattern == Pattern::retry) return ns(retry_ns(rung, run) + run.warm_up_ns);
  if (rung.pattern == Pattern::detect) return kOutlived * (kLifeNs + ns(rung.timeout_ns));
  const std::int64_t budget = ns(run.warm_up_ns) + ns(run.measure_ns) +
                              (rung.pattern == Pattern::pour ? kStreamNs : ns(run.operations_ns));
  return std::max(budget, least);
}

}  // namespace

std::vector<LaunchPlan> launches_of(const Plan& plan) {
  std::vector<LaunchPlan> all;
  std::set<std::string> seen;
  for (const auto& entry : plan.entries) {
    for (auto& launch : expand(*find_experiment(entry.experiment), entry.axes)) {
      std::erase_if(launch.rungs, [&](const Case& rung) {
        return !seen.insert(entry.experiment + to_json(rung).dump()).second;
      });
      if (!launch.rungs.empty()) all.push_back(std::move(launch));
    }
  }
  return all;
}

bool seeks_knee(const LaunchPlan& launch) { return launch.reading == Reading::under_way; }

std::vector<LaunchPlan> exploring(const std::vector<LaunchPlan>& launches) {
  std::vector<LaunchPlan> explorers;
  std::vector<const LaunchPlan*> learners;
  for (const LaunchPlan& launch : launches) {
    const bool asks = std::ranges::any_of(launch.rungs, is_auto);
    if (!asks && !seeks_knee(launch)) continue;
    if (asks && !teacher_of(launch).empty()) {
      learners.push_back(&launch);
      continue;
    }
    explorers.push_back(launch);
    std::erase_if(explorers.back().rungs, is_auto);
    if (explorers.back().rungs.empty()) explorers.pop_back();
  }
  for (const LaunchPlan* learner : learners) add_teacher(explorers, *learner);
  return explorers;
}

std::uint32_t exploring_blocks(const std::vector<LaunchPlan>& launches, const RunSettings& run) {
  const bool wanted = std::ranges::any_of(launches, [](const LaunchPlan& launch) {
    return seeks_knee(launch) || std::ranges::any_of(launch.rungs, is_auto);
  });
  return wanted ? std::max<std::uint32_t>(1, run.blocks / 3) : 0;
}

void apply_answer(std::vector<LaunchPlan>& launches, const nlohmann::json& answer) try {
  for (auto& launch : launches) {
    if (std::ranges::none_of(launch.rungs, is_auto)) continue;
    for (const auto& entry : answer.value("thresholds", nlohmann::json::array())) {
      if (!answers(entry, launch.rungs.front())) continue;
      refine(launch, entry);
      for (auto& rung : launch.rungs) {
        if (is_auto(rung)) rung.threshold_bytes = threshold_of(entry);
      }
    }
  }
} catch (const nlohmann::json::exception& error) {
  throw UsageError(fmt::format("`next` in the manifest: {}", error.what()));
}

void add_rates(std::vector<LaunchPlan>& launches, const nlohmann::json& entries) try {
  for (auto& launch : launches) {
    if (!seeks_knee(launch)) continue;
    for (const auto& entry : entries) {
      if (!answers(entry, launch.rungs.front())) continue;
      for (const auto rate : entry.at("rates_per_s").get<std::vector<std::uint64_t>>()) {
        if (std::ranges::find(launch.rungs, rate, &Case::rate_per_s) != launch.rungs.end())
          continue;
        launch.rungs.push_back(launch.rungs.front());
        launch.rungs.back().rate_per_s = rate;
      }
    }
  }
} catch (const nlohmann::json::exception& error) {
  throw UsageError(fmt::format("`rates` in the manifest: {}", error.what()));
}

std::vector<ScheduledLaunch> block_of(const std::vector<LaunchPlan>& launches, std::uint32_t block,
                                      std::uint64_t seed) {
  std::mt19937_64 random(seed + block * kBlockStride);
  std::vector<ScheduledLaunch> scheduled;
  for (std::size_t i = 0; i < launches.size(); ++i) {
    scheduled.push_back({fmt::format("b{:03}-l{:04}", block, i), block, random(), launches[i]});
  }
  std::ranges::shuffle(scheduled, random);
  return scheduled;
}

ScheduledLaunch repeated(const ScheduledLaunch& launch, const std::string& why) {
  ScheduledLaunch again = launch;
  again.id = launch.id + "-again";
  again.supersedes = launch.id;
  again.why = why;
  return again;
}

std::int64_t expected_ns(const LaunchPlan& launch, const RunSettings& run) {
  std::int64_t sum = kLaunchOverheadNs;
  for (const auto& rung : launch.rungs) {
    sum += visit_ns(rung, run, launch.reading) + (launch.mirrored ? 2 : 1) * kVisitOverheadNs;
  }
  return sum;
}

// Phases have deadlines of their own, watched from outside too: this is for a launch that has ever
// more phases.
std::int64_t longest_ns(const LaunchPlan& launch, const RunSettings& run) {
  constexpr std::int64_t kPhasesOfLaunch = 4, kPhasesOfVisit = 8;
  const auto visits = static_cast<std::int64_t>(launch.rungs.size()) * (launch.mirrored ? 2 : 1);
  return kPatience * expected_ns(launch, run) +
         (kPhasesOfLaunch + kPhasesOfVisit * visits) *
             static_cast<std::int64_t>(run.phase_deadline_ns);
}

}  // namespace ipcmark
