// Which launches a run consists of, in which order: randomised complete blocks from a recorded
// seed.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/experiment.hpp"
#include "harness/plan.hpp"

namespace ipcmark {

struct ScheduledLaunch {
  std::string id;  // b003-l0017: block, and index among the block's launches before shuffling
  std::uint32_t block = 0;
  std::uint64_t seed = 0;
  LaunchPlan plan;
  // Of a launch that is run again because the machine was disturbed.
  std::string supersedes = {};
  std::string why = {};
};

// All launches of one pass over a plan, in the plan's order; identical cases appear once.
[[nodiscard]] std::vector<LaunchPlan> launches_of(const Plan& plan);

// A load curve, whose knee is bisected for.
[[nodiscard]] bool seeks_knee(const LaunchPlan& launch);

// The launches that need to know T, without their `auto` rungs, and load curves: what the exploring
// blocks run.
[[nodiscard]] std::vector<LaunchPlan> exploring(const std::vector<LaunchPlan>& launches);

// How many exploring blocks come first; 0 when nothing is to be found out.
[[nodiscard]] std::uint32_t exploring_blocks(const std::vector<LaunchPlan>& launches,
                                             const RunSettings& run);

// Puts what analysis/next.py answered into the launches: thresholds of `auto` rungs, and sizes
// around T. Rungs whose T is not known keep threshold -1.
void apply_answer(std::vector<LaunchPlan>& launches, const nlohmann::json& answer);

// Adds rungs to load curves at the rates that analysis/next.py asks for, around their knees: an
// array of {transport, case, rates_per_s}.
void add_rates(std::vector<LaunchPlan>& launches, const nlohmann::json& entries);

// One block in random order.
[[nodiscard]] std::vector<ScheduledLaunch> block_of(const std::vector<LaunchPlan>& launches,
                                                    std::uint32_t block, std::uint64_t seed);

// The same launch once more, under an id of its own.
[[nodiscard]] ScheduledLaunch repeated(const ScheduledLaunch& launch, const std::string& why);

// What a launch ought to take, from its settings alone: for --dry-run, the budget and the time
// left.
[[nodiscard]] std::int64_t expected_ns(const LaunchPlan& launch, const RunSettings& run);
// After which a launch is ended from outside, in whatever phase it says it is.
[[nodiscard]] std::int64_t longest_ns(const LaunchPlan& launch, const RunSettings& run);

}  // namespace ipcmark
