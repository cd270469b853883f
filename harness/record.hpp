// A rung's facts as the line of JSON that results/README.md describes.
#pragma once

#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/canary.hpp"
#include "harness/counter_plan.hpp"
#include "harness/rung.hpp"
#include "harness/rung_watch.hpp"

namespace ipcmark {

struct LaunchSpec;

// What a launch collects for one rung. Exactly one of done, refused and failed speaks in the end.
struct RungRecord {
  std::optional<RungMeter> meter;
  int rung = -1;  // position of the first visit
  int visits = 0;
  bool done = false;
  std::string refused;  // why it is skipped
  std::string failed;   // why it has no number
  std::optional<CanaryReading> canary_before, canary_after;
  std::vector<pid_t> pids;  // clients, then servers
  RungWatch watch;
  nlohmann::json third_parties;         // null where there were none
  std::optional<CounterPlan> counters;  // in launches that count events
  std::string_view counted_by;          // what counted the system calls, where they were
};

inline constexpr int kSchema = 1;

// The run-wide fields (run, allowed) are the harness's to add.
[[nodiscard]] nlohmann::json record_of(const LaunchSpec& spec, const Case& point,
                                       RungRecord& record);
// The record of a rung whose launch never came to it.
[[nodiscard]] nlohmann::json failed_record(const LaunchSpec& spec, const Case& point,
                                           const std::string& why);

}  // namespace ipcmark
