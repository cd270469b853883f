// A plan: what a run measures and what it may cost. TOML on disk, flags on top, fully resolved in
// the manifest.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment.hpp"
#include "harness/injection.hpp"

namespace ipcmark {

// Bad input: one line, already naming the file, line and the nearest valid word. main returns 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Times in ns; each has a key of the same name in [run] and a flag.
struct RunSettings {
  std::uint64_t seed = 0;    // 0: drawn from the system, recorded
  std::uint32_t blocks = 6;  // randomised complete blocks
  std::uint32_t max_blocks =
      6;  // > blocks: blocks are added until intervals are narrow enough (publish)
  std::uint64_t time_budget_ns = 0;  // 0: none; no new block is begun that would pass it
  std::uint64_t warm_up_ns =
      200'000'000;  // per rung, the longest of this, warm_up_messages and two turns of a ring,
                    // these at most ten times and twice as long as this
  std::uint64_t warm_up_messages = 10'000;
  std::uint64_t measure_ns = 20'000'000;             // per rung, batch phase, all visits together
  std::uint64_t operations_ns = 10'000'000;          // per rung, per-operation phase
  std::uint32_t windows = 32;                        // per rung
  std::uint64_t phase_deadline_ns = 10'000'000'000;  // a phase that takes longer has failed
  double allowed_failures =
      0.0;                  // share of launches that may fail before the run is invalid (exit 4)
  std::uint32_t pairs = 1;  // CPU pairs per placement, taken in turn by block
  std::uint32_t roles_per_cpu = 0;  // a launch with more is skipped; 0: any number, labelled
};

// One table of a plan: an experiment with the axes that the plan sets. An experiment may have
// several.
struct PlanEntry {
  std::string experiment;
  Axes axes;
};

struct Plan {
  std::string name;
  RunSettings run;
  std::vector<PlanEntry> entries;
  std::vector<int> cpus;             // --cpus; empty: chosen
  std::vector<std::string> allowed;  // --allow
  std::vector<Injection> inject;     // --inject: one a block, from the first on
};

// Reads a plan file. Throws UsageError "nightly.toml:12: unknown key `mesage_bytes` in [[latency]];
// did you mean `message_bytes`?" for anything it does not know: key, value, unit, experiment,
// transport, placement.
[[nodiscard]] Plan load_plan(const std::string& path);
// The same from text; `name` stands for the file in messages.
[[nodiscard]] Plan parse_plan(const std::string& text, const std::string& name);
[[nodiscard]] nlohmann::json to_json(const Plan& plan);
[[nodiscard]] Plan plan_from_json(const nlohmann::json& manifest_plan);

}  // namespace ipcmark
