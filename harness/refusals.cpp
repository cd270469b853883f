#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "harness/checks.hpp"
#include "harness/cpu_list.hpp"
#include "harness/text_file.hpp"

namespace ipcmark {
namespace {

using nlohmann::json;

// The last is the plan's doing, not the machine's: run.cpp finds it.
constexpr std::array<std::string_view, 6> kNames = {"debug_build",       "sanitizer_build",
                                                    "cpus_offline",      "cpus_outside_cpuset",
                                                    "clock_calibration", "spin_on_one_cpu"};

// Whether the last optimisation flag, which is the one that counts, asks for any.
bool optimised(const std::string& flags) {
  bool any = false;
  for (const std::string_view flag : words_of(flags)) {
    if (flag.starts_with("-O")) any = flag != "-O0" && flag != "-Og";
  }
  return any;
}

std::vector<int> missing_from(std::span<const int> asked, const json& list) {
  std::vector<int> missing;
  if (!list.is_string()) return missing;
  const std::vector<int> present = parse_cpu_list(list.get<std::string>());
  for (const int cpu : asked) {
    if (std::find(present.begin(), present.end(), cpu) == present.end()) missing.push_back(cpu);
  }
  return missing;
}

}  // namespace

std::span<const std::string_view> refusal_names() noexcept { return kNames; }

json to_json(const Refusal& refusal) {
  return {{"check", refusal.check}, {"message", refusal.message}};
}

std::vector<Refusal> refusals(const json& facts, const BuildInfo& build,
                              std::span<const int> asked_cpus) {
  std::vector<Refusal> found;
  const bool known = build.flags != "unknown";
  if (build.build_type == "Debug" || (known && !optimised(build.flags))) {
    found.push_back({"debug_build", fmt::format("built without optimisation ({}: '{}')",
                                                build.build_type, build.flags)});
  }
  if (build.flags.find("-fsanitize") != std::string::npos) {
    found.push_back({"sanitizer_build", fmt::format("built with a sanitizer: '{}'", build.flags)});
  }
  const auto offline = missing_from(asked_cpus, facts.value("cpus_online", json()));
  if (!offline.empty()) {
    found.push_back(
        {"cpus_offline", fmt::format("cpu {} offline; online: {}", format_cpu_list(offline),
                                     facts["cpus_online"].get<std::string>())});
  }
  const json allowed = facts.value("cpus_in_cpuset", json());
  const auto outside = missing_from(asked_cpus, allowed);
  if (!outside.empty()) {
    found.push_back(
        {"cpus_outside_cpuset", fmt::format("cpu {} outside the cpuset {}",
                                            format_cpu_list(outside), allowed.get<std::string>())});
  }
  return found;
}

std::vector<Refusal> refusals(const ClockFacts& clock) {
  if (clock.calibration_error_ppm <= kCalibrationRefusePpm) return {};
  return {{"clock_calibration",
           fmt::format("the clock's rate is uncertain by {:.0f} ppm (limit {:.0f})",
                       clock.calibration_error_ppm, kCalibrationRefusePpm)}};
}

}  // namespace ipcmark
