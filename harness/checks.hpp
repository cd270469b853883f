#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/build_info.hpp"
#include "harness/clock.hpp"

namespace ipcmark {

// What spoils measurements without forbidding them: shown beside every figure, with its number and
// the command that removes it.
struct Doubt {
  std::string check;
  std::string message;
  std::string remedy;
};

// What forbids measuring unless `--allow=<check>` is given, which is recorded.
struct Refusal {
  std::string check;
  std::string message;
};

[[nodiscard]] nlohmann::json to_json(const Doubt& doubt);
[[nodiscard]] nlohmann::json to_json(const Refusal& refusal);

// All names a `--allow` may have.
[[nodiscard]] std::span<const std::string_view> refusal_names() noexcept;

// Doubts from the facts (collect_facts) and the build, in a fixed order. A fact the machine keeps
// to itself raises no doubt.
[[nodiscard]] std::vector<Doubt> doubts_about(const nlohmann::json& facts, const BuildInfo& build);

// A calibration off by more than kCalibrationWarnPpm, which no longer ticks evenly.
[[nodiscard]] std::vector<Doubt> doubts_about(const ClockFacts& clock);

// debug_build, sanitizer_build, and cpus_offline or cpus_outside_cpuset for the CPUs asked for.
[[nodiscard]] std::vector<Refusal> refusals(const nlohmann::json& facts, const BuildInfo& build,
                                            std::span<const int> asked_cpus);

// clock_calibration: off by more than kCalibrationRefusePpm.
[[nodiscard]] std::vector<Refusal> refusals(const ClockFacts& clock);

}  // namespace ipcmark
